/** DAGs that a scheduler finds in the store: by a hint, or when it takes a shard. None that has ended rises again. */
import type { DagId } from '../../src/core/ids';
import { completed, DAG, planOf, plannedTask } from '../core/model';
import { createMemoryStore } from '../harness/memoryStore';
import { turns } from '../lifecycle/virtualClock';
import { sentNames, startScheduler, type TestScheduler } from './scheduler';

let scheduler: TestScheduler;
afterEach(() => scheduler.stop());

const chain = planOf([plannedTask('a', []), plannedTask('b', [0]), plannedTask('c', [1])]);
const otherDag = '018bcfe5-6800-8001-8000-000000000000' as DagId;

test('a DAG that another scheduler stored is found by its hint, once', async () => {
  scheduler = await startScheduler();
  await scheduler.storeElsewhere(chain);
  await scheduler.tell({ type: 'submitted', dag: DAG }, { type: 'submitted', dag: DAG });
  expect(sentNames(scheduler)).toEqual(['a#1']);
  await scheduler.tell({ type: 'submitted', dag: DAG });
  expect(sentNames(scheduler)).toEqual(['a#1']);
});

test('a DAG that was admitted and ended while a hint was reading it does not rise again', async () => {
  scheduler = await startScheduler();
  const plan = planOf([plannedTask('a', [])]);
  await scheduler.storeElsewhere(plan);
  scheduler.store.beforeRead = async () => {
    scheduler.advancer.admit(plan);
    await scheduler.tell(completed(0));
  };
  await scheduler.advancer.discover(DAG, 0);
  expect(scheduler.store.rows(DAG).record().status).toBe('COMPLETED');
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(false);
  expect(sentNames(scheduler)).toEqual(['a#1']);
});

test('a DAG that was found and ended before the answer to its own submission came does not rise again', async () => {
  scheduler = await startScheduler();
  const plan = planOf([plannedTask('a', [])]);
  await scheduler.storeElsewhere(plan);
  await scheduler.advancer.discover(DAG, 0);
  await scheduler.tell(completed(0));
  scheduler.advancer.admit(plan);
  await turns();
  expect(scheduler.store.rows(DAG).record().status).toBe('COMPLETED');
  expect([scheduler.advancer.isKnown(DAG, 0), sentNames(scheduler)]).toEqual([false, ['a#1']]);
});

test('a DAG that was submitted before this scheduler took its shard is read, since another one may have ended it', async () => {
  scheduler = await startScheduler();
  const { advancer, store } = scheduler;
  const plan = planOf([plannedTask('a', [])]);
  await scheduler.storeElsewhere(plan);
  await advancer.discover(DAG, 0);
  await scheduler.tell(completed(0));
  await advancer.drop(0, 'another scheduler takes it');
  await scheduler.clock.advance(1);
  await advancer.take(store.acquire(0));
  advancer.admit(plan);
  await turns();
  expect([advancer.isKnown(DAG, 0), sentNames(scheduler)]).toEqual([false, ['a#1']]);
});

test('a DAG that ended between a takeover and the answer to a read that had begun before does not rise again', async () => {
  scheduler = await startScheduler();
  const { advancer, store } = scheduler;
  await advancer.drop(0, 'another scheduler takes it');
  await scheduler.storeElsewhere(planOf([plannedTask('a', [])]));
  const taking = advancer.take(store.acquire(0));
  store.beforeRead = async () => {
    await taking;
    await scheduler.tell(completed(0));
  };
  await advancer.discover(DAG, 0);
  expect(store.rows(DAG).record().status).toBe('COMPLETED');
  expect(advancer.isKnown(DAG, 0)).toBe(false);
  expect(sentNames(scheduler)).toEqual(['a#1']);
});

test('a read for an earlier ownership of a shard does not stand for one of the next', async () => {
  scheduler = await startScheduler();
  const { advancer, store } = scheduler;
  await scheduler.storeElsewhere(chain);
  let answer: () => void = () => undefined;
  store.beforeRead = () => new Promise((resolve) => (answer = resolve));
  const first = advancer.discover(DAG, 0);
  await turns();
  store.beforeRead = undefined;
  await advancer.drop(0, 'another scheduler takes it');
  const taking = advancer.take(store.acquire(0));
  await advancer.discover(DAG, 0);
  expect(advancer.isKnown(DAG, 0)).toBe(true);
  answer();
  await Promise.all([first, taking]);
  expect(sentNames(scheduler)).toEqual(['a#1']);
});

test('a hint about a DAG of another shard brings it into none but its own', async () => {
  scheduler = await startScheduler({ shards: 2 });
  await scheduler.storeElsewhere(planOf([plannedTask('a', [])], otherDag, 1));
  await scheduler.tellOf(0, { type: 'submitted', dag: otherDag });
  expect(scheduler.advancer.isKnown(otherDag, 0)).toBe(false);
});

test('a read that fails after its shard was given up doubts nothing: the shard has been taken anew', async () => {
  const store = createMemoryStore();
  let fail: (error: Error) => void = () => undefined;
  let isSlow = false;
  const liveDags: typeof store.liveDags = async function* (shard) {
    if (isSlow) await new Promise((_, reject) => (fail = reject));
    yield* store.liveDags(shard);
  };
  scheduler = await startScheduler({ store: { ...store, liveDags } });
  await scheduler.admit(chain);
  await scheduler.advancer.drop(0, 'it is to be taken anew');
  isSlow = true;
  const taking = scheduler.advancer.take(store.acquire(0));
  await turns();
  await scheduler.advancer.drop(0, 'another scheduler has fewer');
  isSlow = false;
  const again = store.acquire(0);
  await scheduler.advancer.take(again);
  fail(new Error('the answer was lost'));
  await taking;
  expect(scheduler.advancer.owned()).toEqual([{ shard: 0, epoch: again.epoch }]);
  await scheduler.tell(completed(0));
  expect(scheduler.store.rows(DAG).record().tasks[0]!.status).toBe('COMPLETED');
});
