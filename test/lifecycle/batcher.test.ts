import { createBatcher } from '../../src/lifecycle/batcher';
import { turns } from './virtualClock';

/** A flush that a test answers by hand. */
const held = (): { readonly batches: number[][]; flush(items: number[]): Promise<string[]>; answer(): void; refuse(error: Error): void } => {
  const batches: number[][] = [];
  const waiting: { items: number[]; resolve: (answers: string[]) => void; reject: (error: Error) => void }[] = [];
  return {
    batches,
    flush: (items) => {
      batches.push(items);
      return new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
      });
    },
    answer: () => {
      const next = waiting.shift()!;
      next.resolve(next.items.map((item) => `#${String(item)}`));
    },
    refuse: (error) => {
      waiting.shift()!.reject(error);
    },
  };
};
const overloaded = (): Error => new Error('full');

test('what is pushed in one turn leaves together, the rest when that is done', async () => {
  const { batches, flush, answer } = held();
  const batcher = createBatcher<number, string>({ flush, maxItems: 10, maxPending: 100, overloaded });
  const first = [batcher.push(1), batcher.push(2)];
  await turns();
  const second = [batcher.push(3), batcher.push(4)];
  await turns();
  expect(batches).toEqual([[1, 2]]);
  answer();
  expect(await Promise.all(first)).toEqual(['#1', '#2']);
  await turns();
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
  answer();
  expect(await Promise.all(second)).toEqual(['#3', '#4']);
});

test('keeps to its sizes and to its bound', async () => {
  const { batches, flush, answer } = held();
  const batcher = createBatcher<number, string>({ flush, maxItems: 3, maxPending: 4, overloaded, weigh: (item) => item, maxWeight: 10 });
  const accepted = [9, 20, 1, 2].map((item) => batcher.push(item));
  await expect(batcher.push(3)).rejects.toThrow('full');
  for (const expected of [[[9]], [[9], [20]], [[9], [20], [1, 2]]]) {
    await turns();
    expect(batches).toEqual(expected);
    answer();
  }
  expect(await Promise.all(accepted)).toEqual(['#9', '#20', '#1', '#2']);
});

test('a failed batch fails its items only, and drained waits for all', async () => {
  const { flush, answer, refuse } = held();
  const batcher = createBatcher<number, string>({ flush, maxItems: 1, maxPending: 10, overloaded });
  const results = Promise.allSettled([1, 2, 3].map((item) => batcher.push(item)));
  let drained = false;
  const whenDrained = batcher.drained().then(() => {
    drained = true;
  });
  await turns();
  refuse(new Error('away'));
  await turns();
  answer();
  await turns();
  expect(drained).toBe(false);
  answer();
  await whenDrained;
  expect((await results).map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});

test('answers that do not match the items are an error, never a shift', async () => {
  const batcher = createBatcher<number, string>({ flush: () => Promise.resolve(['one']), maxItems: 5, maxPending: 5, overloaded });
  const results = await Promise.allSettled([batcher.push(1), batcher.push(2)]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
});
