import fc from 'fast-check';
import { createPrefetch, type Held } from '../../src/execute/prefetch';
import { dispatchOf } from './bench';

const BATCHES = new Map([
  ['ROW', { maxSize: 3, maxWaitMs: 20 }],
  ['LINE', { maxSize: 5, maxWaitMs: 20 }],
]);

const heldOf = (task: number, type: string, priority: number, attempt = 1): Held => ({
  dispatch: dispatchOf(task, { type, priority, attempt }),
  shard: 0,
  sentAt: 0,
  claimedAt: 0,
  origin: '',
  fence: '1',
});

const prefetchOf = ({ isCalling = () => false, ageingMs }: { isCalling?: (type: string) => boolean; ageingMs?: number } = {}) => {
  const time = { now: 0 };
  return { time, prefetch: createPrefetch({ batches: BATCHES, isCalling, ageingMs, clock: { monotonic: () => time.now } }) };
};

const anyHeld = fc.record({ type: fc.constantFrom('API_CALL', 'ROW', 'LINE'), priority: fc.nat(9), attempt: fc.integer({ min: 1, max: 2 }) });

test('everything comes out once, in calls of one type and size, and nobody is left behind for someone less important', () => {
  fc.assert(
    fc.property(fc.array(fc.option(anyHeld), { maxLength: 60 }), (moves) => {
      const { prefetch } = prefetchOf();
      let waiting: Held[] = [];
      const check = (call: readonly Held[] | undefined): void => {
        if (call === undefined) {
          expect(waiting).toEqual([]);
          return;
        }
        const { type, priority, attempt } = call[0]!.dispatch;
        expect(call.every(({ dispatch }) => dispatch.type === type)).toBe(true);
        expect(call.length).toBeLessThanOrEqual(attempt > 1 ? 1 : (BATCHES.get(type)?.maxSize ?? 1));
        expect(priority).toBe(Math.max(...waiting.map(({ dispatch }) => dispatch.priority)));
        waiting = waiting.filter((held) => !call.includes(held));
        const left = waiting.filter(({ dispatch }) => dispatch.type === type && dispatch.attempt === 1 && attempt === 1);
        const least = Math.min(...call.map(({ dispatch }) => dispatch.priority));
        for (const { dispatch } of left) expect(dispatch.priority).toBeLessThanOrEqual(least);
      };
      moves.forEach((move, i) => {
        if (move === null) check(prefetch.next());
        else {
          const held = heldOf(i, move.type, move.priority, move.attempt);
          waiting.push(held);
          prefetch.push(held);
        }
        expect(prefetch.size()).toBe(waiting.length);
        expect(new Set(prefetch.all())).toEqual(new Set(waiting));
      });
      while (waiting.length > 0) check(prefetch.next());
      expect([prefetch.next(), prefetch.size(), prefetch.slots()]).toEqual([undefined, 0, 0]);
    }),
  );
});

test('what waits fills as many slots as its calls will take', () => {
  const { prefetch } = prefetchOf();
  for (let task = 0; task < 4; task++) prefetch.push(heldOf(task, 'ROW', 5));
  prefetch.push(heldOf(4, 'LINE', 5));
  prefetch.push(heldOf(5, 'ROW', 5, 2));
  prefetch.push(heldOf(6, 'API_CALL', 5));
  expect(prefetch.slots()).toBe(2 + 1 + 1 + 1);
  prefetch.take(dispatchOf(0));
  expect([prefetch.slots(), prefetch.size()]).toEqual([1 + 1 + 1 + 1, 6]);
  expect([prefetch.drain().length, prefetch.slots(), prefetch.size()]).toEqual([6, 0, 0]);
});

test('the time until somebody has waited long enough is that of the first of each type that is at work', () => {
  const { prefetch, time } = prefetchOf({ isCalling: (type) => type !== 'API_CALL' });
  expect(prefetch.ripeInMs()).toBeUndefined();
  prefetch.push(heldOf(0, 'ROW', 3));
  time.now = 5;
  prefetch.push(heldOf(1, 'ROW', 9));
  prefetch.push(heldOf(2, 'LINE', 9));
  expect([prefetch.next(), prefetch.ripeInMs()]).toEqual([undefined, 15]);
  time.now = 20;
  expect(prefetch.next()?.map(({ dispatch }) => dispatch.task)).toEqual([1, 0]);
  expect([prefetch.next(), prefetch.ripeInMs()]).toEqual([undefined, 5]);
});

test('what has waited here for long enough gets a fifth of the slots, so that nothing that comes later overtakes it for ever', () => {
  const { prefetch, time } = prefetchOf({ ageingMs: 1000 });
  for (let i = 0; i < 4; i++) prefetch.push(heldOf(i, i === 3 ? 'ROW' : 'API_CALL', i === 2 ? 4 : 0));
  const next = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      prefetch.push(heldOf(100 + i, 'API_CALL', 9));
      return prefetch.next()!.map(({ dispatch }) => dispatch.task)[0]!;
    });
  expect(next(20).every((task) => task >= 100)).toBe(true);
  time.now = 9100;
  // 4 has waited for 9 ways up as well as 0 has, and began higher.
  expect(next(25).filter((task) => task < 100)).toEqual([2, 0, 1, 3]);
  expect(prefetch.size()).toBe(4);
});
