/** Many submissions of one request: each is stored or refused by itself, and answered in the order in which they came. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { refusal } from '../core/refusal';
import type { Piece } from './pieces';
import type { Arrival } from './spans';
import type { Accepted, Submitter } from './submitter';

export type Ended = { readonly accepted: Accepted } | { readonly error: unknown };

/** What is refused ends at once: without a turn of the event loop between them many would keep everybody else waiting. */
const BEFORE_A_TURN = 100;
/** Several, so that they share transactions; few, so that a stream is read no faster than it is stored. */
const AT_ONCE = 256;
const BYTES_AT_ONCE = 1_048_576;

interface Window<T, R> {
  /** What an item counts towards the limit; one that is above it alone goes alone. */
  readonly weigh: (item: T) => number;
  /** Must not reject. */
  readonly work: (item: T, index: number) => Promise<R>;
}

interface Open<R> {
  readonly end: Promise<R>;
  readonly weight: number;
}

const iteratorOf = <T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> =>
  Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();

/** Works on what comes, several at a time; answers in their order, each as soon as it and those before it have ended, whether more comes or not. */
async function* inOrder<T, R>(items: AsyncIterable<T> | Iterable<T>, { weigh, work }: Window<T, R>): AsyncGenerator<R> {
  const source = iteratorOf(items);
  const open: Open<R>[] = [];
  let [index, weight] = [0, 0];
  const shift = (): Promise<R> => {
    const first = open.shift()!;
    weight -= first.weight;
    return first.end;
  };
  const read = (): Promise<IteratorResult<T>> => {
    const coming = Promise.resolve(source.next());
    // It is awaited below, but perhaps after the client has gone.
    coming.catch(() => undefined);
    return coming;
  };
  let coming = read();
  for (;;) {
    const came = await (open.length === 0 ? coming : Promise.race([coming, open[0]!.end.then(() => undefined)]));
    if (came === undefined) {
      yield await shift();
      continue;
    }
    if (came.done === true) break;
    const own = weigh(came.value);
    while (open.length > 0 && (open.length >= AT_ONCE || weight + own > BYTES_AT_ONCE)) yield await shift();
    open.push({ end: work(came.value, index), weight: own });
    weight += own;
    index += 1;
    if (index % BEFORE_A_TURN === 0) await nextTurn();
    coming = read();
  }
  while (open.length > 0) yield await shift();
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
