import fc from 'fast-check';
import { elementsOf, linesOf, type Piece } from '../../src/submit/pieces';

const textOf = (piece: Piece): string | null => (piece === null ? null : Buffer.from(piece).toString('utf8'));

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let [from, turn] = [0, 0]; from < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield await Promise.resolve(bytes.subarray(from, from + size));
    from += size;
  }
}

const lines = async (text: string, { sizes = [7], limit = 1000 }: { sizes?: readonly number[]; limit?: number } = {}) => {
  const found: (string | null)[] = [];
  for await (const piece of linesOf(chunksOf(Buffer.from(text), sizes), limit)) found.push(textOf(piece));
  return found;
};

test('the elements of an array are the texts that were written, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 1, 2), (values, space) => {
      const json = JSON.stringify(values, undefined, space);
      const elements = elementsOf(Buffer.from(json)).map((element) => JSON.parse(textOf(element)!) as unknown);
      expect(elements).toEqual(JSON.parse(json));
    }),
  );
  expect(elementsOf(Buffer.from(' [ {"n":12345678901234567890} , "],[\\"" ] ')).map(textOf)).toEqual([' {"n":12345678901234567890} ', ' "],[\\"" ']);
  expect(elementsOf(Buffer.from('[ ]'))).toEqual([]);
});

test('lines are the same however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (texts, sizes) => {
      const clean = texts.map((each) => each.replaceAll('\n', ' '));
      const expected = clean.filter((each) => /[^ \t\r]/.test(each));
      expect(await lines(clean.join('\n'), { sizes })).toEqual(expected);
      expect(await lines(`${clean.join('\n')}\n`, { sizes })).toEqual(expected);
    }),
  );
});

test('a line above the limit is null, and those after it come all the same', async () => {
  expect(await lines('{"a":1}\n0123456789abc\n{"b":2}', { limit: 10 })).toEqual(['{"a":1}', null, '{"b":2}']);
  expect(await lines('0123456789abc', { limit: 10, sizes: [2] })).toEqual([null]);
});
