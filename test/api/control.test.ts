/** Commands over a real PostgreSQL, without an engine: the owner of the shards is the test, which settles what the log was told of. */
import type { Commanded, CommandOutcome } from '../../src/core/command';
import { taskIdOf, type DagId } from '../../src/core/ids';
import { OUTCOME_MS, openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});

beforeEach(() => {
  world.told.length = 0;
  world.live.append = () => Promise.resolve();
});

const MISSING = '019b0000-0000-8000-8000-000000000000' as DagId;

const submit = async (names: readonly string[] = ['a', 'b', 'c']): Promise<DagId> => {
  const tasks = names.map((taskName, i) => ({ taskName, type: 'API_CALL', dependencies: names.slice(0, i) }));
  return (await world.http.post('/api/v1/dags').send({ dagName: 'controlled', tasks })).body.dagId as DagId;
};

type Verdict = Pick<CommandOutcome, 'outcome' | 'detail' | 'affected'>;
const APPLIED: Verdict = { outcome: 'APPLIED', detail: null, affected: 2 };

/** The owner settles each command in the store; another scheduler's outcome isn't announced here. */
const settle =
  (verdict: Verdict, { announced }: { announced: boolean }) =>
  async (commands: readonly Commanded[]): Promise<void> => {
    const outcomes = commands.map(({ id, dag }): CommandOutcome => ({ id, dag, at: Date.now(), ...verdict }));
    await world.commands.refuseCommands(outcomes);
    if (announced) for (const outcome of outcomes) world.events.announce('command.settled', outcome);
  };

const asked = (): unknown[] => world.told.map(({ command }) => command);

describe('a command', () => {
  test.each([true, false])('is stored, told to the log, and answered once it is applied (announced here: %s)', async (announced) => {
    world.live.append = settle(APPLIED, { announced });
    const dag = await submit();
    const answer = await world.http.post(`/api/v1/dags/${dag}/cancel`).send({ by: 'ada', reason: 'wrong input' });
    expect([answer.status, answer.body]).toEqual([
      200,
      { commandId: expect.stringMatching(/^\d+$/), outcome: 'APPLIED', affected: 2, dag: expect.objectContaining({ dagId: dag }) },
    ]);
    expect(world.told).toEqual([
      { type: 'commanded', id: answer.body.commandId, dag, command: { kind: 'cancel', tasks: null }, by: 'ada', reason: 'wrong input' },
    ]);
    const kept = await world.http.get(answer.headers.location!);
    expect(kept.body).toMatchObject({ kind: 'cancel', taskIds: null, by: 'ada', reason: 'wrong input', outcome: 'APPLIED', affected: 2 });
  });

  test('without a body is refused where a page of somebody else could have sent it', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    const send = (headers: Readonly<Record<string, string>>) => world.http.post(`/api/v1/dags/${dag}/cancel`).set(headers);
    const foreign = await send({ Origin: 'http://elsewhere.example' });
    expect([foreign.status, foreign.body.code, world.told]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE', []]);
    expect((await send({ Origin: 'http://elsewhere.example', 'Content-Type': 'text/plain' }).send('{}')).status).toBe(415);
    // A browser sends that after it has asked, and is told that it may only where the page is the scheduler's own.
    expect((await send({ Origin: 'http://scheduler.example', 'Content-Type': 'application/json' })).status).toBe(200);
  });

  test('that nobody applies is answered with 202, and can be looked up', async () => {
    const dag = await submit();
    const began = performance.now();
    const answer = await world.http.post(`/api/v1/dags/${dag}/pause`);
    expect([answer.status, answer.body.outcome]).toEqual([202, null]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(OUTCOME_MS - 5);
    expect((await world.http.get(answer.headers.location!)).body).toMatchObject({ kind: 'pause', outcome: null, settledAt: null });
    const { items } = (await world.http.get(`/api/v1/dags/${dag}/commands`)).body as { items: { commandId: string }[] };
    expect(items.map(({ commandId }) => commandId)).toEqual([answer.body.commandId]);
  });

  test('that the log could not be told of waits in the store', async () => {
    world.live.append = () => Promise.reject(new Error('no log'));
    const dag = await submit();
    expect((await world.http.post(`/api/v1/dags/${dag}/pause`)).status).toBe(202);
  });

  test('that is refused says why', async () => {
    world.live.append = settle({ outcome: 'REFUSED', detail: 'the DAG is COMPLETED: rerun it', affected: 0 }, { announced: true });
    const dag = await submit();
    const answer = await world.http.post(`/api/v1/dags/${dag}/resume`);
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([409, 'COMMAND_REFUSED', 'the DAG is COMPLETED: rerun it']);
    expect((await world.http.get(answer.headers.location!)).body).toMatchObject({ outcome: 'REFUSED', detail: 'the DAG is COMPLETED: rerun it' });
  });

  test('with a key is one command, however often it is sent', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    const send = (verb: string) => world.http.post(`/api/v1/dags/${dag}/${verb}`).set('Idempotency-Key', 'once');
    const [first, second] = [await send('pause'), await send('pause')];
    expect([second.status, second.body.commandId, second.headers['idempotency-replayed']]).toEqual([200, first.body.commandId, 'true']);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(world.told).toHaveLength(1);
    const other = await send('cancel');
    expect([other.status, other.body.code]).toEqual([422, 'KEY_REUSED']);
    expect(world.told).toHaveLength(1);
  });
});

describe('what is asked reaches the log as a command', () => {
  const on = async (path: (dag: DagId) => string, body?: object): Promise<unknown> => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    const answer = await world.http.post(`/api/v1/${path(dag)}`).send(body);
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ outcome: 'APPLIED' })]);
    return asked();
  };
  const task = (dag: DagId): string => `tasks/${taskIdOf(dag, 1)}`;

  test.each([
    ['drain', (dag: DagId) => `dags/${dag}/drain`, {}, { kind: 'drain' }],
    ['resume', (dag: DagId) => `dags/${dag.toUpperCase()}/resume`, undefined, { kind: 'resume' }],
    ['retry of all', (dag: DagId) => `dags/${dag}/retry`, {}, { kind: 'retry', tasks: null, downstream: true }],
    [
      'retry by name',
      (dag: DagId) => `dags/${dag}/retry`,
      { tasks: ['c', 'a', 'c'], downstream: false },
      { kind: 'retry', tasks: [2, 0], downstream: false },
    ],
    [
      'retry with a payload',
      (dag: DagId) => `dags/${dag}/retry`,
      { tasks: ['b'], payload: { x: [1] } },
      { kind: 'retry', tasks: [1], downstream: true, payload: '{"x":[1]}' },
    ],
    ['rerun of all', (dag: DagId) => `dags/${dag}/rerun`, {}, { kind: 'rerun', task: null }],
    ['rerun from a task', (dag: DagId) => `dags/${dag}/rerun`, { from: 'b' }, { kind: 'rerun', task: 1 }],
    ['cancel of a task', (dag: DagId) => `${task(dag)}/cancel`, undefined, { kind: 'cancel', tasks: [1] }],
    ['retry of a task', (dag: DagId) => `${task(dag)}/retry`, { payload: null }, { kind: 'retry', tasks: [1], downstream: true, payload: null }],
    ['rerun of a task', (dag: DagId) => `${task(dag)}/rerun`, {}, { kind: 'rerun', task: 1 }],
    ['skip', (dag: DagId) => `${task(dag)}/skip`, {}, { kind: 'skip', tasks: [1] }],
    ['hold', (dag: DagId) => `${task(dag)}/hold`, {}, { kind: 'hold', tasks: [1], resumeAt: null }],
    [
      'hold until',
      (dag: DagId) => `${task(dag)}/hold`,
      { resumeAt: '2999-01-01T00:00:00Z' },
      { kind: 'hold', tasks: [1], resumeAt: Date.UTC(2999, 0, 1) },
    ],
    ['release', (dag: DagId) => `${task(dag)}/release`, {}, { kind: 'release', tasks: [1] }],
    ['approve', (dag: DagId) => `${task(dag)}/approve`, { by: 'ada', reason: 'it is fine' }, { kind: 'approve', tasks: [1] }],
    ['mark', (dag: DagId) => `${task(dag)}/mark`, { as: 'COMPLETED', result: 7 }, { kind: 'mark', task: 1, as: 'COMPLETED', result: '7' }],
    ['mark as failed', (dag: DagId) => `${task(dag)}/mark`, { as: 'FAILED' }, { kind: 'mark', task: 1, as: 'FAILED' }],
  ])('%s', async (_what, path, body, command) => {
    expect(await on(path, body)).toEqual([command]);
  });

  test('tasks by their ids, and the task in the answer', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    await world.http.post(`/api/v1/dags/${dag}/retry`).send({ tasks: [taskIdOf(dag, 2)] });
    expect(asked()).toEqual([{ kind: 'retry', tasks: [2], downstream: true }]);
    const { body } = await world.http.post(`/api/v1/tasks/${taskIdOf(dag, 2)}/skip`);
    expect(body.task).toMatchObject({ taskId: taskIdOf(dag, 2), taskName: 'c' });
  });
});

describe('what is wrong is refused with its path, and nothing is stored', () => {
  const problems = (answer: { readonly body: unknown }): string[] => {
    const body = answer.body as { code?: string; errors?: { path: string; message: string }[]; detail?: string };
    return (body.errors ?? [{ path: '', message: body.detail ?? '' }]).map(({ path, message }) => `${body.code ?? ''} ${path}: ${message}`);
  };

  test.each([
    ['cancel', { why: 'x' }, 400, 'WRONG_SHAPE why: there is no such field here, only by, reason'],
    ['cancel', { reason: '' }, 400, 'WRONG_SHAPE reason: must NOT have fewer than 1 characters'],
    ['cancel', { by: 'a\u0000' }, 400, 'WRONG_SHAPE by: must hold neither NUL nor half a surrogate pair'],
    ['cancel', [], 400, 'WRONG_SHAPE : must be object'],
    ['retry', { tasks: [] }, 400, 'WRONG_SHAPE tasks: must NOT have fewer than 1 items'],
    ['retry', { tasks: ['a', 7] }, 400, 'WRONG_SHAPE tasks[1]: must be string'],
    ['retry', { tasks: ['a', 'nobody'] }, 404, 'TASK_NOT_FOUND tasks[1]: no task "nobody" in this DAG'],
    ['retry', { payload: 1 }, 400, 'WRONG_SHAPE payload: can be given where exactly one task is named in tasks'],
    ['retry', { tasks: ['a'], payload: 'x'.repeat(3000) }, 413, 'DAG_TOO_LARGE payload: its 3002 bytes are more than the limit of 2000'],
    ['rerun', { from: 'nobody' }, 404, 'TASK_NOT_FOUND from: no task "nobody" in this DAG'],
    ['rerun', { from: MISSING }, 404, `TASK_NOT_FOUND from: no task "${MISSING}" in this DAG`],
  ])('dags: %s', async (verb, body, status, problem) => {
    const dag = await submit();
    const answer = await world.http.post(`/api/v1/dags/${dag}/${verb}`).send(body);
    expect([answer.status, problems(answer)]).toEqual([status, [problem]]);
    expect((await world.http.get(`/api/v1/dags/${dag}/commands`)).body.items).toEqual([]);
  });

  test.each([
    ['hold', { resumeAt: 'tomorrow' }, 'WRONG_SHAPE resumeAt: must be an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z'],
    ['hold', { resumeAt: '2026-02-30T00:00:00Z' }, 'WRONG_SHAPE resumeAt: must be an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z'],
    ['hold', { resumeAt: '2020-01-01T00:00:00Z' }, 'WRONG_SHAPE resumeAt: must be later than now'],
    ['mark', {}, 'WRONG_SHAPE as: is missing'],
    ['mark', { as: 'DONE' }, 'WRONG_SHAPE as: must be one of COMPLETED, FAILED'],
    ['mark', { as: 'FAILED', result: 1 }, 'WRONG_SHAPE result: belongs to COMPLETED: a task that failed leaves none'],
  ])('tasks: %s %j', async (verb, body, problem) => {
    const dag = await submit();
    const answer = await world.http.post(`/api/v1/tasks/${taskIdOf(dag, 0)}/${verb}`).send(body);
    expect([answer.status, problems(answer)]).toEqual([400, [problem]]);
  });

  test.each([
    ['post', '/api/v1/dags/no-uuid/cancel', 400, 'WRONG_ID'],
    ['post', `/api/v1/dags/${MISSING}/cancel`, 404, 'DAG_NOT_FOUND'],
    ['patch', `/api/v1/dags/${MISSING}/tasks`, 404, 'DAG_NOT_FOUND'],
    ['delete', `/api/v1/dags/${MISSING}`, 404, 'DAG_NOT_FOUND'],
    ['post', `/api/v1/tasks/${MISSING}/cancel`, 404, 'TASK_NOT_FOUND'],
    ['post', '/api/v1/tasks/no-uuid/cancel', 400, 'WRONG_ID'],
    ['get', '/api/v1/commands/999999', 404, 'COMMAND_NOT_FOUND'],
    ['get', '/api/v1/commands/seven', 404, 'COMMAND_NOT_FOUND'],
    ['get', '/api/v1/dead-letters/999999', 404, 'LETTER_NOT_FOUND'],
    ['post', '/api/v1/dead-letters/999999/replay', 404, 'LETTER_NOT_FOUND'],
    ['post', '/api/v1/dead-letters/x/discard', 404, 'LETTER_NOT_FOUND'],
    ['get', '/api/v1/dead-letters?state=LOST', 400, 'WRONG_PARAMETER'],
    ['get', `/api/v1/dags/${MISSING}/events`, 404, 'DAG_NOT_FOUND'],
    ['get', '/api/v1/dead-letters?cursor=zzz', 400, 'WRONG_PARAMETER'],
  ] as const)('%s %s', async (method, path, status, code) => {
    const answer = await world.http[method](path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('broken JSON, and a body that is none', async () => {
    const dag = await submit();
    const send = (type: string, text: string) => world.http.post(`/api/v1/dags/${dag}/cancel`).set('Content-Type', type).send(text);
    expect((await send('application/json', '{"by": ')).body.code).toBe('MALFORMED_JSON');
    expect((await send('text/plain', 'by=ada')).body.code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(world.told).toEqual([]);
  });
});

describe('a change of the graph', () => {
  const edit = (dag: DagId, body: object, key?: string) => {
    const request = world.http.patch(`/api/v1/dags/${dag}/tasks`);
    return (key === undefined ? request : request.set('Idempotency-Key', key)).send(body);
  };

  test('gives new tasks what the DAG said for all of them when it was submitted', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const tasks = [{ taskName: 'a', type: 'API_CALL' }];
    const submitted = await world.http.post('/api/v1/dags').send({ dagName: 'controlled', priority: 8, maxRetries: 1, payload: [1], tasks });
    const add = [{ taskName: 'b', type: 'API_CALL', dependencies: ['a'], priority: 2 }];
    expect((await edit(submitted.body.dagId as DagId, { add })).status).toBe(200);
    expect(asked()).toMatchObject([{ edit: { added: [{ name: 'b', priority: 2, retry: { maxRetries: 1 }, payload: '[1]' }] } }]);
  });

  test('is planned against the graph that there is', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    const add = [{ taskName: 'd', type: 'NOTIFICATION', dependencies: ['b'], priority: 9 }];
    const replace = [{ taskName: 'c', type: 'API_CALL', dependencies: ['d'] }];
    const answer = await edit(dag, { add, replace, by: 'ada' });
    expect([answer.status, answer.body.affected]).toEqual([200, 2]);
    expect(asked()).toMatchObject([
      {
        kind: 'edit',
        edit: {
          version: 0,
          added: [{ name: 'd', dependencies: [1], priority: 9 }],
          replaced: [{ task: 2, as: { name: 'c', dependencies: [3] } }],
          removed: [],
        },
      },
    ]);
    expect((await world.http.get(`/api/v1/dags/${dag}/commands`)).body.items[0].particulars).toEqual({ added: ['d'], replaced: ['c'], removed: 0 });
  });

  test('with a key is made once, also where it could not be planned again', async () => {
    world.live.append = settle(APPLIED, { announced: true });
    const dag = await submit();
    const body = { remove: ['c'] };
    const first = await edit(dag, body, 'once');
    await world.database.engine.query("UPDATE tasks SET status = 'COMPLETED' WHERE dag_id = $1", [dag]);
    const second = await edit(dag, body, 'once');
    expect([second.status, second.body.commandId]).toEqual([200, first.body.commandId]);
    expect((await edit(dag, body)).status).toBe(422);
  });

  test.each([
    [{}, 422, ': nothing is to be changed: give add, replace or remove'],
    [{ add: [{ taskName: 'a', type: 'API_CALL' }] }, 422, 'add[0].taskName: the name "a" is taken: names are unique within a DAG'],
    [{ add: [{ taskName: 'x', type: 'API_CAL' }] }, 422, 'add[0].type: no task type "API_CAL" (did you mean "API_CALL"?)'],
    [
      { add: [{ taskName: 'x', typ: 'API_CALL' }] },
      400,
      'add[0].type: must be a text of 1 to 128 characters, without NUL and without half surrogate pairs',
    ],
    [{ replace: ['a'] }, 400, 'replace[0]: must be object'],
    [{ remove: ['b'] }, 422, 'remove[0]: the task "c" depends on it: replace or remove that one too'],
    [
      { replace: [{ taskName: 'b', type: 'API_CALL', dependencies: ['c'] }] },
      422,
      'replace[0].dependencies: these tasks would wait for each other in a cycle: b → c → b',
    ],
  ])('%j is refused', async (body, status, problem) => {
    const answer = await edit(await submit(), body);
    expect([answer.status, (answer.body.errors as { path: string; message: string }[]).map(({ path, message }) => `${path}: ${message}`)]).toEqual([
      status,
      expect.arrayContaining([problem]),
    ]);
    expect(world.told).toEqual([]);
  });
});

test('a DAG that is over is deleted with all that it left; a live one is not', async () => {
  const dag = await submit();
  const live = await world.http.delete(`/api/v1/dags/${dag}`);
  expect([live.status, live.body.code]).toEqual([409, 'DAG_NOT_FINAL']);
  await world.database.engine.query("UPDATE dags SET status = 'CANCELLED' WHERE dag_id = $1", [dag]);
  expect((await world.http.delete(`/api/v1/dags/${dag}`)).status).toBe(204);
  expect((await world.http.get(`/api/v1/dags/${dag}`)).status).toBe(404);
  expect((await world.http.get(`/api/v1/tasks/${taskIdOf(dag, 0)}`)).status).toBe(404);
  expect((await world.http.delete(`/api/v1/dags/${dag}`)).status).toBe(404);
});

test('without the database a command is 503 and nothing is told', async () => {
  const away = await openWorld();
  await away.database.close();
  const answer = await away.http.post(`/api/v1/dags/${MISSING}/cancel`);
  expect([answer.status, answer.body.code, away.told]).toEqual([503, 'STORE_UNAVAILABLE', []]);
});
