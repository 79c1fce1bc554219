/** What limits keep from being sent, what they hold up and what not, and that nothing waits longer than it has to. */
import { createMemoryLeases } from '../../src/adapters/memory/leases';
import { failure } from '../../src/core/failure';
import { mintDagId } from '../../src/core/ids';
import type { Limit } from '../../src/core/limits';
import { runOfPlan, type Run } from '../../src/core/run';
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import { describedAs, vitalsOf } from '../contract/leases';
import { applyAll, commanded, completed, planOf, plannedTask } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { startStage, worker } from './stage';

const wide = { types: ['API_CALL', 'NOTIFICATION'], slots: 500, freeSlots: 500 };
const limit = (over: Partial<Limit> & Pick<Limit, 'scope' | 'name'>): Limit => ({
  ...{ maxRunning: null, perSecond: null, burst: null, reason: null, by: null, updatedAt: 0 },
  ...over,
});
const db = (maxRunning: number): Limit => limit({ scope: 'pool', name: 'db', maxRunning });
const inPool = (count: number, other: Partial<PlannedTask> = {}): PlannedTask[] =>
  Array.from({ length: count }, (_, i) => plannedTask(`t${String(i)}`, [], { options: { pool: 'db' }, ...other }));
let minted = 0;
const runOf = (tasks: readonly PlannedTask[], more: Partial<PlannedDag> = {}): Run =>
  runOfPlan({
    ...planOf(
      tasks,
      mintDagId(0, 1_700_000_000_000 + minted++, () => 0.5),
    ),
    ...more,
  });
const all = (run: Run): number[] => run.specs.map((_, task) => task);

/** A stage with one wide worker and real slots and rates; `claims` are of the worker's session. */
const limitedStage = async (limits: readonly Limit[]) => {
  const stage = startStage([worker('w1', wide)]);
  const leases = createMemoryLeases({ clock: stage.clock, leaseMs: 600_000, heartbeatMs: 60_000 });
  const session = await leases.sessions.open(describedAs('w1'), vitalsOf());
  stage.state.workers = [worker('w1', { ...wide, session: session.id })];
  stage.state.permits = leases.permits;
  for (const each of limits) await stage.limitStore.set(each);
  await stage.look();
  /** A worker ran it: its claim is finished, and the law heard of it. */
  const finish = async (run: Run, task: number, { told = true } = {}): Promise<void> => {
    const wanted = { dag: run.dag, task, dispatch: run.dispatch[task]! };
    const needed = stage.limits.of(run, task);
    await leases.claims.claim(session.id, [{ ...wanted, ...(needed === undefined ? {} : { slots: needed.slots }) }]);
    if (told) stage.dispatcher.over(applyAll(run, [{ ...completed(task), dag: run.dag } as ReturnType<typeof completed>], stage.clock.now()).over);
    await turns();
    await leases.claims.finish(session.id, [wanted]);
    await turns();
  };
  const names = (): string[] => stage.sent.map((line) => line.split('#')[0]!);
  return { ...stage, leases, session, finish, names };
};

test('a full pool holds up nobody else, and the next one leaves when one has ended', async () => {
  const stage = await limitedStage([db(2)]);
  const [full, free] = [runOf(inPool(5, { priority: 9 })), runOf([plannedTask('free', [])])];
  await stage.enqueue(full, ...all(full));
  await stage.enqueue(free, 0);
  expect(stage.names()).toEqual(['t0', 't1', 'free']);
  expect(stage.dispatcher.standing().highest).toBeNull();
  await stage.finish(full, 0);
  await stage.clock.advance(5);
  expect(stage.names()).toEqual(['t0', 't1', 'free', 't2']);
});

test('a DAG’s own limit holds up no task of another DAG, of whatever type and pool', async () => {
  const stage = await limitedStage([]);
  const few = runOf(inPool(200), { maxRunning: 3 });
  const many = runOf(Array.from({ length: 10 }, (_, i) => plannedTask(`m${String(i)}`, [])));
  await stage.enqueue(few, ...all(few));
  await stage.enqueue(many, ...all(many));
  expect(stage.names()).toEqual(['t0', 't1', 't2', ...all(many).map((i) => `m${String(i)}`)]);
  expect(stage.dispatcher.ready.sizes().reduce((sum, { size }) => sum + size, 0)).toBe(197);
  for (let task = 0; task < 197; task++) {
    await stage.finish(few, task);
    await stage.clock.advance(5);
  }
  expect(stage.names().filter((name) => name.startsWith('t'))).toEqual(all(few).map((i) => `t${String(i)}`));
});

test('slots that another scheduler frees are found within 50 ms, without asking all the time', async () => {
  const stage = await limitedStage([db(1)]);
  const taken = { dag: mintDagId(1, 1, () => 0.5), task: 0, dispatch: 1 };
  await stage.leases.claims.claim(stage.session.id, [{ ...taken, slots: [{ key: 'pool:db', max: 1 }] }]);
  let asked = 0;
  stage.state.permits = {
    ...stage.leases.permits,
    taken: (keys) => {
      asked += 1;
      return stage.leases.permits.taken(keys);
    },
  };
  const run = runOf(inPool(100));
  await stage.enqueue(run, ...all(run));
  await stage.clock.advance(10_000);
  expect(stage.sent).toEqual([]);
  expect(asked).toBeLessThanOrEqual(10_000 / 50 + 10);
  await stage.leases.claims.finish(stage.session.id, [taken]);
  await stage.clock.advance(50);
  expect(stage.names()).toEqual(['t0']);
});

test('of two limits each is looked at: what waits for the other one leaves its room to the next', async () => {
  const stage = await limitedStage([limit({ scope: 'rate', name: 'slow', perSecond: 0.01, burst: 1 })]);
  const rated = { rateLimit: { name: 'slow' } };
  const tasks = [...Array.from({ length: 4 }, (_, i) => plannedTask(`rated${String(i)}`, [], { options: rated })), plannedTask('plain', [])];
  const run = runOf(tasks, { maxRunning: 2 });
  await stage.enqueue(run, ...all(run));
  expect(stage.names()).toEqual(['rated0', 'plain']);
  await stage.finish(run, 0);
  await stage.clock.advance(50_000);
  expect(stage.names()).toHaveLength(2);
  await stage.clock.advance(51_000);
  expect(stage.names()).toEqual(['rated0', 'plain', 'rated1']);
});

test.each([
  [{ perSecond: 10, burst: 1 }, 50],
  [{ perSecond: 10, burst: 10 }, 59],
  [{ perSecond: 200, burst: 20 }, 1000],
])('a rate lets as many begin as it says: %o', async (bounds, expected) => {
  const stage = await limitedStage([limit({ scope: 'rate', name: 'api', ...bounds })]);
  const keys = ['x', 'y'];
  for (const key of keys) {
    const run = runOf(
      Array.from({ length: 1200 }, (_, i) => plannedTask(`${key}${String(i)}`, [], { options: { rateLimit: { name: 'api', key } } })),
    );
    await stage.enqueue(run, ...all(run));
  }
  stage.state.workers = [worker('w1', { ...wide, slots: 5000, session: stage.session.id })];
  await stage.look();
  for (let ms = 0; ms < 5000; ms += 10) await stage.clock.advance(10);
  for (const key of keys) {
    const begun = stage.names().filter((name) => name.startsWith(key)).length;
    expect(begun).toBeLessThanOrEqual(bounds.perSecond * 5 + bounds.burst);
    expect(begun).toBeGreaterThanOrEqual(expected * 0.9);
  }
});

test('a limit that is raised, lowered and removed is followed at the next look', async () => {
  const stage = await limitedStage([db(1)]);
  const run = runOf(inPool(10));
  await stage.enqueue(run, ...all(run));
  await stage.limitStore.set(db(3));
  await stage.look();
  await stage.clock.advance(60);
  expect(stage.names()).toHaveLength(3);
  await stage.limitStore.set(db(2));
  await stage.look();
  await stage.finish(run, 0);
  await stage.clock.advance(1000);
  expect(stage.names()).toHaveLength(3);
  await stage.limitStore.remove({ scope: 'pool', name: 'db' });
  await stage.look();
  await stage.clock.advance(60);
  expect(stage.names()).toHaveLength(10);
});

test('the slot of a dispatch that nobody ran is free when that is over, and one that a live session runs is not', async () => {
  const stage = await limitedStage([db(2)]);
  const run = runOf(inPool(4));
  await stage.enqueue(run, ...all(run));
  // Task 0 still runs, though the law has given its dispatch up.
  await stage.leases.claims.claim(stage.session.id, [{ dag: run.dag, task: 0, dispatch: 1, slots: [{ key: 'pool:db', max: 2 }] }]);
  stage.dispatcher.over([0, 1].map((task) => ({ dag: run.dag, task, dispatch: 1 })));
  await stage.clock.advance(60);
  expect(stage.names()).toEqual(['t0', 't1', 't2']);
  expect(await stage.leases.permits.taken(['pool:db'])).toEqual([2]);
});

test('while the leases are away what is limited waits, and nothing else', async () => {
  const stage = await limitedStage([db(2)]);
  stage.state.permits = {
    ...stage.leases.permits,
    reserve: () => Promise.reject(failure('LEASES_UNAVAILABLE', 'away')),
    taken: () => Promise.reject(failure('LEASES_UNAVAILABLE', 'away')),
  };
  const [limited, free] = [runOf(inPool(3)), runOf([plannedTask('free', [])])];
  await stage.enqueue(limited, ...all(limited));
  await stage.enqueue(free, 0);
  await stage.clock.advance(1000);
  expect(stage.names()).toEqual(['free']);
  expect(stage.load()).toEqual([[stage.session.id, 1]]);
  stage.state.permits = stage.leases.permits;
  await stage.clock.advance(300);
  expect(stage.names()).toEqual(['free', 't0', 't1']);
});

test('what waits behind a task that could not be sent and is taken away then is sent by itself', async () => {
  const stage = await limitedStage([]);
  const run = runOf([plannedTask('t0', []), plannedTask('t1', [])], { maxRunning: 1 });
  const hold = (): void => {
    stage.state.permits = stage.leases.permits;
    applyAll(run, [{ ...commanded({ kind: 'hold', tasks: [0], resumeAt: null }), dag: run.dag } as ReturnType<typeof commanded>], stage.clock.now());
  };
  stage.state.permits = {
    ...stage.leases.permits,
    reserve: () => {
      // Its worker is full when it comes back, so that nobody looks at it again.
      stage.state.workers = [];
      void stage.look().then(hold);
      return Promise.reject(failure('LEASES_UNAVAILABLE', 'away'));
    },
  };
  await stage.enqueue(run, 0, 1);
  await stage.clock.advance(1000);
  expect(stage.names()).toEqual([]);
  stage.state.workers = [worker('w1', { ...wide, session: stage.session.id })];
  await stage.look();
  for (let second = 0; second < 3; second++) {
    await stage.dispatcher.reviewLimits();
    await stage.clock.advance(1000);
  }
  expect(stage.names()).toEqual(['t1']);
});

test('what waits for an execution of its own that still runs uses up no rate', async () => {
  const stage = await limitedStage([limit({ scope: 'rate', name: 'api', perSecond: 1, burst: 1 })]);
  const run = runOf(['a', 'b', 'c'].map((name) => plannedTask(name, [], { options: { rateLimit: { name: 'api' } } })));
  run.dispatch[0] = 2;
  stage.state.raise = () => ({ kind: 'held', session: stage.session.id, dispatch: 1 });
  await stage.enqueue(run, ...all(run));
  await stage.clock.advance(2500);
  expect(stage.names()).toEqual(['b', 'c']);
  stage.state.raise = () => ({ kind: 'raised' });
  await stage.clock.advance(2000);
  expect(stage.names()).toEqual(['b', 'c', 'a']);
});

test('a slot that could not be freed is freed later', async () => {
  const stage = await limitedStage([db(1)]);
  const run = runOf(inPool(2));
  await stage.enqueue(run, 0, 1);
  stage.state.permits = { ...stage.leases.permits, free: () => Promise.reject(failure('LEASES_UNAVAILABLE', 'away')) };
  stage.dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
  await stage.clock.advance(60);
  expect(stage.names()).toEqual(['t0']);
  stage.state.permits = stage.leases.permits;
  await stage.dispatcher.reviewLimits();
  await stage.clock.advance(60);
  expect(stage.names()).toEqual(['t0', 't1']);
});

test('a DAG with 100,000 tasks and one slot is put aside once, and costs nothing afterwards', async () => {
  const stage = await limitedStage([]);
  const many = runOf(
    Array.from({ length: 100_000 }, (_, i) => plannedTask(String(i), [])),
    { maxRunning: 1 },
  );
  await stage.enqueue(many, ...all(many));
  expect(stage.names()).toEqual(['0']);
  const began = performance.now();
  for (let i = 0; i < 200; i++) {
    const run = runOf([plannedTask(`other${String(i)}`, [])]);
    await stage.enqueue(run, 0);
    stage.dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
  }
  expect(stage.names()).toHaveLength(201);
  expect(performance.now() - began).toBeLessThan(1500);
  stage.dispatcher.shardDropped(0);
  expect([...stage.dispatcher.ready.asides()]).toEqual([]);
});
