/** The commands of control against a server that says what the test wants to hear: what is asked, and how the answers read. */
import { answering, type Answering } from './answering';
import { dagView, taskView } from './views';

let server: Answering;
let heard: Answering['heard'];
let answers: Answering['answers'];
const dts: Answering['dts'] = (...args) => server.dts(...args);
beforeEach(async () => {
  server = await answering();
  ({ heard, answers } = server);
});
afterEach(() => server.close());

const dag = dagView({ dagName: 'Nightly' });
const task = taskView('load', [], { taskId: 'T', status: 'FAILED' });
const onDag = (affected: number): object => ({ commandId: '7', outcome: 'APPLIED', affected, dag });
const onTask = { commandId: '7', outcome: 'APPLIED', affected: 1, task };
const bodies = (): unknown[] => heard.map(({ body }) => body);

test('a DAG is cancelled with who and why, and the answer says what came of it', async () => {
  answers.set('POST /api/v1/dags/D/cancel', { body: onDag(3) });
  const { code, out } = await dts('cancel', 'D', '--reason', 'wrong input', '--by', 'ada', '--idempotency-key', 'once');
  expect([code, out.split('\n')[0]]).toEqual([0, 'done: 3 tasks affected']);
  expect(out).toContain('Nightly  RUNNING');
  expect(heard).toEqual([{ line: 'POST /api/v1/dags/D/cancel', body: { reason: 'wrong input', by: 'ada' }, key: 'once' }]);
});

test('an id that is no DAG is taken for a task', async () => {
  answers.set('POST /api/v1/tasks/T/cancel', { body: onTask });
  expect((await dts('cancel', 'T')).out).toBe('done: 1 task affected\nload  FAILED\n');
  expect(heard.map(({ line }) => line)).toEqual(['POST /api/v1/dags/T/cancel', 'POST /api/v1/tasks/T/cancel']);
  expect(heard[0]?.key).not.toBe('');
});

test('what was so already, and what is not applied yet', async () => {
  answers.set('POST /api/v1/dags/D/pause', { body: onDag(0) });
  expect((await dts('pause', 'D')).out).toMatch(/^nothing to do: it was so already\n/);
  answers.set('POST /api/v1/dags/D/pause', { status: 202, body: { commandId: '7', outcome: null, affected: 0, dag } });
  expect((await dts('pause', 'D')).out).toMatch(/^stored, not applied yet: it is command 7\n/);
});

test('a refusal is told with its sentence, and leaves with 4', async () => {
  answers.set('POST /api/v1/dags/D/resume', {
    status: 409,
    body: { title: 'makes no sense', code: 'COMMAND_REFUSED', status: 409, detail: 'the DAG is COMPLETED' },
  });
  const { code, err } = await dts('resume', 'D');
  expect([code, err]).toEqual([4, 'the server refused: makes no sense 409 COMMAND_REFUSED\n  the DAG is COMPLETED\n']);
});

test('an id that is neither is told as both', async () => {
  for (const verb of ['cancel', 'retry', 'rerun']) expect(await dts(verb, 'X')).toMatchObject({ code: 3, err: 'not found: no DAG and no task X\n' });
});

test('tasks by name: skip, hold until, release, approve, mark with a result from the standard input', async () => {
  answers.set('GET /api/v1/dags/D/tasks', { body: [taskView('a', []), task] });
  for (const verb of ['skip', 'hold', 'release', 'approve', 'mark']) answers.set(`POST /api/v1/tasks/T/${verb}`, { body: onTask });
  await dts('skip', 'D', '--task', 'load');
  await dts('hold', 'D', '--task', 'load', '--until', '2030-01-01T00:00:00Z');
  await dts('release', 'T');
  await dts('approve', 'D', '--task', 'load', '--reason', 'it is fine', '--by', 'ada');
  await dts('mark', 'T', '--as', 'COMPLETED', '--result', '@-');
  expect(heard.filter(({ line }) => line.startsWith('POST')).map(({ line, body }) => [line.split('/').at(-1), body])).toEqual([
    ['skip', {}],
    ['hold', { resumeAt: '2030-01-01T00:00:00Z' }],
    ['release', {}],
    ['approve', { by: 'ada', reason: 'it is fine' }],
    ['mark', { as: 'COMPLETED', result: { from: 'stdin' } }],
  ]);
  expect(await dts('skip', 'D', '--task', 'lood')).toMatchObject({ code: 2, err: 'error: the DAG D has no task "lood"\n' });
});

test('retry: all of a DAG, named tasks, without their downstream, with another payload', async () => {
  answers.set('POST /api/v1/dags/D/retry', { body: onDag(2) });
  await dts('retry', 'D');
  await dts('retry', 'D', '--task', 'a', 'b', '--no-downstream');
  await dts('retry', 'D', '--task', 'a', '--payload', '{"rows": 5}');
  await dts('rerun', 'D', '--from', 'a');
  expect(bodies()).toEqual([
    { downstream: true },
    { downstream: false, tasks: ['a', 'b'] },
    { downstream: true, payload: { rows: 5 }, tasks: ['a'] },
    { from: 'a' },
  ]);
});

test('edit reads a document, delete takes several, events make a table', async () => {
  answers.set('PATCH /api/v1/dags/D/tasks', { body: onDag(1) });
  await dts('edit', 'D', '-', '--reason', 'a step is missing');
  expect(heard[0]).toMatchObject({ body: { from: 'stdin', reason: 'a step is missing' } });
  answers.set('DELETE /api/v1/dags/D', { status: 204, body: undefined }).set('DELETE /api/v1/dags/E', { status: 204, body: undefined });
  expect(await dts('delete', 'D', 'E')).toEqual({ code: 0, out: '', err: 'D is deleted\nE is deleted\n' });
  const event = { eventId: '1', at: '2026-01-01T00:00:00.000Z', kind: 'pause', taskId: null, taskName: null, by: 'ada', message: 'lunch\nbreak' };
  answers.set('GET /api/v1/dags/D/events?limit=100', { body: { items: [event], nextCursor: 'more' } });
  const { out, err } = await dts('events', 'D');
  expect(out).toBe('AT                        KIND   TASK  BY   MESSAGE\n2026-01-01T00:00:00.000Z  pause        ada  lunch break\n');
  expect(err).toBe('there are more: --cursor more\n');
});

test('delete goes on after a refusal, and leaves with its code', async () => {
  answers.set('DELETE /api/v1/dags/A', {
    status: 409,
    body: { title: 'The DAG is still live', code: 'DAG_NOT_FINAL', status: 409, detail: 'the DAG is RUNNING' },
  });
  answers.set('DELETE /api/v1/dags/B', { status: 204, body: undefined });
  expect(await dts('delete', 'A', 'B', 'C')).toEqual({
    code: 3,
    out: '',
    err: 'A: the server refused: The DAG is still live 409 DAG_NOT_FINAL\n  the DAG is RUNNING\nB is deleted\nC: not found: no DELETE /api/v1/dags/C\n',
  });
  expect((await dts('delete', 'A', 'B')).code).toBe(4);
});

describe('dlq', () => {
  const letter = {
    letterId: '9',
    state: 'OPEN',
    kind: 'HANDLER',
    failedAt: '2026-01-01T00:00:00.000Z',
    dagId: 'D',
    dagName: 'Nightly',
    taskId: 'T',
    taskName: 'load',
    type: 'API_CALL',
    dispatch: 3,
    record: null,
    error: { kind: 'HANDLER', message: 'the shop said no' },
    settledAt: null,
    settledBy: null,
    publishedAt: null,
  };
  const attempt = {
    attempt: 1,
    dispatch: 1,
    workerId: 'w1',
    session: 's',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    error: { kind: 'KILLED', message: 'gone', evidence: { signal: 'SIGKILL' } },
  };

  test('list filters, and shows what is open', async () => {
    answers.set('GET /api/v1/dead-letters?state=OPEN&limit=50&dagName=Night*&kind=HANDLER,TIMEOUT', { body: { items: [letter], nextCursor: null } });
    const { out } = await dts('dlq', 'list', '--kind', 'HANDLER', 'TIMEOUT', '--dag-name', 'Night*');
    expect(out.split('\n')[1]).toBe('9       OPEN   HANDLER  2026-01-01T00:00:00.000Z  API_CALL  Nightly  load  the shop said no');
  });

  test('show tells payload, attempts and evidence', async () => {
    answers.set('GET /api/v1/dead-letters/9', { body: { ...letter, task: { ...task, payload: { rows: 3 } }, attempts: [attempt] } });
    const { out } = await dts('dlq', 'show', '9');
    expect(out).toContain('payload  {"rows":3}');
    expect(out).toContain('attempt 1 on w1, 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z: KILLED (signal: SIGKILL)\n    KILLED: gone');
  });

  test('show tells where a record lies that nobody can read', async () => {
    const nothing = { dagId: null, dagName: null, taskId: null, taskName: null, type: null, dispatch: null, error: null };
    const record = { place: 'task-events/3', offset: '17', raw: 'AAE=' };
    answers.set('GET /api/v1/dead-letters/9', { body: { ...letter, ...nothing, kind: 'UNDECODABLE', record, task: null, attempts: [] } });
    expect((await dts('dlq', 'show', '9')).out).toContain('record  task-events/3 at 17\n  begins with (base64)  AAE=');
  });

  test('replay and discard, one by one or by a filter', async () => {
    answers.set('POST /api/v1/dead-letters/9/replay', { body: { commandId: '7', outcome: 'APPLIED', affected: 2, letter } });
    answers.set('POST /api/v1/dead-letters/replay', {
      status: 202,
      body: { letters: 40, repeated: 0, lastAt: '2026-01-01T00:00:04.000Z', more: true },
    });
    answers.set('POST /api/v1/dead-letters/9/discard', { body: { letter } });
    answers.set('POST /api/v1/dead-letters/discard', { body: { letters: 1, more: false } });
    expect((await dts('dlq', 'replay', '9', '--payload', '1')).out).toBe('done: 2 tasks affected\n');
    const bulk = await dts('dlq', 'replay', '--type', 'API_CALL', '--rate', '10');
    expect(bulk).toMatchObject({
      out: '40 tasks to run again, the last one at 2026-01-01T00:00:04.000Z\n',
      err: 'there are more: say it again once these are done\n',
    });
    expect((await dts('dlq', 'discard', '9')).out).toBe('dead letter 9 is discarded\n');
    expect((await dts('dlq', 'discard', '--all')).out).toBe('1 dead letter discarded\n');
    expect(bodies()).toEqual([{ payload: 1 }, { filter: { type: 'API_CALL' }, ratePerSecond: 10 }, {}, { filter: {} }]);
  });
});
