/** Many submissions of one request: each is stored or refused by itself, and answered in the order in which they came. */
import { refusal } from '../core/refusal';
import type { Piece } from './pieces';
import type { Arrival } from './spans';
import type { Accepted, Submitter } from './submitter';

export type Ended = { readonly accepted: Accepted } | { readonly error: unknown };

/** Several, so that they share transactions; few, so that a stream is read no faster than it is stored. */
const AT_ONCE = 256;
const BYTES_AT_ONCE = 1_048_576;

interface Window<T, R> {
  /** What an item counts towards the limit; one that is above it alone goes alone. */
  readonly weigh: (item: T) => number;
  /** Must not reject. */
  readonly work: (item: T, index: number) => Promise<R>;
}

/** Works on what comes, several at a time; answers in their order. */
async function* inOrder<T, R>(items: AsyncIterable<T> | Iterable<T>, { weigh, work }: Window<T, R>): AsyncGenerator<R> {
  const open: { readonly end: Promise<R>; readonly weight: number }[] = [];
  let [index, weight] = [0, 0];
  for await (const item of items) {
    const own = weigh(item);
    while (open.length > 0 && (open.length >= AT_ONCE || weight + own > BYTES_AT_ONCE)) {
      const first = open.shift()!;
      weight -= first.weight;
      yield await first.end;
    }
    open.push({ end: work(item, index), weight: own });
    weight += own;
    index += 1;
  }
  for (const { end } of open) yield await end;
}

/** Submits each piece; of a request with an Idempotency-Key each has one of its own, made of that and its place. */
export const submitEach = (
  submitter: Submitter,
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  { key, limitBytes, arrival }: { readonly key: string | null; readonly limitBytes: number; readonly arrival: Arrival },
): AsyncGenerator<Ended> =>
  inOrder(pieces, {
    weigh: (piece) => piece?.length ?? 0,
    work: async (piece, index): Promise<Ended> => {
      if (piece === null) return { error: refusal('BODY_TOO_LARGE', `this line is longer than the limit of ${limitBytes} bytes`) };
      try {
        return { accepted: await submitter.submit(piece, key === null ? null : `${key}:${index}`, { arrival }) };
      } catch (error) {
        return { error };
      }
    },
  });
