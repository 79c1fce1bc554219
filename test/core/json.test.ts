import fc from 'fast-check';
import { brokenAt, parseJson } from '../../src/core/json';

const detail = (text: string): string => {
  const parsed = parseJson(Buffer.from(text));
  return parsed.kind === 'broken' ? parsed.detail : 'json';
};

test.each([
  ['', 'the body ends too early, at line 1, column 1 (position 0)'],
  ['{"a": 1', 'the body ends too early, at line 1, column 8 (position 7)'],
  ['{"a": 1,}', 'unexpected "}" at line 1, column 9 (position 8)'],
  ['{\n  "a": tru\n}', 'unexpected "tru\\n}" at line 2, column 8 (position 9)'],
  ["{'a': 1}", 'unexpected "\'a\': 1}" at line 1, column 2 (position 1)'],
  ['[1 2]', 'unexpected "2]" at line 1, column 4 (position 3)'],
  ['{"a":1} x', 'unexpected "x" at line 1, column 9 (position 8)'],
  ['["\t"]', 'unexpected "\\"\\t\\"]" at line 1, column 2 (position 1)'],
  ['NaN', 'unexpected "NaN" at line 1, column 1 (position 0)'],
])('%j is broken where it is said', (text, sentence) => {
  expect(detail(text)).toBe(sentence);
});

test('bytes that are no UTF-8', () => {
  expect(parseJson(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ kind: 'broken', detail: 'the body is not UTF-8' });
});

test('a string of any length, and a million lines', () => {
  expect(detail(`["${'a'.repeat(16_000_000)}`)).toBe('unexpected "\\"aaaaaaaaaaaaaaaaaaa" at line 1, column 2 (position 1)');
  expect(detail(`${'\n'.repeat(1_000_000)}x`)).toBe('unexpected "x" at line 1000001, column 1 (position 1000000)');
});

test('where only so much of it is looked at, what is wrong behind that has no place', () => {
  const spoilt = Buffer.from(`[${'0,'.repeat(1000)}`);
  expect(parseJson(spoilt)).toMatchObject({ detail: 'the body ends too early, at line 1, column 2002 (position 2001)' });
  expect(parseJson(spoilt, 1000)).toEqual({ kind: 'broken', detail: 'the body stops being JSON somewhere behind its first 1000 characters' });
  expect(parseJson(Buffer.from('[x'), 1000)).toMatchObject({ detail: 'unexpected "x" at line 1, column 2 (position 1)' });
});

test('a million open brackets', () => {
  expect(detail('['.repeat(1_000_000))).toContain('position 1000000');
});

test('what JSON.parse takes is read to its end, and what it refuses is broken before or at its end', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(brokenAt(text)).toBe(text.length);
    }),
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', '"', 'x', ':', '[', '\\', '-', '0'), (text, at, put) => {
      const place = at % (text.length + 1);
      const spoilt = text.slice(0, place) + put + text.slice(place + 1);
      const broken = brokenAt(spoilt);
      if (parseJson(Buffer.from(spoilt)).kind === 'json') expect(broken).toBe(spoilt.length);
      // Nothing before that place is wrong by itself, and what is missing is missing at the end only.
      expect(brokenAt(spoilt.slice(0, broken))).toBe(broken);
    }),
  );
});
