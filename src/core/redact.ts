/** Keeps secrets out of logs: values under names that sound like one, and passwords in URLs. */

export interface Redaction {
  /** A copy without secrets; objects of classes stay as they are, and what lies deeper than anybody reads is left out. */
  value(value: unknown): unknown;
  /** URLs without their passwords, and `name=value`, `name: value` and `"name": "value"` without the values. */
  text(text: string): string;
}

export const REDACTED_NAMES = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'authorization',
  'api key',
  'access key',
  'private key',
  'credential',
  'cookie',
] as const;

const MASK = '***';
const DEEPEST = 8;
const URL_PASSWORD = /:\/\/([^\s:@/]{0,256}):[^\s@/]{1,256}@/g;
const VALUE = String.raw`"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(?:Bearer|Basic|Digest)\s+[^\s"',;]+|[^\s"',;&}\])]+`;

/** `api key` stands for apiKey, api_key and API-KEY as well. */
const patternOf = (name: string): string =>
  name
    .split(/[-_ ]+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('[-_ ]?');

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** `names`: whatever holds one of them, in any case, is secret. */
export const redactionOf = (names: readonly string[]): Redaction => {
  const sounds = names.length === 0 ? '(?!)' : names.map(patternOf).join('|');
  const isSecret = new RegExp(sounds, 'i');
  // The beginning of a name needn't be matched, and looking for it would cost the square of a long word.
  const said = new RegExp(String.raw`((?:${sounds})[\w.-]{0,40}["']?\s{0,4}[:=]\s{0,4})(?:${VALUE})`, 'gi');

  const text = (given: string): string => given.replace(URL_PASSWORD, `://$1:${MASK}@`).replace(said, `$1${MASK}`);
  const value = (given: unknown, depth = 0): unknown => {
    if (typeof given === 'string') return text(given);
    if (typeof given !== 'object' || given === null) return given;
    if (!Array.isArray(given) && !isPlain(given)) return given;
    if (depth >= DEEPEST) return '…';
    if (Array.isArray(given)) return given.map((each) => value(each, depth + 1));
    return Object.fromEntries(
      Object.entries(given).map(([name, each]) => [name, isSecret.test(name) && each !== null ? MASK : value(each, depth + 1)]),
    );
  };
  return { text, value: (given) => value(given) };
};
