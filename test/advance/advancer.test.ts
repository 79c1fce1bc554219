import type { DagId } from '../../src/core/ids';
import { completed, DAG, due, failed, lost, planOf, plannedTask, released, started, T0, type LawEvent } from '../core/model';
import { createMemoryStore } from '../harness/memoryStore';
import { turns } from '../lifecycle/virtualClock';
import { sentNames, startScheduler, type TestScheduler } from './scheduler';

let scheduler: TestScheduler;
afterEach(() => scheduler.stop());

const chain = planOf([plannedTask('a', []), plannedTask('b', [0]), plannedTask('c', [1])]);
const otherDag = '018bcfe5-6800-8001-8000-000000000000' as DagId;
const onShard1 = (event: LawEvent): LawEvent => ({ ...event, dag: otherDag }) as LawEvent;
const statuses = (dag: DagId = DAG): string[] =>
  scheduler.store
    .rows(dag)
    .record()
    .tasks.map(({ status }) => status);

test('a DAG goes from its roots to its end, and is forgotten then', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  for (const task of [0, 1, 2]) await scheduler.tell(completed(task));
  expect(sentNames(scheduler)).toEqual(['a#1', 'b#1', 'c#1']);
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ status: 'COMPLETED', completedTasks: 3 });
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(false);
  expect(scheduler.happened.filter(({ name }) => name === 'dag.finished')).toHaveLength(1);
});

test('a DAG that was stored when the leases were over by the own clock is left to whoever owns its shard', async () => {
  scheduler = await startScheduler();
  scheduler.live.until = 0;
  await scheduler.storeElsewhere(chain);
  scheduler.advancer.admit(chain);
  expect(sentNames(scheduler)).toEqual([]);
  // Nobody has taken it: this one reads its own hint.
  await turns();
  expect(sentNames(scheduler)).toEqual(['a#1']);
});

test.each(['fails', 'lost'] as const)('a commit that %s costs its shard, which is taken anew, and nothing else', async (fate) => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.meet(fate);
  await scheduler.tell(completed(0, 1, { result: '"kept"' }));
  expect(scheduler.advancer.owned()).toEqual([]);
  expect(scheduler.doubted).toEqual([0]);
  await scheduler.retake();
  expect(statuses()[0]).toBe('COMPLETED');
  expect(scheduler.store.rows(DAG).texts(0).result).toBe('"kept"');
  await scheduler.tell(completed(1), completed(2));
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ status: 'COMPLETED', completedTasks: 3 });
});

test('what came while a commit was under way that then fails is not lost either', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.meet('held', 'fails');
  await scheduler.tell(completed(0));
  await scheduler.tell(completed(1));
  await scheduler.tell(completed(2));
  scheduler.store.release();
  await turns();
  await scheduler.retake();
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ status: 'COMPLETED', completedTasks: 3 });
});

test('what is read again long after it was told ends no task after its DAG', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  await scheduler.tell(completed(0));
  scheduler.store.meet('fails');
  await scheduler.tell(completed(1));
  await scheduler.tell(completed(2));
  await scheduler.clock.advance(5_000);
  await scheduler.retake();
  const { completedAt, tasks } = scheduler.store.rows(DAG).record();
  expect(completedAt).toBeLessThan(T0 + 5_000);
  expect(Math.max(...tasks.map((task) => task.completedAt!))).toBeLessThanOrEqual(completedAt!);
});

test('an epoch that was raised elsewhere drops the shard, and nothing is written', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.acquire(0);
  await scheduler.tell(completed(0));
  expect(scheduler.advancer.owned()).toEqual([]);
  expect(statuses()).toEqual(['QUEUED', 'PENDING', 'PENDING']);
  expect(scheduler.store.commits).toHaveLength(0);
});

test('a first dispatch leaves before its commit, a later one only after', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.meet('held');
  await scheduler.tell(completed(0), released(1));
  // The child left at once under number 1; given back in the same record, it waits for the commit under number 2.
  expect(sentNames(scheduler)).toEqual(['a#1']);
  scheduler.store.release();
  await turns();
  expect(sentNames(scheduler)).toEqual(['a#1', 'b#2']);
  expect(scheduler.sent.at(-1)?.commits).toBeGreaterThanOrEqual(1);
});

test('where the transport forgets, children too wait for the commit, and each is sent once', async () => {
  scheduler = await startScheduler({ firstBeforeCommit: false });
  await scheduler.admit(planOf([plannedTask('a', []), plannedTask('b', [0]), plannedTask('c', []), plannedTask('d', [2])]));
  scheduler.store.meet('held');
  await scheduler.tell(completed(0));
  await scheduler.tell(completed(2));
  expect(sentNames(scheduler)).toEqual(['a#1', 'c#1']);
  scheduler.store.release();
  await turns();
  expect(sentNames(scheduler)).toEqual(['a#1', 'c#1', 'b#1', 'd#1']);
});

test('a takeover sends again what waits and adopts what runs', async () => {
  const store = createMemoryStore();
  scheduler = await startScheduler({ store });
  await scheduler.admit(planOf([plannedTask('runs', []), plannedTask('waits', []), plannedTask('later', [0])]));
  await scheduler.tell(started(0, 1, { session: 's7' }));
  await scheduler.stop();
  scheduler = await startScheduler({ store });
  expect(sentNames(scheduler)).toEqual(['waits#1']);
  expect(scheduler.adopted).toEqual(['runs in s7']);
  await scheduler.clock.advance(2000);
  await scheduler.tell(lost(0, 1, 's7'));
  expect(sentNames(scheduler)).toEqual(['waits#1', 'runs#2']);
});

test('a takeover sends nothing again of which the log tells that a worker has it', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', []), plannedTask('b', [0]), plannedTask('waits', [])]));
  scheduler.store.meet('held', 'fails');
  await scheduler.tell(completed(0));
  await scheduler.tell(started(1, 1, { session: 's7' }));
  scheduler.store.release();
  await turns();
  expect(sentNames(scheduler)).toEqual(['a#1', 'waits#1', 'b#1']);
  await scheduler.retake();
  expect(sentNames(scheduler)).toEqual(['a#1', 'waits#1', 'b#1', 'waits#1']);
  expect(scheduler.adopted).toEqual(['b in s7']);
});

test('a DAG that another scheduler stored and sent is not sent again before the log has told who has it', async () => {
  scheduler = await startScheduler();
  await scheduler.storeElsewhere(planOf([plannedTask('a', [])]));
  await scheduler.tell(started(0, 1, { session: 's7' }));
  expect(sentNames(scheduler)).toEqual([]);
  expect(scheduler.adopted).toEqual(['a in s7']);
});

test('one bad event fails its own task as UNSTORABLE; its neighbours, also of other shards, are stored', async () => {
  scheduler = await startScheduler({ shards: 2 });
  const names = Array.from({ length: 9 }, (_, i) => plannedTask(`t${String(i)}`, []));
  await scheduler.admit(planOf(names));
  await scheduler.admit(planOf(names, otherDag, 1));
  scheduler.store.refuse('poison');
  const events = names.map((_, task) => completed(task, 1, { result: task === 4 ? '"poison"' : '"good"' }));
  await scheduler.log.append(
    new Map([
      [0, events],
      [1, [onShard1(completed(0))]],
    ]),
  );
  for (let i = 0; i < 30; i++) {
    await turns();
    await scheduler.retake();
  }
  expect(statuses()).toEqual(names.map((_, task) => (task === 4 ? 'FAILED' : 'COMPLETED')));
  expect(JSON.parse(scheduler.store.rows(DAG).texts(4).error!)).toMatchObject({ kind: 'UNSTORABLE' });
  expect(statuses(otherDag)[0]).toBe('COMPLETED');
  // What follows the record are the marks of those who took the shard.
  expect(scheduler.store.position(0).nextOffset).toBeGreaterThan(1n);
});

test('two events of two shards in one refused commit: only the bad one is blamed', async () => {
  scheduler = await startScheduler({ shards: 2 });
  await scheduler.admit(planOf([plannedTask('a', [])]));
  await scheduler.admit(planOf([plannedTask('a', [])], otherDag, 1));
  scheduler.store.refuse('poison');
  // Behind a commit under way both wait for the same next one.
  scheduler.store.meet('held');
  await scheduler.tell(due(0, 9));
  await scheduler.log.append(
    new Map([
      [0, [completed(0, 1, { result: '"poison"' })]],
      [1, [onShard1(completed(0))]],
    ]),
  );
  await turns();
  scheduler.store.release();
  for (let i = 0; i < 10; i++) {
    await turns();
    await scheduler.retake();
  }
  expect([statuses(), statuses(otherDag)]).toEqual([['FAILED'], ['COMPLETED']]);
});

test('a cascade that was cut off ends through the log', async () => {
  scheduler = await startScheduler({ law: { maxLosses: 3, maxDeaths: 3, maxKills: 3, cascadeLimit: 4 } });
  await scheduler.admit(planOf([plannedTask('root', []), ...Array.from({ length: 30 }, (_, i) => plannedTask(`leaf${String(i)}`, [i]))]));
  await scheduler.tell(failed(0));
  for (let i = 0; i < 10; i++) await turns();
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ status: 'FAILED', failedTasks: 1, skippedTasks: 30 });
});

test('a checkpoint is acknowledged once it is committed, not before', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.meet('held');
  await scheduler.tell({ ...started(0), type: 'checkpointed', sequence: 3, state: '{}' } as LawEvent);
  expect(scheduler.acknowledged).toEqual([]);
  scheduler.store.release();
  await turns();
  expect(scheduler.acknowledged).toEqual([3]);
});

test('a shard can be dropped while others keep the committer busy', async () => {
  scheduler = await startScheduler({ shards: 2 });
  await scheduler.admit(chain);
  const state = { dropped: false };
  scheduler.store.meet(...Array.from({ length: 20 }, () => 'held' as const));
  await scheduler.tell(completed(0));
  await scheduler.tellOf(1, onShard1(due(0, 2)));
  void scheduler.advancer.drop(0, 'a test').then(() => {
    state.dropped = true;
  });
  for (let i = 0; i < 4; i++) {
    await scheduler.tellOf(1, onShard1(due(0, 2)));
    scheduler.store.release();
    await turns();
  }
  expect(state.dropped).toBe(true);
  for (let i = 0; i < 20; i++) {
    scheduler.store.release();
    await turns();
  }
});

test('stopping survives a commit that fails meanwhile', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(chain);
  scheduler.store.meet('fails');
  await scheduler.log.append(new Map([[0, [completed(0)]]]));
  await expect(scheduler.stop()).resolves.toBeUndefined();
});
