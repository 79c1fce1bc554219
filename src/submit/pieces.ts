/** Cuts what holds many submissions into their texts, without parsing them: each is read, hashed and refused by itself. */

/** A submission's bytes, or null where a line is longer than a submission may be. */
export type Piece = Uint8Array | null;

const NEWLINE = 0x0a;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === NEWLINE || byte === 0x0d;
const isBlank = (bytes: Uint8Array): boolean => bytes.every(isSpace);

/** The lines of a stream that aren't blank, as they come; at most `limitBytes` of a line are kept. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Piece> {
  let kept: Uint8Array[] = [];
  let length = 0;
  const take = (bytes: Uint8Array): void => {
    length += bytes.length;
    if (length <= limitBytes) kept.push(bytes);
    else kept = [];
  };
  const line = (): Piece => {
    const whole = length > limitBytes ? null : Buffer.concat(kept);
    [kept, length] = [[], 0];
    return whole;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, to));
      from = to + 1;
      const piece = line();
      if (piece === null || !isBlank(piece)) yield piece;
    }
    take(chunk.subarray(from));
  }
  const last = line();
  if (last === null || !isBlank(last)) yield last;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** The index of the quote that ends the string which begins at `from`. */
const endOfString = (json: Uint8Array, from: number): number => {
  let at = from + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
};

/** The elements of what is known to be a JSON array, as they are written. */
export const elementsOf = (json: Uint8Array): Uint8Array[] => {
  const elements: Uint8Array[] = [];
  let [depth, from] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    const begins = OPENING.has(byte);
    const ends = CLOSING.has(byte);
    if (byte === QUOTE) at = endOfString(json, at);
    else if (begins) depth += 1;
    if (begins && depth === 1) from = at + 1;
    else if (depth === 1 && (byte === COMMA || ends)) {
      elements.push(json.subarray(from, at));
      from = at + 1;
    }
    if (ends) depth -= 1;
  }
  return elements.length === 1 && isBlank(elements[0]!) ? [] : elements;
};
