/** Reads a body as JSON and, where it is none, says where: V8 names the position in some of its messages only. */

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** A run of a string's characters, so short that the engine's stack holds it however long the string is. */
const CHARACTERS = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){1,1000}/y;
const COLON = /[ \t\n\r]*:/y;

/** Where the text stops being JSON; its length where something is missing at its end; undefined where its first `within` characters are right. */
export const brokenAt = (text: string, within = Infinity): number | undefined => {
  const open: string[] = [];
  let at = 0;
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found !== null;
  };
  /** Nothing of a string that has no end. */
  const eatString = (): boolean => {
    const from = at;
    if (text[at] !== '"') return false;
    at += 1;
    while (eat(CHARACTERS));
    if (text[at] === '"') {
      at += 1;
      return true;
    }
    at = from;
    return false;
  };
  const eatKey = (): boolean => {
    const from = at;
    if (eatString() && eat(COLON)) return true;
    at = from;
    return false;
  };
  let expected: 'value' | 'key' | 'first key' | 'first value' | 'end' = 'value';
  while (at <= within) {
    eat(SPACE);
    const char = text[at];
    if (expected === 'end') {
      const inside = open.at(-1);
      if (inside === undefined || (char !== ',' && char !== inside)) return at;
      at += 1;
      if (char === inside) open.pop();
      else expected = inside === '}' ? 'key' : 'value';
    } else if ((expected === 'first key' && char === '}') || (expected === 'first value' && char === ']')) {
      at += 1;
      open.pop();
      expected = 'end';
    } else if (expected === 'key' || expected === 'first key') {
      if (!eatKey()) return at;
      expected = 'value';
    } else if (char === '{' || char === '[') {
      at += 1;
      open.push(char === '{' ? '}' : ']');
      expected = char === '{' ? 'first key' : 'first value';
    } else if (eatString() || eat(SCALAR)) expected = 'end';
    else return at;
  }
  return undefined;
};

const EXCERPT = 20;

const describe = (text: string, within: number): string => {
  const at = brokenAt(text, within);
  if (at === undefined) return `the body stops being JSON somewhere behind its first ${within} characters`;
  let [line, begin] = [1, 0];
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', begin)) [line, begin] = [line + 1, next + 1];
  const place = `line ${line}, column ${at - begin + 1} (position ${at})`;
  return at >= text.length ? `the body ends too early, at ${place}` : `unexpected ${JSON.stringify(text.slice(at, at + EXCERPT))} at ${place}`;
};

export type Parsed = { readonly kind: 'json'; readonly value: unknown } | { readonly kind: 'broken'; readonly detail: string };

/** Parses UTF-8 bytes as JSON. Where it is none, the place is looked for in the first `within` characters, a tenth of a microsecond each. */
export const parseJson = (bytes: Uint8Array, within = Infinity): Parsed => {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { kind: 'broken', detail: 'the body is not UTF-8' };
  }
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'broken', detail: describe(text, within) };
  }
};
