/** Many submissions of one request: in their order, as soon as may be, and read no faster than they are stored. */
import { refusal } from '../../src/core/refusal';
import { submitEach, type Ended } from '../../src/submit/batch';
import type { Piece } from '../../src/submit/pieces';
import type { Accepted, Submitter } from '../../src/submit/submitter';

const AT_ONCE = 256;
const encoder = new TextEncoder();

/** A submitter whose submissions end when the test says so, in the order in which they came. */
const held = () => {
  const waiting: ((accepted: Accepted) => void)[] = [];
  const submitter = {
    submit: () => new Promise<Accepted>((resolve) => waiting.push(resolve)),
  } as unknown as Submitter;
  const end = (index: number): void => {
    waiting[index]!({ replayed: false } as Accepted);
  };
  return { submitter, waiting, end };
};

/** Pieces that come when the test hands them out, and how many were asked for. */
const source = () => {
  const ready: Piece[] = [];
  let [asked, wake] = [0, (): void => undefined];
  async function* pieces(): AsyncGenerator<Piece> {
    for (;;) {
      asked += 1;
      while (ready.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      yield ready.shift()!;
    }
  }
  const bring = (...more: readonly Piece[]): void => {
    ready.push(...more);
    wake();
  };
  return { pieces: pieces(), bring, asked: () => asked };
};

const each = (submitter: Submitter, pieces: AsyncIterable<Piece> | Iterable<Piece>): AsyncGenerator<Ended> =>
  submitEach(submitter, pieces, { key: null, limitBytes: 100, arrival: { route: '/', traceparent: undefined } });
/** What may happen without the test has happened. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
const piece = (bytes = 1): Uint8Array => encoder.encode('x'.repeat(bytes));

test('each is answered as soon as it is stored, while the next is waited for, and in their order', async () => {
  const { submitter, end } = held();
  const { pieces, bring } = source();
  const ends: Ended[] = [];
  void (async () => {
    for await (const ended of each(submitter, pieces)) ends.push(ended);
  })();
  bring(piece(), null, piece());
  await turns();
  expect(ends).toEqual([]);
  end(0);
  await turns();
  expect(ends).toEqual([{ accepted: { replayed: false } }, { error: refusal('BODY_TOO_LARGE', 'this line is longer than the limit of 100 bytes') }]);
  end(1);
  await turns();
  expect(ends).toHaveLength(3);
});

test.each([
  ['submissions', AT_ONCE, 1],
  ['bytes', 4, 262_144],
])('no more %s are read than may be stored at once', async (_what, most, bytes) => {
  const { submitter, waiting, end } = held();
  const { pieces, bring, asked } = source();
  const ends: Ended[] = [];
  void (async () => {
    for await (const ended of each(submitter, pieces)) ends.push(ended);
  })();
  bring(...Array.from({ length: 2 * most }, () => piece(bytes)));
  await turns();
  // One has been read that waits for its turn.
  expect([waiting.length, asked()]).toEqual([most, most + 1]);
  end(0);
  await turns();
  expect([waiting.length, asked(), ends.length]).toEqual([most + 1, most + 2, 1]);
});

test('where the source breaks off, what came before is stored, and whoever reads is told', async () => {
  const { submitter, waiting } = held();
  async function* broken(): AsyncGenerator<Piece> {
    yield piece();
    throw new Error('the connection ended');
  }
  await expect(each(submitter, broken()).next()).rejects.toThrow('the connection ended');
  expect(waiting).toHaveLength(1);
});
