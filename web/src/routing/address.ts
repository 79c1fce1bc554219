/** Addresses of the page: which route a path is, and what the query says. */

export type Query = Readonly<Record<string, string>>;

export interface Place {
  readonly path: string;
  readonly query: Query;
}

/** Reads `/dags?status=FAILED`. A name that comes twice counts once, with its last value. */
export const placeOf = (pathname: string, search: string): Place => ({ path: pathname, query: Object.fromEntries(new URLSearchParams(search)) });

/** Writes an address; what is empty or undefined isn't in it. */
export const addressOf = (path: string, query: Readonly<Record<string, string | undefined>> = {}): string => {
  const text = new URLSearchParams(Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '')).toString();
  return text === '' ? path : `${path}?${text}`;
};

/** The parts of a path that a pattern (`/dags/:dagId`) names, or undefined where it doesn't fit. */
export const matchPath = (pattern: string, path: string): Query | undefined => {
  const [wanted, given] = [pattern, path].map((text) => text.split('/').filter((part) => part !== '')) as [string[], string[]];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i]!;
    if (part.startsWith(':')) found[part.slice(1)] = decoded(value);
    else if (part !== value) return undefined;
  }
  return found;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
