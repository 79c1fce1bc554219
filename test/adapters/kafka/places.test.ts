import type { Message } from '../../../src/adapters/kafka/consumer';
import { createPlaces } from '../../../src/adapters/kafka/places';

const message = (offset: number, text: string): Message => ({ offset: BigInt(offset), timestamp: 0, value: Buffer.from(text) });

const start = () => {
  const seeks: bigint[] = [];
  const places = createPlaces({
    topic: 'events',
    cluster: { bounds: () => Promise.resolve(new Map([[0, { low: 0n, high: 100n }]])) },
    clock: { after: () => () => undefined },
    seek: (_shard, offset) => seeks.push(offset),
    markOf: ({ offset, timestamp, value }) => ({ offset, timestamp, hash: String(value) }),
    onTrouble: () => undefined,
  });
  places.take(0, { nextOffset: 0n, last: null });
  const read = (...messages: readonly Message[]): readonly string[] | undefined => {
    const fresh = places.fresh(0, messages);
    const last = fresh?.at(-1);
    if (last !== undefined) places.consumed(0, last);
    return fresh?.map(({ value }) => String(value));
  };
  return { places, seeks, read };
};

test('after a doubt the last record is compared once more, and reading goes on behind it', () => {
  const { places, seeks, read } = start();
  expect(read(message(0, 'a'), message(1, 'b'))).toEqual(['a', 'b']);
  places.doubt(0);
  expect(read(message(1, 'b'), message(2, 'c'))).toEqual(['c']);
  expect(seeks).toEqual([0n, 1n]);
});

test('where another record stands there, everything in the topic is news', () => {
  const { places, seeks, read } = start();
  read(message(0, 'a'), message(1, 'b'));
  places.doubt(0);
  expect(read(message(1, 'x'), message(2, 'y'))).toBeUndefined();
  expect(seeks).toEqual([0n, 1n, 0n]);
  expect(read(message(0, 'w'), message(1, 'x'))).toEqual(['w', 'x']);
});

test('doubts that go on, as of brokers that are slow, keep nothing from being read', () => {
  const { places, seeks, read } = start();
  read(message(0, 'a'));
  places.doubt(0);
  places.doubt(0);
  expect(seeks).toEqual([0n, 0n]);
  expect(read(message(0, 'a'), message(1, 'b'))).toEqual(['b']);
});
