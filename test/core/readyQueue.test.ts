import fc from 'fast-check';
import type { DagId } from '../../src/core/ids';
import { createReadyQueue, type ReadyTask } from '../../src/core/readyQueue';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { planOf, plannedTask } from './model';

const TYPES = ['API_CALL', 'NOTIFICATION', 'FILE_PROCESSING'];
const all = () => true;

/** Runs of one shard each, with a task for each pair of type and priority. */
const runOn = (shard: number): Run =>
  runOfPlan(
    planOf(
      TYPES.flatMap((type) => Array.from({ length: 10 }, (_, priority) => plannedTask(`${type}-${String(priority)}`, [], { type, priority }))),
      `018bcfe5-6800-80${String(shard).padStart(2, '0')}-8000-000000000000` as DagId,
      shard,
    ),
  );
const names = ({ run, task }: ReadyTask): string => `${String(run.shard)}:${run.specs[task]!.name}`;

type Command =
  | { do: 'push'; shard: number; task: number }
  | { do: 'next'; runnable: string[]; floor: number }
  | { do: 'putBack' }
  | { do: 'dropShard'; shard: number }
  | { do: 'moveOn'; shard: number; task: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), shard: fc.nat(1), task: fc.nat(29) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('next' as const), runnable: fc.subarray(TYPES), floor: fc.constantFrom(0, 0, 4) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'putBack' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dropShard' as const), shard: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('moveOn' as const), shard: fc.nat(1), task: fc.nat(29) }) },
);

/** What the queue promises, as slowly and plainly as possible: a list, ordered by arrival. */
const createModel = () => {
  let waiting: { run: Run; task: number; dispatch: number; order: number }[] = [];
  let arrivals = 0;
  const isLive = ({ run, task, dispatch }: { run: Run; task: number; dispatch: number }) =>
    run.dispatch[task] === dispatch && run.state[task] === CODE.QUEUED;
  const candidates = (canTake: (type: string, priority: number) => boolean) =>
    waiting
      .filter((each) => isLive(each) && canTake(each.run.specs[each.task]!.type, each.run.specs[each.task]!.priority))
      .sort((a, b) => b.run.specs[b.task]!.priority - a.run.specs[a.task]!.priority || a.order - b.order);
  return {
    push: (run: Run, task: number) => {
      waiting.push({ run, task, dispatch: run.dispatch[task]!, order: arrivals++ });
    },
    next: (canTake: (type: string, priority: number) => boolean) => {
      const first = candidates(canTake)[0];
      waiting = waiting.filter((each) => each !== first);
      return first;
    },
    highest: (canTake: (type: string, priority: number) => boolean) => {
      const first = candidates(canTake)[0];
      return first === undefined ? null : first.run.specs[first.task]!.priority;
    },
    putBack: (entry: { run: Run; task: number; dispatch: number; order: number }) => {
      waiting.push(entry);
    },
    dropShard: (shard: number) => {
      waiting = waiting.filter(({ run }) => run.shard !== shard);
    },
  };
};

test('the queue does what a sorted list would do, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 150 }), (commands) => {
      const runs = [runOn(0), runOn(1)];
      const queue = createReadyQueue();
      const model = createModel();
      let last: { real: ReadyTask; model: NonNullable<ReturnType<typeof model.next>> } | undefined;
      for (const step of commands) {
        if (step.do === 'push') {
          queue.push(runs[step.shard]!, step.task);
          model.push(runs[step.shard]!, step.task);
        } else if (step.do === 'dropShard') {
          queue.dropShard(step.shard);
          model.dropShard(step.shard);
          if (last?.real.run.shard === step.shard) last = undefined;
        } else if (step.do === 'moveOn') runs[step.shard]!.dispatch[step.task]! += 1;
        else if (step.do === 'putBack') {
          if (last === undefined) continue;
          queue.putBack(last.real);
          model.putBack(last.model);
          last = undefined;
        } else {
          const canTake = (type: string, priority: number) => step.runnable.includes(type) && priority >= step.floor;
          expect(queue.highest(canTake)).toBe(model.highest(canTake));
          const [real, wanted] = [queue.next(canTake)?.ready, model.next(canTake)];
          expect(real === undefined ? undefined : names(real)).toBe(
            wanted === undefined ? undefined : `${String(wanted.run.shard)}:${wanted.run.specs[wanted.task]!.name}`,
          );
          expect(real?.dispatch).toBe(wanted?.dispatch);
          last = real === undefined || wanted === undefined ? undefined : { real, model: wanted };
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a type that nobody can run holds up no other', () => {
  const queue = createReadyQueue();
  const run = runOn(0);
  queue.push(run, 9);
  queue.push(run, 10);
  expect(names(queue.next((type) => type === 'NOTIFICATION')!.ready)).toBe('0:NOTIFICATION-0');
  expect(queue.next((type) => type === 'NOTIFICATION')).toBeUndefined();
  expect(names(queue.next(all)!.ready)).toBe('0:API_CALL-9');
});

test('counts what waits, as far as it is asked for', () => {
  const queue = createReadyQueue();
  const run = runOn(0);
  expect(queue.count(all)).toBe(0);
  for (const task of [3, 9, 10]) queue.push(run, task);
  expect([queue.count(all), queue.count((type) => type === 'NOTIFICATION'), queue.count(() => false)]).toEqual([3, 1, 0]);
  queue.next((type) => type === 'NOTIFICATION');
  expect([queue.count(all), queue.count((type) => type === 'NOTIFICATION')]).toEqual([2, 0]);
});

test('a DAG that is paused or ends early hands out nothing; after a resume it waits anew', () => {
  const queue = createReadyQueue();
  const run = runOn(0);
  queue.push(run, 3);
  run.reason = { code: 'PAUSED', at: 1 };
  expect(queue.highest(all)).toBeNull();
  expect(queue.next(all)).toBeUndefined();
  run.reason = null;
  queue.push(run, 3);
  expect(queue.next(all)?.ready.task).toBe(3);
});

test('what fails to be sent keeps its turn, in the order in which it was', () => {
  const queue = createReadyQueue();
  const run = runOfPlan(planOf([0, 1, 2, 3].map((i) => plannedTask(`t${String(i)}`, []))));
  for (const task of [0, 1, 2, 3]) queue.push(run, task);
  const sent = [queue.next(all)!.ready, queue.next(all)!.ready];
  for (const each of sent.reverse()) queue.putBack(each);
  expect([0, 1, 2, 3].map(() => queue.next(all)!.ready.task)).toEqual([0, 1, 2, 3]);
});

test('what has to wait behind something is put aside, and recalled by its importance and in its turn', () => {
  const queue = createReadyQueue();
  const run = runOfPlan(planOf([0, 1, 2, 3, 4].map((i) => plannedTask(`t${String(i)}`, [], { priority: i === 3 ? 9 : 5 }))));
  for (const task of [0, 1, 2, 3, 4]) queue.push(run, task);
  const behind = ({ task }: ReadyTask): string | undefined => (task === 4 ? undefined : 'full');
  expect([queue.highest(all, behind), queue.next(all, behind)?.ready.task, queue.next(all, behind)]).toEqual([5, 4, undefined]);
  expect([[...queue.asides()], queue.isAside('full'), queue.isAside('other')]).toEqual([['full'], true, false]);
  expect(queue.sizes().filter(({ size }) => size > 0)).toEqual([
    { type: 'API_CALL', priority: 5, size: 3 },
    { type: 'API_CALL', priority: 9, size: 1 },
  ]);
  // One that has moved on takes nobody's place.
  run.state[0] = CODE.RUNNING;
  expect([queue.recall('full', 2), queue.next(all)?.ready.task, queue.recall('none', 1)]).toEqual([2, 3, 0]);
  // Looked at again it goes back to its place before those that came later.
  expect(queue.next(all, behind)).toBeUndefined();
  expect([queue.recall('full', 9), queue.next(all)?.ready.task, queue.next(all)?.ready.task, queue.isAside('full')]).toEqual([2, 1, 2, false]);
  queue.push(run, 2);
  queue.highest(all, behind);
  queue.dropShard(0);
  expect([[...queue.asides()], queue.recall('full', 9)]).toEqual([[], 0]);
});

test('a position counts what is ahead in the same queue', () => {
  const queue = createReadyQueue();
  const run = runOfPlan(planOf([0, 1, 2].map((i) => plannedTask(`t${String(i)}`, []))));
  for (const task of [2, 0, 1]) queue.push(run, task);
  expect(queue.position(run.dag, 1)).toEqual({ position: 3, of: 3, priority: 5, flow: 'a DAG', aheadInFlow: 2, flows: 1 });
  queue.next(all);
  expect(queue.position(run.dag, 1)).toEqual({ position: 2, of: 2, priority: 5, flow: 'a DAG', aheadInFlow: 1, flows: 1 });
  expect(queue.position(run.dag, 2)).toBeUndefined();
  expect(queue.sizes().filter(({ size }) => size > 0)).toEqual([{ type: 'API_CALL', priority: 5, size: 2 }]);
});

test('100,000 tasks go through in order, and the queue is empty after them', () => {
  const queue = createReadyQueue();
  const run = runOfPlan(planOf(Array.from({ length: 100_000 }, (_, i) => plannedTask(String(i), []))));
  for (let task = 0; task < 100_000; task++) queue.push(run, task);
  let inOrder = 0;
  for (let task = 0; task < 100_000; task++) if (queue.next(all)?.ready.task === task) inOrder++;
  expect(inOrder).toBe(100_000);
  expect(queue.sizes().every(({ size }) => size === 0)).toBe(true);
});
