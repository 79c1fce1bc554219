/** A URL without its password, for logs and complaints; what can't be parsed shows nothing at all. */
export const maskUrl = (url: string): string => {
  if (!URL.canParse(url)) return '(a value that is no URL)';
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  for (const key of [...parsed.searchParams.keys()]) if (/pass|secret|token|key/i.test(key)) parsed.searchParams.set(key, '***');
  return parsed.toString();
};

/** NAME=value without the values. */
export const maskValues = (given: readonly string[]): string[] => given.map((one) => one.replace(/=.*$/s, '=***'));
