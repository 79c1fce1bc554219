/** What every store promises to the engine: the same suite for each adapter. */
import fc from 'fast-check';
import type { DagRecord } from '../../src/core/change';
import type { PlannedDag } from '../../src/core/dag';
import { taskIdOf } from '../../src/core/ids';
import type { OwnedShard, RunStore, ShardLeases, Submission, WorkIndex } from '../../src/ports/store';
import { at, batch, dagChange, plannedDag, plannedTask, taskChange } from './records';

export interface OpenStore {
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly leases: ShardLeases;
}

export const SHARDS = 4;
const LEASE_MS = 60_000;

const alone = (dag: PlannedDag): Submission[] => [{ dag, idempotency: null }];
const keyed = (key: string, bodyHash = 'h'): Submission => ({ dag: plannedDag(), idempotency: { key, bodyHash } });

/** `open` is called once and gives an empty store for SHARDS shards. */
export function storeContract(open: () => Promise<OpenStore>): void {
  let { store, work, leases }: OpenStore = {} as OpenStore;
  let owned: OwnedShard[] = [];

  beforeAll(async () => {
    ({ store, work, leases } = await open());
    await leases.define(SHARDS);
    owned = await leases.acquire('contract', LEASE_MS, SHARDS);
  });

  const live = async (shard: number): Promise<DagRecord[]> => {
    const found: DagRecord[] = [];
    for await (const page of store.liveDags(shard)) found.push(...page);
    return found;
  };

  const positionOf = async (shard: number): Promise<OwnedShard> => {
    const taken = await leases.retake('contract', LEASE_MS, shard);
    if (taken === undefined) throw new Error('the shard is not ours');
    owned = owned.map((one) => (one.shard === shard ? taken : one));
    return taken;
  };

  test('admits a DAG whole: roots are QUEUED, the rest is PENDING, and everything planned comes back', async () => {
    const dag = plannedDag({ shard: 1, name: 'ü "quoted" \\ {a,b} NULL', tags: ['x,y', '"z"', ''] }, [[], [0]]);
    const rich = plannedTask('last', {
      dependencies: [1, 0],
      priority: 9,
      tags: ['a b', 'NULL', '{}'],
      timeoutSeconds: 1.5,
      payload: '{"u":"\\u0000"}',
      simulate: { durationMs: [1, 2], seed: 7 },
      retry: { maxRetries: 0, backoff: { type: 'fixed', initialMs: 5, factor: 1, maxMs: 5, jitter: 0 } },
    });
    const asked = [0, 1].map((n) => plannedTask(`asked ${String(n)}`, { dependencies: n === 0 ? [] : [0], options: { requiresApproval: true } }));
    const [admission] = await store.admit(alone({ ...dag, tasks: [...dag.tasks, rich, ...asked] }));
    expect(admission).toEqual({ kind: 'stored', id: expect.any(Number) as number });
    const record = await store.liveDag(dag.dagId);
    expect(record).toMatchObject({
      dag: dag.dagId,
      shard: 1,
      name: dag.name,
      status: 'CREATED',
      createdAt: dag.createdAt,
      completedTasks: 0,
      startedAt: null,
    });
    expect(record?.tasks.map(({ task, status, queuedAt }) => [task, status, queuedAt])).toEqual([
      [0, 'QUEUED', dag.createdAt],
      [1, 'PENDING', null],
      ...[2, 3, 4].map((task) => [task, 'PENDING', null]),
    ]);
    const hold = { code: 'HELD', at: dag.createdAt } as const;
    const reasons = [null, null, null, { ...hold, approval: 'AWAITED' }, { ...hold, approval: 'REQUIRED' }];
    expect(record?.tasks.map(({ reason, dueAt }) => [reason, dueAt])).toEqual(reasons.map((reason) => [reason, null]));
    const { payload, ...planned } = rich;
    expect(record?.tasks[2]).toMatchObject({
      ...planned,
      hasPayload: payload !== null,
      hasResult: false,
      hasCheckpoint: false,
      attempt: 0,
      dispatch: 0,
    });
  });

  test('keeps the trace of a DAG that has one', async () => {
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-b7ad6b7169203331';
    const [traced, other] = [plannedDag({ trace }), plannedDag()];
    await store.admit([...alone(traced), ...alone(other)]);
    expect([(await store.liveDag(traced.dagId))?.trace, (await store.liveDag(other.dagId))?.trace]).toEqual([trace, null]);
  });

  test('answers in the order given, with numbers that grow', async () => {
    const dags = Array.from({ length: 20 }, () => plannedDag());
    const answers = await store.admit(dags.map((dag) => ({ dag, idempotency: null })));
    const ids = answers.map((answer) => (answer.kind === 'stored' ? answer.id : -1));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(20);
    expect(await store.admit([])).toEqual([]);
  });

  test('refuses content that can never be stored, and stores nothing of it', async () => {
    const good = plannedDag();
    const bad = plannedDag({ name: 'nul \u0000 byte' });
    await expect(store.admit([...alone(good), ...alone(bad)])).rejects.toMatchObject({ code: 'UNSTORABLE' });
    expect(await store.liveDag(good.dagId)).toBeUndefined();
    await expect(store.admit(alone(bad))).rejects.toMatchObject({ code: 'UNSTORABLE' });
    expect(await store.admit(alone(good))).toMatchObject([{ kind: 'stored' }]);
  });

  test('stores any text and any graph as it is', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\u0000', ''));
    const tasks = fc.array(fc.record({ name: text, tags: fc.array(text, { maxLength: 3 }), payload: fc.option(fc.json()) }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(text, tasks, async (name, drawn) => {
        const dag = plannedDag({
          name,
          tasks: drawn.map((over, i) => plannedTask('', { ...over, dependencies: Array.from({ length: i }, (_, d) => d) })),
        });
        await store.admit(alone(dag));
        const record = await store.liveDag(dag.dagId);
        expect(record?.name).toBe(name);
        expect(record?.tasks.map((task) => [task.name, task.tags, task.dependencies])).toEqual(
          dag.tasks.map((task) => [task.name, task.tags, task.dependencies]),
        );
        const inputs = await work.inputs(
          dag.tasks.map((_, task) => ({ dag: dag.dagId, task })),
          Infinity,
        );
        expect(dag.tasks.map((_, task) => inputs.get(taskIdOf(dag.dagId, task))?.payload)).toEqual(dag.tasks.map((task) => task.payload));
      }),
      { numRuns: 40 },
    );
  });

  test('the same key stores once: of two at the same time exactly one, later ones are told which', async () => {
    const first = Array.from({ length: 8 }, () => [keyed('k1'), keyed('k2')]);
    const answers = await Promise.all(first.map((pair, i) => store.admit(i % 2 === 0 ? pair : [...pair].reverse())));
    for (const key of ['k1', 'k2']) {
      const outcomes = first
        .flatMap((pair, i) => (i % 2 === 0 ? pair : [...pair].reverse()).map((sent, j) => ({ sent, answer: answers[i]?.[j] })))
        .filter(({ sent }) => sent.idempotency?.key === key);
      const winners = outcomes.filter(({ answer }) => answer?.kind === 'stored').map(({ sent }) => sent.dag.dagId);
      expect(winners).toHaveLength(1);
      const others = outcomes.filter(({ answer }) => answer?.kind !== 'stored');
      expect(others.map(({ answer }) => answer)).toEqual(others.map(() => ({ kind: 'repeated', dag: winners[0], sameBody: true })));
      for (const { sent } of others) expect(await store.liveDag(sent.dag.dagId)).toBeUndefined();
      expect((await store.liveDag(winners[0]!))?.tasks).toHaveLength(4);
    }
    expect(await store.admit([keyed('k1', 'another body')])).toMatchObject([{ kind: 'repeated', sameBody: false }]);
    expect(await store.admit([keyed('k3'), keyed('k3', 'x'), keyed('k4')])).toMatchObject([
      { kind: 'stored' },
      { kind: 'repeated', sameBody: false },
      { kind: 'stored' },
    ]);
  });

  test('a key whose submission was refused is free', async () => {
    const bad = { ...keyed('k5'), dag: plannedDag({ name: '\u0000' }) };
    await expect(store.admit([bad])).rejects.toMatchObject({ code: 'UNSTORABLE' });
    expect(await store.admit([keyed('k5')])).toMatchObject([{ kind: 'stored' }]);
  });

  test('a commit writes the whole state; absent texts stay, null clears', async () => {
    const dag = plannedDag();
    await store.admit(alone(dag));
    const told = taskChange(dag, 0, {
      result: '{"r":"\\u0000 \\" \\\\"}',
      error: '{"kind":"HANDLER","message":"m"}',
      checkpoint: 'null',
      progress: 0.5,
    });
    await store.commit(batch(at(owned, 5n), { tasks: [told], dags: [dagChange(dag, { completedTasks: 1, startedAt: dag.createdAt + 7 })] }));
    const { status, attempt, dispatch, losses, worker, session, fence, queuedAt, startedAt, completedAt, retryWaitMs } = told;
    const state = { status, attempt, dispatch, losses, worker, session, fence, queuedAt, startedAt, completedAt, retryWaitMs };
    expect(await store.liveDag(dag.dagId)).toMatchObject({ status: 'RUNNING', completedTasks: 1, startedAt: dag.createdAt + 7, completedAt: null });
    expect((await store.liveDag(dag.dagId))?.tasks[0]).toMatchObject({ ...state, hasResult: true, hasCheckpoint: true });
    const inputs = async (task: number) => (await work.inputs([{ dag: dag.dagId, task }], Infinity)).get(taskIdOf(dag.dagId, task));
    expect(await inputs(0)).toEqual({ payload: null, checkpoint: 'null', upstream: {} });
    expect(await inputs(1)).toEqual({ payload: null, checkpoint: null, upstream: { a: told.result } });
    await store.commit(batch(at(owned, 6n), { tasks: [taskChange(dag, 0, { status: 'RETRYING', attempt: 2, fence: null, completedAt: null })] }));
    expect(await inputs(1)).toMatchObject({ upstream: { a: told.result } });
    expect((await store.liveDag(dag.dagId))?.tasks[0]).toMatchObject({
      status: 'RETRYING',
      attempt: 2,
      fence: null,
      completedAt: null,
      hasResult: true,
      hasCheckpoint: true,
    });
    await store.commit(batch(at(owned, 7n), { tasks: [taskChange(dag, 0, { result: null, checkpoint: null })] }));
    expect((await store.liveDag(dag.dagId))?.tasks[0]).toMatchObject({ hasResult: false, hasCheckpoint: false });
  });

  test('which checkpoint a row holds is kept until another one is written', async () => {
    const dag = plannedDag();
    await store.admit(alone(dag));
    const mark = async () => (await store.liveDag(dag.dagId))?.tasks[0]?.checkpointMark;
    expect(await mark()).toBeNull();
    const checkpointMark = { fence: '9007199254740993123', sequence: 7 };
    await store.commit(batch(at(owned, 41n), { tasks: [taskChange(dag, 0, { checkpoint: '{"at":7}', checkpointMark }), taskChange(dag, 1)] }));
    expect(await mark()).toEqual(checkpointMark);
    expect((await store.liveDag(dag.dagId))?.tasks[1]?.checkpointMark).toBeNull();
    await store.commit(batch(at(owned, 42n), { tasks: [taskChange(dag, 0, { status: 'RETRYING' })] }));
    expect(await mark()).toEqual(checkpointMark);
    const next = { fence: '9007199254740993124', sequence: 1 };
    await store.commit(batch(at(owned, 43n), { tasks: [taskChange(dag, 0, { checkpoint: '{"at":8}', checkpointMark: next })] }));
    expect(await mark()).toEqual(next);
    await store.commit(batch(at(owned, 44n), { tasks: [taskChange(dag, 0, { checkpoint: null })] }));
    expect(await mark()).toBeNull();
  });

  test('a commit with shards alone moves their position, which the next owner is told', async () => {
    await store.commit(batch(at(owned.slice(1, 3), 9_007_199_254_740_993n)));
    expect((await positionOf(2)).position).toEqual({
      nextOffset: 9_007_199_254_740_993n,
      last: { timestamp: 1_700_000_000_123, hash: 'hash of 9007199254740993' },
    });
    await store.commit(batch([{ ...owned[2]!, position: { nextOffset: 0n, last: null } }]));
    expect((await positionOf(2)).position).toEqual({ nextOffset: 0n, last: null });
  });

  test('a commit under an old epoch of any shard writes nothing at all', async () => {
    const dag = plannedDag();
    await store.admit(alone(dag));
    const stale = [...owned];
    const before = (await positionOf(0)).position;
    await positionOf(3);
    await expect(store.commit(batch(at(stale, 77n), { tasks: [taskChange(dag, 0)], dags: [dagChange(dag)] }))).rejects.toMatchObject({
      code: 'STALE_EPOCH',
    });
    expect(await store.liveDag(dag.dagId)).toMatchObject({ status: 'CREATED', tasks: [{ status: 'QUEUED' }, {}, {}, {}] });
    for (const shard of [0, 1, 2, 3]) expect((await positionOf(shard)).position.nextOffset).not.toBe(77n);
    expect((await positionOf(0)).position).toEqual(before);
  });

  test('a commit whose content is refused writes nothing at all', async () => {
    const dag = plannedDag();
    await store.admit(alone(dag));
    const before = (await positionOf(0)).position;
    const tasks = [taskChange(dag, 0), taskChange(dag, 1, { result: '"\u0000"' })];
    await expect(store.commit(batch(at(owned, 78n), { tasks }))).rejects.toMatchObject({ code: 'UNSTORABLE' });
    expect((await store.liveDag(dag.dagId))?.tasks[0]?.status).toBe('QUEUED');
    expect((await positionOf(0)).position).toEqual(before);
  });

  test('commits and retakes at the same time: what an old epoch wrote, the new owner was told', async () => {
    for (let round = 1n; round <= 30n; round++) {
      const mine = owned[0]!;
      const offset = 1_000n * round;
      const [written, taken] = await Promise.all([
        store.commit(batch(at([mine], offset))).then(
          () => true,
          () => false,
        ),
        leases.retake('contract', LEASE_MS, 0),
      ]);
      expect(taken?.position.nextOffset === offset).toBe(written);
      owned = owned.map((one) => (one.shard === 0 ? taken! : one));
    }
  });

  test('live DAGs come shard by shard, oldest first, without the final ones', async () => {
    const [first, ended, second, elsewhere] = [
      plannedDag({ shard: 3 }),
      plannedDag({ shard: 3 }),
      plannedDag({ shard: 3 }, [[], [0]]),
      plannedDag({ shard: 2 }),
    ];
    for (const dag of [first, ended, second, elsewhere]) await store.admit(alone(dag));
    await store.commit(
      batch(at(owned, 20n), { dags: [dagChange(ended, { status: 'FAILED', failedTasks: 1, skippedTasks: 3, completedAt: Date.now() })] }),
    );
    const records = await live(3);
    expect(records.map((record) => record.dag)).toEqual([first.dagId, second.dagId]);
    expect(records[1]?.tasks.map((task) => task.task)).toEqual([0, 1]);
    expect(await store.liveDag(ended.dagId)).toBeUndefined();
  });

  test('more live DAGs and tasks than one page come once each, tasks in order', async () => {
    const dags = Array.from({ length: 1_300 }, () => plannedDag({ shard: 2 }, [[], [0]]));
    const wide = plannedDag({ shard: 2 }, [[], ...Array.from({ length: 12_000 }, () => [0])]);
    await store.admit([...dags, wide].map((dag) => ({ dag, idempotency: null })));
    const records = (await live(2)).filter(({ name }) => name === 'diamond');
    const ours = new Set([...dags, wide].map((dag) => dag.dagId));
    expect(records.filter(({ dag }) => ours.has(dag)).map(({ dag }) => dag)).toEqual([...dags, wide].map((dag) => dag.dagId));
    const found = records.find(({ dag }) => dag === wide.dagId);
    expect(found?.tasks.map(({ task }) => task)).toEqual(wide.tasks.map((_, i) => i));
  });

  test('created DAGs are found by shard and window until something happens to them', async () => {
    const time = 1_600_000_000_000;
    const dags = [0, 1, 2, 3].map((i) => plannedDag({ shard: i === 3 ? 1 : 0, createdAt: time + i }));
    await store.admit(dags.map((dag) => ({ dag, idempotency: null })));
    const ids = dags.map((dag) => dag.dagId);
    const window = { fromMs: time, toMs: time + 2 };
    expect(await store.createdDags([0, 1], window, 10)).toEqual(ids.slice(0, 2));
    expect(await store.createdDags([1], { fromMs: time, toMs: time + 10 }, 10)).toEqual([ids[3]]);
    expect(await store.createdDags([0, 1], window, 1)).toEqual(ids.slice(0, 1));
    await store.commit(batch(at(owned, 21n), { dags: [dagChange(dags[0]!)] }));
    expect(await store.createdDags([0, 1], window, 10)).toEqual([ids[1]]);
  });

  test('waits are found when due, by shard, soonest first', async () => {
    const dag = plannedDag({ shard: 1 });
    await store.admit(alone(dag));
    const time = 1_500_000_000_000;
    const waiting = [30, 10, 20].map((ms, task) => taskChange(dag, task, { status: 'RETRYING', dispatch: task + 1, dueAt: time + ms }));
    await store.commit(batch(at(owned, 22n), { tasks: waiting }));
    expect(await work.due([1], time + 20, 10)).toEqual([
      { dag: dag.dagId, task: 1, dispatch: 2, dueAt: time + 10 },
      { dag: dag.dagId, task: 2, dispatch: 3, dueAt: time + 20 },
    ]);
    expect(await work.due([1], time + 100, 1)).toHaveLength(1);
    expect(await work.due([0, 2, 3], time + 100, 10)).toEqual([]);
    await store.commit(batch(at(owned, 23n), { tasks: [taskChange(dag, 1)] }));
    expect((await work.due([1], time + 100, 10)).map(({ task }) => task)).toEqual([2, 0]);
  });

  test('options, reasons, budgets and deadlines come back; what waits for nothing is QUEUED with its first deadline', async () => {
    const options = {
      triggerRule: 'always',
      queueTimeoutSeconds: 5,
      totalTimeoutSeconds: 2.5,
      noRetryOn: ['E "x"'],
      rateLimit: { name: 'api', key: 'ü' },
    } as const;
    const dag = plannedDag({
      dueAt: 1_800_000_000_000,
      maxRunning: 7,
      tenant: 'acme',
      order: 'critical-path',
      tasks: [
        plannedTask('a', { options: { totalTimeoutSeconds: 9 } }),
        plannedTask('b', { dependencies: [0], options }),
        plannedTask('c', { dependencies: [0] }),
      ],
    });
    await store.admit(alone(dag));
    const record = await store.liveDag(dag.dagId);
    expect(record).toMatchObject({ dueAt: dag.dueAt, maxRunning: 7, tenant: 'acme', order: 'critical-path', reason: null, version: 0 });
    expect(record?.tasks.map(({ status, dueAt, budgets, reason }) => [status, dueAt, budgets, reason])).toEqual([
      ['QUEUED', dag.createdAt + 9_000, null, null],
      ['QUEUED', dag.createdAt + 2_500, null, null],
      ['PENDING', null, null, null],
    ]);
    expect(record?.tasks[1]?.options).toEqual(options);
    const reason = { code: 'HELD', at: 5, by: 'ü "ann"', message: '\u0000', resumeAt: 9 } as const;
    const pause = { code: 'PAUSED', at: 6, message: 'lunch' } as const;
    const changes = [
      taskChange(dag, 0, { status: 'CANCELLING', reason: { code: 'CANCELLED', at: 4 }, budgets: { deaths: 2, kills: 1, timeouts: 3 } }),
      taskChange(dag, 2, { status: 'PENDING', reason, dueAt: 9, payload: '{"edited":1}' }),
    ];
    await store.commit(batch(at(owned, 25n), { tasks: changes, dags: [dagChange(dag, { status: 'PAUSED', reason: pause, dueAt: 77 })] }));
    const changed = await store.liveDag(dag.dagId);
    expect(changed).toMatchObject({ status: 'PAUSED', reason: pause, dueAt: 77 });
    expect(changed?.tasks[0]).toMatchObject({ status: 'CANCELLING', reason: changes[0]?.reason, budgets: changes[0]?.budgets });
    expect(changed?.tasks[2]).toMatchObject({ status: 'PENDING', reason, dueAt: 9, hasPayload: true });
    expect((await work.inputs([{ dag: dag.dagId, task: 2 }], Infinity)).get(taskIdOf(dag.dagId, 2))?.payload).toBe('{"edited":1}');
    expect((await live(0)).map((each) => each.dag)).toContain(dag.dagId);
    await store.commit(batch(at(owned, 26n), { tasks: [taskChange(dag, 2)], dags: [dagChange(dag, { status: 'CANCELLED', reason: null })] }));
    expect(await store.liveDag(dag.dagId)).toBeUndefined();
    expect(await store.anyDag(dag.dagId)).toMatchObject({
      status: 'CANCELLED',
      reason: null,
      dueAt: null,
      tasks: [{}, {}, { reason: null, hasPayload: true }],
    });
  });

  test('DAGs whose own time is over are found by shard, soonest first, while they are live', async () => {
    const time = 1_400_000_000_000;
    const dags = [30, 10, 20].map((ms, i) => plannedDag({ shard: i === 2 ? 1 : 0, dueAt: time + ms }));
    await store.admit(dags.map((dag) => ({ dag, idempotency: null })));
    expect(await work.dueDags([0, 1], time + 20, 10)).toEqual([dags[1]!.dagId, dags[2]!.dagId]);
    expect(await work.dueDags([0], time + 100, 1)).toEqual([dags[1]!.dagId]);
    await store.commit(batch(at(owned, 27n), { dags: [dagChange(dags[1]!, { status: 'FAILED', dueAt: time + 10 })] }));
    expect(await work.dueDags([0, 1], time + 100, 10)).toEqual([dags[2]!.dagId, dags[0]!.dagId]);
  });

  test('a task that is replaced stays in the state in which it was', async () => {
    const dag = plannedDag({}, [[], [0]]);
    await store.admit(alone(dag));
    const reason = { code: 'HELD', at: 5, by: 'ada' } as const;
    const held = taskChange(dag, 1, {
      status: 'PENDING',
      dispatch: 3,
      losses: 1,
      reason,
      checkpoint: '{"at":1}',
      startedAt: null,
      completedAt: null,
    });
    await store.commit(batch(at(owned, 31n), { tasks: [held] }));
    const as = plannedTask('another', { dependencies: [0], priority: 9, payload: '{"new":1}' });
    const edit = { version: 0, added: [], replaced: [{ task: 1, as }], removed: [] };
    await store.commit(batch(at(owned, 32n), { edits: [{ dag: dag.dagId, shard: 0, version: 1, firstAdded: 2, edit }] }));
    const record = await store.liveDag(dag.dagId);
    expect(record).toMatchObject({ version: 1 });
    expect(record?.tasks[1]).toMatchObject({
      ...{ name: 'another', priority: 9, hasPayload: true },
      ...{ status: 'PENDING', dispatch: 3, losses: 1, reason, hasCheckpoint: true },
    });
  });

  test('a DAG of 100,000 tasks and 1,000,000 edges is stored whole, in seconds', async () => {
    const dependencies = Array.from({ length: 100_000 }, (_, i) => (i < 10 ? [] : Array.from({ length: 10 }, (_edge, d) => i - 1 - d)));
    const dag = plannedDag({}, dependencies);
    const begun = performance.now();
    await store.admit(alone(dag));
    expect(performance.now() - begun).toBeLessThan(15_000);
    const record = await store.liveDag(dag.dagId);
    expect(record?.tasks).toHaveLength(100_000);
    expect(record?.tasks[99_999]?.dependencies).toEqual(dependencies[99_999]);
  });
}
