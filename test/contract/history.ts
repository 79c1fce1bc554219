/** What is kept of a DAG's past, and how it is deleted: the same suite for each adapter. */
import type { PlannedDag } from '../../src/core/dag';
import type { GateScope } from '../../src/core/gates';
import type { GateStore } from '../../src/ports/gates';
import type { DagRemoval, HistoryViews } from '../../src/ports/history';
import { replayKeyOf, type DeadLetterOutbox, type DeadLetterStore, type DeadLetterViews } from '../../src/ports/letters';
import type { CommandStore, NewCommand, OwnedShard } from '../../src/ports/store';
import type { DagViews, TaskViews } from '../../src/ports/views';
import { at, batch, dagChange, plannedDag, plannedTask, taskChange } from './records';
import type { OpenStore } from './store';

export interface OpenHistory extends OpenStore {
  readonly commands: CommandStore;
  readonly history: HistoryViews;
  readonly letters: DeadLetterViews;
  readonly letterStore: DeadLetterStore;
  readonly outbox: DeadLetterOutbox;
  readonly gates: GateStore;
  readonly removal: DagRemoval;
  readonly dags: DagViews;
  readonly tasks: TaskViews;
}

const ERROR = { kind: 'HANDLER', message: 'it broke', stack: 'Error: it broke\n  at \u0000' } as const;

/** `open` is called once and gives an empty store. */
export function historyContract(open: () => Promise<OpenHistory>): void {
  let world: OpenHistory = {} as OpenHistory;
  let owned: OwnedShard[] = [];

  beforeAll(async () => {
    world = await open();
    await world.leases.define(1);
    owned = await world.leases.acquire('contract', 60_000, 1);
  });

  const admitted = async (over: Partial<PlannedDag> = {}): Promise<PlannedDag> => {
    const dag = plannedDag(over);
    await world.store.admit([{ dag, idempotency: null }]);
    return dag;
  };
  const commit = (over: Parameters<typeof batch>[1]): Promise<void> => world.store.commit(batch(at(owned, 1n), over));
  const pauseOf = (dag: PlannedDag): NewCommand => ({
    dag: dag.dagId,
    command: { kind: 'pause' },
    by: 'ann',
    reason: 'lunch',
    notBefore: null,
    key: `key of ${dag.dagId}`,
  });
  /** Lets a task of a DAG give up under this dispatch number. */
  const giveUp = (dag: PlannedDag, task: number, dispatch = 1, failedAt = 1_700_000_000_000): Promise<void> =>
    commit({
      tasks: [taskChange(dag, task, { status: 'FAILED', dispatch, error: JSON.stringify(ERROR) })],
      attempts: [
        {
          dag: dag.dagId,
          task,
          dispatch,
          attempt: dispatch,
          worker: 'w',
          session: 's',
          startedAt: failedAt - 5,
          endedAt: failedAt,
          error: JSON.stringify(ERROR),
        },
      ],
      deadLetters: [{ dag: dag.dagId, task, dispatch, failedAt, kind: 'HANDLER' }],
    });

  test('the history of a DAG comes in the order of its making, page by page', async () => {
    const [dag, other] = [await admitted(), await admitted()];
    const line = (kind: string, task: number | null, message: string | null) => ({ dag: dag.dagId, at: 5, kind, task, by: 'ann \u0000', message });
    await commit({
      history: [line('pause', null, 'ü "quoted" {}, NULL'), line('hold', 1, null), { ...line('resume', null, null), dag: other.dagId }],
    });
    await commit({ history: [line('task.failed', 0, 'x')] });
    const lines = await world.history.events(dag.dagId, 10);
    expect(lines.map(({ kind, task, by, message, at: time }) => [kind, task, by, message, time])).toEqual([
      ['pause', null, 'ann ', 'ü "quoted" {}, NULL', 5],
      ['hold', { ref: { dag: dag.dagId, task: 1 }, name: 'b' }, 'ann ', null, 5],
      ['task.failed', { ref: { dag: dag.dagId, task: 0 }, name: 'a' }, 'ann ', 'x', 5],
    ]);
    expect(await world.history.events(dag.dagId, 1)).toEqual(lines.slice(0, 1));
    expect(await world.history.events(dag.dagId, 10, lines[0]!.id)).toEqual(lines.slice(1));
    for (const wrong of ['x', '', '1e9', '99999999999999999999']) expect(await world.history.events(dag.dagId, 10, wrong)).toEqual([]);
  });

  test('what was done to gates is a line in the history of the DAGs that they stood before, in their time', async () => {
    const [began, ended] = [Date.parse('2026-03-01T10:00:00Z'), Date.parse('2026-03-01T11:00:00Z')];
    const tasks = [plannedTask('a'), plannedTask('b', { type: 'API_CALL', options: { pool: 'db' } })];
    const [dag, other] = [await admitted({ tasks, createdAt: began }), await admitted({ tasks: [plannedTask('a')], createdAt: began })];
    const pause = (scope: GateScope, name: string, now: number, until: number | null = null) =>
      world.gates.pause({ scope, name, reason: null, by: 'ops', until, now });
    const resume = (scope: GateScope, name: string, now: number) => world.gates.end({ scope, name, state: 'PAUSED', by: 'ops', now });
    // Over before the DAG began, by hand or by its time; in force when it did; changed while it went on; and after its end.
    await pause('type', 'API_CALL', began - 500);
    await resume('type', 'API_CALL', began - 400);
    await pause('all', '', began - 300, began - 200);
    await pause('pool', 'db', began - 100);
    await commit({ history: [{ dag: dag.dagId, at: began, kind: 'hold', task: 0, by: null, message: null }] });
    await resume('pool', 'db', began + 100);
    await world.gates.quarantine({ type: 'API_CALL', trips: 0, reason: 'it fails everywhere', until: began + 300, now: began + 200 });
    await world.gates.end({ scope: 'type', name: 'API_CALL', state: 'QUARANTINED', now: began + 400 });
    await pause('type', 'NOTIFICATION', began + 500);
    await world.gates.pause({ scope: 'all', name: '', reason: 'month end', by: 'ada', until: ended, now: began + 600 });
    await commit({ dags: [dag, other].map((each) => dagChange(each, { status: 'COMPLETED', startedAt: began, completedAt: began + 700 })) });
    await pause('pool', 'db', began + 800);
    const lines = await world.history.events(dag.dagId, 10);
    expect(lines.map(({ kind, at: time, by, message }) => [kind, time - began, by, message])).toEqual([
      ['gate.paused', -100, 'ops', 'the pool db'],
      ['hold', 0, null, null],
      ['gate.resumed', 100, 'ops', 'the pool db'],
      ['gate.quarantined', 200, null, 'the type API_CALL, until 2026-03-01T10:00:00.300Z: it fails everywhere'],
      ['gate.lifted', 400, null, 'the type API_CALL'],
      ['gate.paused', 600, 'ada', 'everything, until 2026-03-01T11:00:00.000Z: month end'],
    ]);
    expect(await world.history.events(dag.dagId, 2, lines[0]!.id)).toEqual(lines.slice(1, 3));
    expect((await world.history.events(other.dagId, 10)).map(({ message }) => message)).toEqual([lines[5]!.message]);
    await world.gates.forget(0, ended);
    // What is still in its row keeps its lines; the pause of the pool was followed by another.
    expect((await world.history.events(dag.dagId, 10)).map(({ kind }) => kind)).toEqual(['hold', 'gate.quarantined', 'gate.lifted', 'gate.paused']);
    await world.gates.forget(ended + 1, ended + 1);
  });

  test('a command is shown while it waits and with what became of it', async () => {
    const dag = await admitted();
    const [{ id } = { id: '' }] = await world.commands.request([pauseOf(dag)]);
    const waiting = {
      id,
      dag: dag.dagId,
      command: { kind: 'pause' },
      by: 'ann',
      reason: 'lunch',
      requestedAt: expect.any(Number) as number,
      notBefore: null,
      outcome: null,
      detail: null,
      affected: 0,
      settledAt: null,
    };
    expect(await world.history.command(id)).toEqual(waiting);
    expect(await world.history.commands(dag.dagId, 10)).toEqual([waiting]);
    expect(await world.history.commandWithKey(dag.dagId, `key of ${dag.dagId}`)).toEqual(waiting);
    await commit({ commands: [{ id, dag: dag.dagId, outcome: 'REFUSED', detail: 'no', affected: 2, at: 77 }] });
    expect(await world.history.command(id)).toEqual({ ...waiting, outcome: 'REFUSED', detail: 'no', affected: 2, settledAt: 77 });
    expect(await world.history.commands(dag.dagId, 10, id)).toEqual([]);
    expect(await world.history.command('nobody')).toBeUndefined();
    expect(await world.history.commandWithKey(dag.dagId, 'another')).toBeUndefined();
  });

  test('a task that gives up leaves its attempts and a letter, in the transaction of its failure', async () => {
    const dag = await admitted({ name: 'nightly', tasks: [plannedTask('load', { type: 'API_CALL', payload: '{"n":1}' })] });
    await commit({
      attempts: [
        { dag: dag.dagId, task: 0, dispatch: 1, attempt: 1, worker: null, session: null, startedAt: null, endedAt: 9, error: JSON.stringify(ERROR) },
      ],
    });
    await giveUp(dag, 0, 2);
    const ref = { dag: dag.dagId, task: 0 };
    const attempts = await world.history.attempts(ref, 10);
    expect(attempts).toEqual([
      { attempt: 1, dispatch: 1, worker: null, session: null, startedAt: null, endedAt: 9, error: ERROR },
      { attempt: 2, dispatch: 2, worker: 'w', session: 's', startedAt: 1_699_999_999_995, endedAt: 1_700_000_000_000, error: ERROR },
    ]);
    expect(await world.history.attempts(ref, 1)).toEqual(attempts.slice(1));
    const [letter] = await world.letters.letters({ dag: dag.dagId }, 10);
    expect(letter).toEqual({
      id: expect.any(String) as string,
      state: 'OPEN',
      kind: 'HANDLER',
      failedAt: 1_700_000_000_000,
      task: { ref, dispatch: 2, name: 'load', type: 'API_CALL', dagName: 'nightly' },
      record: null,
      error: ERROR,
      settledAt: null,
      settledBy: null,
      publishedAt: null,
    });
    expect(await world.letters.letter(letter!.id)).toMatchObject({ ...letter, attempts, now: { status: 'FAILED', payload: '{"n":1}' } });
    expect(await world.letters.letter('x')).toBeUndefined();
    expect(await world.letters.letter('999999')).toBeUndefined();
  });

  test('letters are listed newest first, page by page, by each filter', async () => {
    const before = (await world.letters.letters({}, 1))[0]?.id;
    const dags = [await admitted({ name: 'north-1' }), await admitted({ name: 'north%' })];
    await giveUp(dags[0]!, 0, 1, 1_600_000_000_000);
    await giveUp(dags[0]!, 1, 1, 1_600_000_000_010);
    await giveUp(dags[1]!, 2, 1, 1_600_000_000_020);
    const names = async (filter: Parameters<DeadLetterViews['letters']>[0]): Promise<string> =>
      (await world.letters.letters(filter, 100)).map(({ task }) => `${task!.dagName}/${task!.name}`).join(' ');
    const mine = { failedAfter: 1_599_999_999_999, failedBefore: 1_600_000_000_021 };
    expect(await names(mine)).toBe('north%/c north-1/b north-1/a');
    expect(await names({ ...mine, dag: dags[0]!.dagId })).toBe('north-1/b north-1/a');
    expect(await names({ ...mine, dagName: 'north%' })).toBe('north%/c');
    expect(await names({ ...mine, dagName: 'north-*' })).toBe('north-1/b north-1/a');
    expect(await names({ ...mine, taskName: 'b' })).toBe('north-1/b');
    expect(await names({ ...mine, kind: ['TIMEOUT', 'HANDLER'] })).toBe('north%/c north-1/b north-1/a');
    expect(await names({ ...mine, kind: ['POISON'] })).toBe('');
    expect(await names({ ...mine, type: 'DATA_PROCESSING', state: ['OPEN'] })).toBe('north%/c north-1/b north-1/a');
    expect(await names({ ...mine, state: [] })).toBe('');
    expect(await names({ ...mine, failedAfter: 1_600_000_000_010 })).toBe('north%/c');
    const [newest, ...rest] = await world.letters.letters(mine, 100);
    expect(await world.letters.letters(mine, 100, newest!.id)).toEqual(rest);
    expect(await world.letters.letters({}, 1, rest[1]!.id)).toEqual(before === undefined ? [] : [expect.objectContaining({ id: before })]);
    const counted = await world.letters.openLetters();
    expect(counted.find(({ kind, type }) => kind === 'HANDLER' && type === 'DATA_PROCESSING')?.count).toBeGreaterThanOrEqual(3);
  });

  test('a letter is closed by the command that sets its task in motion again, by a later letter, or by hand', async () => {
    const dag = await admitted();
    await giveUp(dag, 0);
    await giveUp(dag, 1);
    await giveUp(dag, 2);
    const states = async (): Promise<string[]> =>
      (await world.letters.letters({ dag: dag.dagId }, 10)).map(({ task, state }) => `${task!.name} ${state}`);
    expect(await states()).toEqual(['c OPEN', 'b OPEN', 'a OPEN']);
    const [{ id } = { id: '' }] = await world.commands.request([
      { ...pauseOf(dag), command: { kind: 'retry', tasks: [0], downstream: true }, key: null },
    ]);
    await commit({
      commands: [{ id, dag: dag.dagId, outcome: 'APPLIED', detail: null, affected: 1, at: 88 }],
      tasks: [taskChange(dag, 0, { status: 'QUEUED', dispatch: 2, error: null, payload: '{"edited":true}' })],
    });
    expect(await states()).toEqual(['c OPEN', 'b OPEN', 'a REPLAYED']);
    expect((await world.letters.letters({ dag: dag.dagId, state: ['REPLAYED'] }, 10))[0]).toMatchObject({
      settledBy: 'ann',
      settledAt: 88,
      error: ERROR,
    });
    expect(await world.tasks.task({ dag: dag.dagId, task: 0 })).toMatchObject({ payload: '{"edited":true}' });
    await giveUp(dag, 0, 2);
    await giveUp(dag, 1, 2);
    expect(await states()).toEqual(['b OPEN', 'a OPEN', 'c OPEN', 'b REPLAYED', 'a REPLAYED']);
    const open = await world.letters.letters({ dag: dag.dagId, state: ['OPEN'] }, 10);
    expect(await world.letterStore.discard([open[2]!.id, '0', 'x'], 'bob')).toBe(1);
    expect(await world.letterStore.discard([open[2]!.id], 'bob')).toBe(0);
    expect(await world.letterStore.discard([], 'bob')).toBe(0);
    expect(await world.letters.letter(open[2]!.id)).toMatchObject({ state: 'DISCARDED', settledBy: 'bob', settledAt: expect.any(Number) as number });
  });

  test('a letter that is discarded takes its waiting replays with it; one whose replay is due stays', async () => {
    const dag = await admitted();
    for (const task of [0, 1, 2, 3]) await giveUp(dag, task);
    const [fourth, third, second, first] = (await world.letters.letters({ dag: dag.dagId }, 10)).map(({ id }) => id) as [
      string,
      string,
      string,
      string,
    ];
    const replay = (letter: string, task: number, notBefore: number | null, under: string | null = null): NewCommand => ({
      ...pauseOf(dag),
      command: { kind: 'retry', tasks: [task], downstream: true },
      notBefore,
      key: replayKeyOf(letter, under),
    });
    const later = Date.now() + 3_600_000;
    const asked = await world.commands.request([
      replay(first, 0, later),
      replay(first, 0, later, 'a key'),
      replay(second, 1, null),
      replay(third, 2, later),
      replay(`${first}0`, 3, later),
    ]);
    expect(await world.letterStore.discard([first, second, fourth], 'bob')).toBe(2);
    const states = (await world.letters.letters({ dag: dag.dagId }, 10)).map(({ id, state }) => [id, state]);
    expect(new Map(states as [string, string][])).toEqual(
      new Map([first, fourth].map((id) => [id, 'DISCARDED']).concat([second, third].map((id) => [id, 'OPEN'])) as [string, string][]),
    );
    const outcomes = await Promise.all(asked.map(async ({ id }) => (await world.history.command(id))?.outcome));
    expect(outcomes).toEqual(['REFUSED', 'REFUSED', null, null, null]);
    expect(await world.commands.settledCommands(0, later - 4_000_000)).toEqual(expect.arrayContaining([asked[0]!.id, asked[1]!.id]));
  });

  test('what the topic has not got yet is found by shard, with payload, attempts and timing, until it is marked', async () => {
    const outbox = world.outbox;
    const left = async () => (await outbox.unpublishedDeadLetters([0], 1000)).map(({ id }) => id);
    await outbox.markPublished(await left());
    const dag = await admitted({ tasks: [plannedTask('load', { payload: '{"n":1}' })] });
    await giveUp(dag, 0, 1);
    await giveUp(dag, 0, 2);
    const [first, second] = await outbox.unpublishedDeadLetters([0], 10);
    expect(first).toMatchObject({ state: 'REPLAYED', task: { dispatch: 1 }, attempts: [{ dispatch: 1 }], payload: '{"n":1}', worker: 'worker-1' });
    expect(second).toMatchObject({
      state: 'OPEN',
      attempts: [{ dispatch: 1 }, { dispatch: 2, error: ERROR }],
      startedAt: dag.createdAt + 7,
      runningMs: 5,
    });
    expect(await outbox.unpublishedDeadLetters([0], 1)).toEqual([first]);
    expect(await outbox.unpublishedDeadLetters([1], 10)).toEqual([]);
    await outbox.markPublished([first!.id, 'x']);
    expect(await left()).toEqual([second!.id]);
    expect((await world.letters.letter(first!.id))?.publishedAt).toEqual(expect.any(Number));
    await outbox.markPublished([second!.id]);
    expect(await left()).toEqual([]);
  });

  test('a record that can not be decoded is one letter however often it is read, another one where the log was made again', async () => {
    const record = { shard: 0, place: 'task-events/0', offset: '41', at: 1_500_000_000_000, message: 'no \u0000 JSON', raw: 'AAE=', hash: 'a' };
    for (const hash of ['a', 'a', 'b']) await world.outbox.keepRecord({ ...record, hash });
    const found = await world.letters.letters({ kind: ['UNDECODABLE'] }, 10);
    expect(found).toHaveLength(2);
    expect(found[1]).toMatchObject({
      state: 'OPEN',
      kind: 'UNDECODABLE',
      failedAt: 1_500_000_000_000,
      task: null,
      record: { place: 'task-events/0', offset: '41', raw: 'AAE=' },
      error: { message: 'no \u0000 JSON' },
    });
    expect(await world.letters.letter(found[1]!.id)).toMatchObject({ now: null, attempts: [] });
    const told = (await world.outbox.unpublishedDeadLetters([0], 1000)).filter(({ kind }) => kind === 'UNDECODABLE');
    expect(told).toMatchObject([{ attempts: [], payload: null, worker: null }, { record: { offset: '41' } }]);
    expect(await world.letterStore.discard([found[0]!.id], null)).toBe(1);
  });

  test('a commit under an old epoch adds nothing to any list', async () => {
    const dag = await admitted();
    const stale = [...owned];
    owned = [(await world.leases.retake('contract', 60_000, 0))!];
    const error = JSON.stringify(ERROR);
    await expect(
      world.store.commit(
        batch(at(stale, 9n), {
          history: [{ dag: dag.dagId, at: 5, kind: 'pause', task: null, by: null, message: null }],
          deadLetters: [{ dag: dag.dagId, task: 0, dispatch: 1, failedAt: 5, kind: 'HANDLER' }],
          attempts: [{ dag: dag.dagId, task: 0, dispatch: 1, attempt: 1, worker: null, session: null, startedAt: null, endedAt: 5, error }],
          edits: [
            { dag: dag.dagId, shard: 0, version: 1, firstAdded: 4, edit: { version: 0, added: [plannedTask('new')], replaced: [], removed: [] } },
          ],
        }),
      ),
    ).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    expect(await world.history.events(dag.dagId, 10)).toEqual([]);
    expect(await world.letters.letters({ dag: dag.dagId }, 10)).toEqual([]);
    expect(await world.history.attempts({ dag: dag.dagId, task: 0 }, 10)).toEqual([]);
    expect(await world.dags.dag(dag.dagId)).toMatchObject({ version: 0, totalTasks: 4 });
  });

  test('a changed graph: new tasks, others in the place of old ones, and their states, in one commit', async () => {
    const dag = await admitted();
    const spec = { priority: 9, tags: ['t "x"'], timeoutSeconds: 2, payload: '{"p":1}', options: { triggerRule: 'all_done' } } as const;
    const edit = {
      version: 0,
      added: [plannedTask('new', { ...spec, dependencies: [1, 5] }), plannedTask('newer')],
      replaced: [{ task: 3, as: plannedTask('d', { dependencies: [4], retry: { maxRetries: 9, backoff: { ...dag.tasks[0]!.retry.backoff } } }) }],
      removed: [2],
    };
    const once = { dag: dag.dagId, shard: 0, version: 1, firstAdded: 4, edit };
    const twice = {
      ...once,
      version: 2,
      firstAdded: 6,
      edit: { version: 1, added: [plannedTask('newest')], replaced: [{ task: 4, as: plannedTask('new') }], removed: [] },
    };
    await commit({ edits: [once, twice], tasks: [taskChange(dag, 5, { status: 'QUEUED', dueAt: 99 })] });
    const record = await world.store.liveDag(dag.dagId);
    expect(record).toMatchObject({ version: 2 });
    expect(record?.tasks.map(({ name, dependencies }) => [name, dependencies])).toEqual([
      ['a', []],
      ['b', [0]],
      ['c', [0]],
      ['d', [4]],
      ['new', []],
      ['newer', []],
      ['newest', []],
    ]);
    expect(record?.tasks[3]?.retry.maxRetries).toBe(9);
    expect(record?.tasks[5]).toMatchObject({ status: 'QUEUED', dueAt: 99 });
    expect(record?.tasks[6]).toMatchObject({ status: 'PENDING', queuedAt: null, dueAt: null });
    expect(await world.dags.dag(dag.dagId)).toMatchObject({ totalTasks: 7, version: 2 });
    const again = await admitted();
    await commit({ edits: [{ ...once, dag: again.dagId }] });
    const { payload, ...planned } = plannedTask('new', { ...spec, dependencies: [1, 5] });
    expect((await world.store.liveDag(again.dagId))?.tasks[4]).toMatchObject({ ...planned, hasPayload: payload !== null, status: 'PENDING' });
  });

  test('a DAG that is over is deleted with all of its rows; a live one, or one that a command waits for, is not', async () => {
    const dag = plannedDag();
    const submission = { dag, idempotency: { key: 'of the deleted', bodyHash: 'h' } };
    await world.store.admit([submission]);
    await giveUp(dag, 0);
    await commit({ history: [{ dag: dag.dagId, at: 5, kind: 'pause', task: null, by: null, message: null }] });
    expect(await world.removal.remove(dag.dagId)).toBe('live');
    await commit({ dags: [dagChange(dag, { status: 'FAILED', failedTasks: 1, skippedTasks: 3 })] });
    const [{ id } = { id: '' }] = await world.commands.request([pauseOf(dag)]);
    expect(await world.removal.remove(dag.dagId)).toBe('live');
    await world.commands.refuseCommands([{ id, dag: dag.dagId, outcome: 'REFUSED', detail: 'final', affected: 0, at: 5 }]);
    expect(await world.removal.remove(dag.dagId)).toBe('removed');
    expect(await world.removal.remove(dag.dagId)).toBe('absent');
    expect(await world.dags.dag(dag.dagId)).toBeUndefined();
    expect(await world.store.anyDag(dag.dagId)).toBeUndefined();
    expect(await world.tasks.tasksOf(dag.dagId, 0, 10)).toEqual([]);
    expect(await world.letters.letters({ dag: dag.dagId }, 10)).toEqual([]);
    expect(await world.history.events(dag.dagId, 10)).toEqual([]);
    expect(await world.history.commands(dag.dagId, 10)).toEqual([]);
    expect(await world.history.attempts({ dag: dag.dagId, task: 0 }, 10)).toEqual([]);
    expect(await world.removal.clearRemoved(10)).toBe(0);
    // The key is free, and whoever still has the DAG in memory learns of it.
    expect(await world.store.admit([{ ...submission, dag: plannedDag() }])).toMatchObject([{ kind: 'stored' }]);
    await expect(commit({ dags: [dagChange(dag)] })).rejects.toMatchObject({ code: 'STALE_EPOCH' });
  });
}
