/** What every adapter of the views shows: the same suite for each. */
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import type { ChangedRows } from '../../src/ports/live';
import type { OwnedShard } from '../../src/ports/store';
import type { DagFilter, DagViews, TaskFilter, TaskViews } from '../../src/ports/views';
import { at, BACKOFF, batch, dagChange, plannedDag, plannedTask, taskChange } from './records';
import type { OpenStore } from './store';

export interface OpenViews extends OpenStore {
  readonly dags: DagViews;
  readonly tasks: TaskViews;
  readonly changed: ChangedRows;
}

/** Whole milliseconds, as rows keep them. */
const LATE_AT = Date.UTC(2026, 0, 31, 12);

/** `open` is called for each test and gives an empty store. */
export function viewsContract(open: () => Promise<OpenViews>): void {
  let world: OpenViews = {} as OpenViews;
  let owned: OwnedShard[] = [];

  beforeEach(async () => {
    world = await open();
    await world.leases.define(1);
    owned = await world.leases.acquire('contract', 60_000, 1);
  });

  const admit = async (...dags: PlannedDag[]): Promise<void> => {
    await world.store.admit(dags.map((dag) => ({ dag, idempotency: null })));
  };
  const commit = (over: Parameters<typeof batch>[1]): Promise<void> => world.store.commit(batch(at(owned, 1n), over));

  test('what was stored under a key', async () => {
    const dag = plannedDag();
    await world.store.admit([{ dag, idempotency: { key: 'k', bodyHash: 'h' } }]);
    expect(await Promise.all(['k', 'K'].map(world.dags.submittedUnder))).toEqual([{ dag: dag.dagId, bodyHash: 'h' }, undefined]);
  });

  test('of what changed those are shown, too, that are ready because of it; no more than asked for', async () => {
    const dag = plannedDag();
    await admit(dag);
    const shown = async (changed: number, limit = 10) =>
      (await world.changed.tasks(dag.dagId, [changed], limit)).map(({ ref, status }) => [ref.task, status]);
    const end = (task: number): Promise<void> => commit({ tasks: [taskChange(dag, task)] });
    await commit({ tasks: [taskChange(dag, 0, { status: 'RUNNING', completedAt: null })] });
    expect(await shown(0)).toEqual([[0, 'RUNNING']]);
    await end(0);
    expect(await shown(0)).toEqual([
      [0, 'COMPLETED'],
      [1, 'QUEUED'],
      [2, 'QUEUED'],
    ]);
    expect(await shown(0, 2)).toHaveLength(2);
    await end(1);
    expect(await shown(1)).toEqual([[1, 'COMPLETED']]);
    await end(2);
    expect(await shown(2)).toEqual([
      [2, 'COMPLETED'],
      [3, 'QUEUED'],
    ]);
  });

  test('a DAG is shown with its counters and times', async () => {
    const origin = { scheduleId: '11111111-2222-8333-9444-555555555555', scheduledFor: 1_764_000_000_000 };
    const dag = plannedDag({
      description: 'what for',
      tags: ['x', 'y'],
      lateAt: LATE_AT,
      maxRunning: 3,
      tenant: 'acme',
      order: 'critical-path',
      origin,
    });
    expect(await world.dags.dag(dag.dagId)).toBeUndefined();
    await admit(dag);
    const created = {
      id: expect.any(Number) as number,
      dagId: dag.dagId,
      dagName: 'diamond',
      description: 'what for',
      status: 'CREATED',
      tags: ['x', 'y'],
      totalTasks: 4,
      completedTasks: 0,
      failedTasks: 0,
      skippedTasks: 0,
      cancelledTasks: 0,
      createdAt: dag.createdAt,
      startedAt: null,
      completedAt: null,
      reason: null,
      dueAt: null,
      lateAt: LATE_AT,
      maxRunning: 3,
      tenant: 'acme',
      order: 'critical-path',
      scheduleId: '11111111-2222-8333-9444-555555555555',
      scheduledFor: 1_764_000_000_000,
      version: 0,
    };
    expect(await world.dags.dag(dag.dagId)).toEqual(created);
    const counters = {
      status: 'FAILED',
      completedTasks: 1,
      failedTasks: 1,
      skippedTasks: 2,
      cancelledTasks: 0,
      startedAt: dag.createdAt + 1,
      completedAt: dag.createdAt + 9,
      reason: { code: 'CANCELLED', at: 5, by: 'ann', message: 'ü "x"' },
      dueAt: dag.createdAt + 99,
    } as const;
    await commit({ dags: [dagChange(dag, counters)] });
    expect(await world.dags.dag(dag.dagId)).toEqual({ ...created, ...counters });
  });

  test('DAGs are listed newest first, page by page, by each filter', async () => {
    const long = 'ä'.repeat(70);
    const names = ['nightly', 'night%', 'nightly', `${long}x`, `${long}y`, 'other'];
    const dags = names.map((name, i) => plannedDag({ name, tags: i === 0 ? ['t', 'u'] : [], createdAt: 1_700_000_000_000 + i }));
    await admit(...dags);
    await commit({ dags: [dagChange(dags[1]!), dagChange(dags[2]!, { status: 'FAILED' })] });
    const listed = async (filter: DagFilter, limit = 100): Promise<number[]> =>
      (await world.dags.dags(filter, limit)).map(({ dagId }) => dags.findIndex((dag) => dag.dagId === dagId));
    expect(await listed({})).toEqual([5, 4, 3, 2, 1, 0]);
    expect(await listed({ name: 'nightly' })).toEqual([2, 0]);
    expect(await listed({ name: 'night*' })).toEqual([2, 1, 0]);
    expect(await listed({ name: 'night%*' })).toEqual([1]);
    expect(await listed({ name: `${long}x` })).toEqual([3]);
    expect(await listed({ name: `${long}*` })).toEqual([4, 3]);
    expect(await listed({ name: '*' }, 2)).toEqual([5, 4]);
    expect(await listed({ status: ['FAILED', 'RUNNING'] })).toEqual([2, 1]);
    expect(await listed({ status: [] })).toEqual([]);
    expect(await listed({ tag: 'u' })).toEqual([0]);
    expect(await listed({ createdAfter: 1_700_000_000_001, createdBefore: 1_700_000_000_004 })).toEqual([3, 2]);
    const third = (await world.dags.dags({}, 3))[2]!;
    expect((await world.dags.dags({ name: 'night*' }, 2, { id: third.id })).map(({ dagId }) => dagId)).toEqual([dags[2]!.dagId, dags[1]!.dagId]);
  });

  test('a task is shown whole, with the names of its dependencies', async () => {
    const rich = plannedTask('d', {
      dependencies: [2, 0],
      priority: 7,
      tags: ['t'],
      timeoutSeconds: 2.5,
      payload: '{"a":1}',
      simulate: { failureRate: 0.5 },
    });
    const dag = plannedDag({ tasks: ['a', 'b', 'c'].map((name) => plannedTask(name)).concat(rich) });
    await admit(dag);
    const ref = { dag: dag.dagId, task: 3 };
    const fresh = {
      ref,
      taskName: 'd',
      type: 'DATA_PROCESSING',
      status: 'PENDING',
      dependencies: ['c', 'a'],
      priority: 7,
      tags: ['t'],
      attempt: 0,
      maxRetries: 3,
      backoff: BACKOFF,
      timeoutSeconds: 2.5,
      simulate: { failureRate: 0.5 },
      payload: '{"a":1}',
      workerId: null,
      createdAt: dag.createdAt,
      queuedAt: null,
      dispatchedAt: null,
      startedAt: null,
      completedAt: null,
      retryAt: null,
      dueAt: null,
      options: null,
      reason: null,
      budgets: null,
      losses: 0,
      result: null,
      error: null,
      progress: null,
      blockedMs: 0,
      queuedMs: 0,
      dispatchedMs: 0,
      runningMs: 0,
      retryWaitMs: 0,
    };
    expect(await world.tasks.task(ref)).toEqual(fresh);
    const error = { kind: 'HANDLER', message: 'it broke' } as const;
    const change = taskChange(dag, 3, {
      status: 'RETRYING',
      error: JSON.stringify(error),
      progress: 0.25,
      result: 'null',
      dueAt: dag.createdAt + 99,
      losses: 2,
      budgets: { kills: 1 },
    });
    await commit({ tasks: [change] });
    const { queuedAt, dispatchedAt, startedAt, completedAt, blockedMs, queuedMs, dispatchedMs, runningMs, retryWaitMs } = change;
    expect(await world.tasks.task(ref)).toEqual({
      ...fresh,
      status: 'RETRYING',
      attempt: 1,
      workerId: 'worker-1',
      error,
      progress: 0.25,
      result: 'null',
      retryAt: dag.createdAt + 99,
      dueAt: dag.createdAt + 99,
      losses: 2,
      budgets: { kills: 1 },
      queuedAt,
      dispatchedAt,
      startedAt,
      completedAt,
      blockedMs,
      queuedMs,
      dispatchedMs,
      runningMs,
      retryWaitMs,
    });
    expect(await world.tasks.task({ dag: dag.dagId, task: 4 })).toBeUndefined();
  });

  test('a PENDING task whose dependencies are complete is shown as QUEUED, since the last of them was', async () => {
    const dag = plannedDag();
    await admit(dag);
    const end = dag.createdAt + 50;
    await commit({ tasks: [taskChange(dag, 0), taskChange(dag, 1, { completedAt: end })], dags: [dagChange(dag, { completedTasks: 2 })] });
    const shown = (await world.tasks.tasksOf(dag.dagId, 0, 10)).map(({ status, queuedAt }) => [status, queuedAt]);
    expect(shown).toEqual([
      ['COMPLETED', dag.createdAt],
      ['COMPLETED', dag.createdAt],
      ['QUEUED', dag.createdAt + 12],
      ['PENDING', null],
    ]);
    expect(await world.tasks.task({ dag: dag.dagId, task: 2 })).toMatchObject({ status: 'QUEUED' });
    await commit({ tasks: [taskChange(dag, 2, { status: 'FAILED' })], dags: [dagChange(dag, { completedTasks: 2, failedTasks: 1 })] });
    expect(await world.tasks.task({ dag: dag.dagId, task: 3 })).toMatchObject({ status: 'PENDING' });
    for (const [status, expected] of [
      ['QUEUED', []],
      ['PENDING', [3]],
      ['FAILED', [2]],
      ['COMPLETED', [0, 1]],
      ['SKIPPED', []],
    ] as const) {
      expect((await world.tasks.tasks({ status: [status] }, 10)).map(({ ref }) => ref.task)).toEqual(expected);
    }
  });

  test('a page of a DAG names dependencies that are outside the page', async () => {
    const dag = plannedDag({}, [[], [0], [1, 0], [2, 0]]);
    await admit(dag, plannedDag());
    const page = await world.tasks.tasksOf(dag.dagId, 2, 1);
    expect(page.map(({ taskName, dependencies }) => [taskName, dependencies])).toEqual([['c', ['b', 'a']]]);
    expect(await world.tasks.tasksOf(dag.dagId, 4, 10)).toEqual([]);
  });

  test('tasks over all DAGs come newest DAG first, by index, each once over all pages, by each filter', async () => {
    const dags = [0, 1, 2].map((i) => plannedDag({ createdAt: 1_700_000_000_000 + i }));
    await admit(
      ...dags,
      plannedDag({
        createdAt: 1_700_000_000_009,
        tasks: [plannedTask('x%', { type: 'API_CALL', tags: ['t'], options: { pool: 'db' } }), plannedTask('xy')],
      }),
    );
    const all = await world.tasks.tasks({}, 100);
    expect(all.map(({ taskName }) => taskName).join('')).toBe('x%xyabcdabcdabcd');
    expect(all[2]?.ref).toEqual({ dag: dags[2]!.dagId, task: 0 });
    for (const size of [1, 3, 5]) {
      const paged = [];
      for (let page = await world.tasks.tasks({}, size); page.length > 0; page = await world.tasks.tasks({}, size, page.at(-1)!.ref))
        paged.push(...page);
      expect(paged).toEqual(all);
    }
    const named = async (filter: TaskFilter): Promise<string> => (await world.tasks.tasks(filter, 100)).map(({ taskName }) => taskName).join(' ');
    expect(await named({ name: 'x%*' })).toBe('x%');
    expect(await named({ name: 'b' })).toBe('b b b');
    expect(await named({ type: 'API_CALL' })).toBe('x%');
    expect(await named({ pool: 'db' })).toBe('x%');
    expect(await named({ tag: 't' })).toBe('x%');
    expect(await named({ createdAfter: 1_700_000_000_001, createdBefore: 1_700_000_000_009 })).toBe('a b c d');
    expect(await named({ status: ['PENDING'], name: 'd' })).toBe('d d d');
    expect(await named({ status: [] })).toBe('');
  });

  test('pools are those of live DAGs, with what runs and what is ready in each', async () => {
    const inPool = (pool: string, more: Partial<PlannedTask> = {}) => ({ ...more, options: { pool } });
    const tasks = [
      plannedTask('a', inPool('db')),
      plannedTask('b', inPool('db')),
      plannedTask('c', inPool('db', { dependencies: [0] })),
      plannedTask('d', inPool('mail', { dependencies: [0] })),
      plannedTask('e', inPool('done')),
      plannedTask('f'),
    ];
    const [live, over] = [plannedDag({ tasks }), plannedDag({ tasks: [plannedTask('z', inPool('old'))] })];
    await admit(live, over);
    await commit({
      tasks: [taskChange(live, 0, { status: 'RUNNING' }), taskChange(live, 4), taskChange(over, 0, { status: 'QUEUED' })],
      dags: [dagChange(live, { completedTasks: 1 }), dagChange(over, { status: 'CANCELLED' })],
    });
    const pools = [
      { name: 'db', running: 1, waiting: 1 },
      { name: 'mail', running: 0, waiting: 0 },
    ];
    expect(await world.tasks.pools(10)).toEqual(pools);
    expect(await world.tasks.pools(1)).toEqual(pools.slice(0, 1));
  });

  test('what a task waits for: its unfinished direct dependencies, some named, all counted', async () => {
    const dag = plannedDag({ maxRunning: 2 }, [[], [], [], [0, 1, 2], []]);
    await admit(dag);
    await commit({ tasks: [taskChange(dag, 1)], dags: [dagChange(dag, { completedTasks: 1 })] });
    const unfinished = { ref: { dag: dag.dagId, task: 0 }, name: 'a', status: 'QUEUED' };
    expect(await world.tasks.blockers({ dag: dag.dagId, task: 3 }, 1)).toEqual({
      dagStatus: 'RUNNING',
      unfinished: [unfinished],
      unfinishedTotal: 2,
      maxRunning: 2,
      triggerRule: 'all_success',
      hold: null,
      pause: null,
    });
    expect(await world.tasks.blockers({ dag: dag.dagId, task: 4 }, 5)).toMatchObject({ dagStatus: 'RUNNING', unfinished: [], unfinishedTotal: 0 });
    expect(await world.tasks.blockers({ dag: dag.dagId, task: 5 }, 5)).toBeUndefined();
  });

  test('what a task waits for names its trigger rule, who holds it and who paused its DAG', async () => {
    const options = { triggerRule: 'all_done', queueTimeoutSeconds: 5 } as const;
    const dag = plannedDag({ tasks: [plannedTask('a'), plannedTask('b', { dependencies: [0], options })] });
    await admit(dag);
    const hold = { code: 'HELD', at: 7, by: 'ann', message: 'until it rains', resumeAt: 9 } as const;
    const pause = { code: 'PAUSED', at: 8, by: 'bob' } as const;
    await commit({
      tasks: [taskChange(dag, 1, { status: 'PENDING', reason: hold, dueAt: 9 })],
      dags: [dagChange(dag, { status: 'PAUSED', reason: pause })],
    });
    const ref = { dag: dag.dagId, task: 1 };
    expect(await world.tasks.blockers(ref, 5)).toMatchObject({ dagStatus: 'PAUSED', triggerRule: 'all_done', hold, pause, unfinishedTotal: 1 });
    expect(await world.tasks.task(ref)).toMatchObject({ options, reason: hold, dueAt: 9, retryAt: null });
    await commit({ dags: [dagChange(dag, { status: 'RUNNING' })] });
    expect(await world.tasks.blockers(ref, 5)).toMatchObject({ pause: null, maxRunning: null });
  });

  test('each trigger rule decides what a PENDING row is shown as, alone and in lists', async () => {
    const rules = ['all_success', 'all_done', 'one_success', 'none_failed', 'always'] as const;
    const parents = ['c', 'f', 'h', 'o'].map((name) => plannedTask(name));
    const on = (...dependencies: number[]) => rules.map((triggerRule) => plannedTask(triggerRule, { dependencies, options: { triggerRule } }));
    // On COMPLETED + FAILED, on COMPLETED + skipped by hand, on COMPLETED + still open.
    const dag = plannedDag({ tasks: [...parents, ...on(0, 1), ...on(0, 2), ...on(0, 3)] });
    await admit(dag);
    const end = dag.createdAt + 50;
    await commit({
      tasks: [
        taskChange(dag, 0),
        taskChange(dag, 1, { status: 'FAILED', completedAt: end }),
        taskChange(dag, 2, { status: 'SKIPPED', completedAt: end, reason: { code: 'SKIPPED_BY_HAND', at: 1 } }),
        taskChange(dag, 3, { status: 'RUNNING', completedAt: null }),
        ...rules.map((_, i) => taskChange(dag, 4 + i, { status: 'PENDING', queuedAt: null, completedAt: null })),
        taskChange(dag, 13, { status: 'PENDING', queuedAt: null, completedAt: null, reason: { code: 'HELD', at: 1 } }),
      ],
      dags: [dagChange(dag)],
    });
    const shown = (await world.tasks.tasksOf(dag.dagId, 4, 20)).map(({ taskName, status }) => (status === 'QUEUED' ? taskName : '-'));
    expect(shown.slice(0, 5)).toEqual(['-', 'all_done', 'one_success', '-', 'always']);
    expect(shown.slice(5, 10)).toEqual(['-', 'all_done', 'one_success', 'none_failed', '-']);
    expect(shown.slice(10)).toEqual(['-', '-', 'one_success', '-', 'always']);
    const listed = await world.tasks.tasks({ status: ['QUEUED'] }, 100);
    expect(listed.map(({ ref }) => ref.task)).toEqual([5, 6, 8, 10, 11, 12, 16, 18]);
    expect((await world.tasks.task({ dag: dag.dagId, task: 5 }))?.queuedAt).toBe(end);
    expect((await world.tasks.task({ dag: dag.dagId, task: 16 }))?.queuedAt).toBe(dag.createdAt + 12);
  });
}
