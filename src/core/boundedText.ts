/** What no text column takes: NUL, and halves of surrogate pairs, which cutting leaves too. */
const UNSTORABLE = /[\0\uD800-\uDFFF]/gu;

/** A text of at most `longest` characters, an ellipsis aside, that any store takes. */
export const boundedText = (text: string, longest: number): string =>
  (text.length > longest ? `${text.slice(0, longest)}…` : text).replace(UNSTORABLE, '\uFFFD');

/** PostgreSQL's text holds neither NUL nor half a surrogate pair: the pattern, in Unicode mode, of what it holds. */
export const STORABLE = '^[^\\u0000\\uD800-\\uDFFF]*$';
