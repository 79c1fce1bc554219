import { gzipSync } from 'node:zlib';
import type { PlannedDag } from '../../src/core/dag';
import { parseDagId, parseTaskId } from '../../src/core/ids';
import type { DagBody, TaskBody } from './bodies';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});

const linear = {
  dagName: 'Linear Pipeline',
  description: 'Extract → load',
  tasks: [
    { taskName: 'extract', type: 'DATA_PROCESSING', dependencies: [], payload: { from: 'ü', big: [1, null] } },
    { taskName: 'load', type: 'DATABASE_OPERATION', dependencies: ['extract'], priority: 9, tags: ['nightly'] },
  ],
};
const post = (body: unknown, headers: Record<string, string> = {}) =>
  world.http
    .post('/api/v1/dags')
    .set({ 'Content-Type': 'application/json', ...headers })
    .send(typeof body === 'string' ? body : JSON.stringify(body));

test('a DAG is stored, its answer and its tasks show it, and the engine is told', async () => {
  const before = Date.now();
  const answer = await post({ ...linear, tags: ['etl'] });
  const { status, headers } = answer;
  const body = answer.body as DagBody;
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(Number),
    dagId: expect.any(String),
    dagName: 'Linear Pipeline',
    description: 'Extract → load',
    status: 'CREATED',
    totalTasks: 2,
    completedTasks: 0,
    failedTasks: 0,
    skippedTasks: 0,
    cancelledTasks: 0,
    createdAt: expect.any(String),
    startedAt: null,
    completedAt: null,
    dueAt: null,
    lateAt: null,
    maxRunning: null,
    tenant: null,
    order: 'fifo',
    scheduleId: null,
    scheduledFor: null,
    reason: null,
    version: 0,
    tags: ['etl'],
  });
  expect(headers['location']).toBe(`/api/v1/dags/${body.dagId}`);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['x-powered-by']).toBeUndefined();
  expect(Math.abs(Date.parse(body.createdAt) - before)).toBeLessThan(60_000);
  expect(parseDagId(body.dagId)).toBe(body.dagId);
  expect(world.admitted.at(-1)?.dagId).toBe(body.dagId);

  expect((await world.http.get(headers['location']!)).body).toEqual({ ...body, expectedEndAt: null });
  const tasks = (await world.http.get(`${headers['location']}/tasks`)).body as [TaskBody, TaskBody];
  expect(tasks).toHaveLength(2);
  expect(tasks[0]).toMatchObject({
    dagId: body.dagId,
    taskName: 'extract',
    type: 'DATA_PROCESSING',
    status: 'QUEUED',
    dependencies: [],
    priority: 5,
    tags: ['etl'],
    attempt: 0,
    maxRetries: 3,
    payload: linear.tasks[0]!.payload,
    result: null,
    error: null,
    workerId: null,
  });
  expect(tasks[1]).toMatchObject({
    taskName: 'load',
    status: 'PENDING',
    dependencies: ['extract'],
    priority: 9,
    tags: ['nightly'],
    queuedAt: null,
    payload: null,
  });
  expect(parseTaskId(tasks[1].taskId)).toEqual({ dag: body.dagId, task: 1 });
});

test('what comes at once is stored together, each DAG in full', async () => {
  const before = await world.rows();
  let transactions = 0;
  world.events.listen('dag.admitted', () => {
    transactions += 1;
  });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => post({ ...linear, dagName: `many-${i}` })));
  expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(201));
  expect(new Set(answers.map(({ body }) => (body as DagBody).dagId)).size).toBe(100);
  expect(answers.map(({ body }) => (body as DagBody).dagName)).toEqual(Array.from({ length: 100 }, (_, i) => `many-${i}`));
  expect(await world.rows()).toEqual({ dags: before.dags + 100, tasks: before.tasks + 200 });
  expect(transactions).toBeLessThan(100);
});

test('gzip, a charset and +json are taken', async () => {
  const packed = await world.http
    .post('/api/v1/dags')
    .set({ 'Content-Type': 'application/json; charset=UTF-8', 'Content-Encoding': 'gzip' })
    .serialize((body: unknown) => body as string)
    .send(gzipSync(JSON.stringify(linear)) as unknown as string);
  expect(packed.status).toBe(201);
  expect((await post(linear, { 'Content-Type': 'application/vnd.dag+json' })).status).toBe(201);
});

describe('an Idempotency-Key', () => {
  test('makes a repeated request answer the first result, however far the DAG has come', async () => {
    const first = await post(linear, { 'Idempotency-Key': 'once' });
    const before = await world.rows();
    await world.database.engine.query("UPDATE dags SET status = 'RUNNING', started_at = now(), completed_tasks = 1 WHERE dag_id = $1", [
      first.body.dagId,
    ]);
    const again = await post(linear, { 'Idempotency-Key': 'once' });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([undefined, 'true']);
    expect(await world.rows()).toEqual(before);
  });

  test('of another body is refused', async () => {
    await post(linear, { 'Idempotency-Key': 'mine' });
    const before = await world.rows();
    const { status, body } = await post({ ...linear, dagName: 'another' }, { 'Idempotency-Key': 'mine' });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'KEY_REUSED' });
    expect(await world.rows()).toEqual(before);
  });

  test('stores one DAG of many that come at once', async () => {
    const before = await world.rows();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(linear, { 'Idempotency-Key': 'race' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ body }) => (body as DagBody).dagId)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(await world.rows()).toEqual({ dags: before.dags + 1, tasks: before.tasks + 2 });
    const told = world.admitted.filter((dag: PlannedDag) => dag.dagId === (answers[0]!.body as DagBody).dagId);
    expect(told).toHaveLength(1);
  });

  test('that is too long is refused', async () => {
    expect((await post(linear, { 'Idempotency-Key': 'k'.repeat(256) })).body).toMatchObject({ status: 400, code: 'WRONG_PARAMETER' });
    expect((await post(linear, { 'Idempotency-Key': 'k'.repeat(255) })).status).toBe(201);
  });

  test('that a schedule could have is refused: its next DAG would be taken for submitted', async () => {
    const { status, body } = await post(linear, { 'Idempotency-Key': 'schedule:0190f0c0-0000-8000-8000-000000000000:1700000000000' });
    expect([status, body]).toEqual([400, expect.objectContaining({ code: 'WRONG_PARAMETER' })]);
  });
});

describe('a check without a submission', () => {
  const check = (body: unknown) => world.http.post('/api/v1/dags/validate').set('Content-Type', 'application/json').send(JSON.stringify(body));

  test('says what a DAG would be, and stores nothing', async () => {
    const before = await world.rows();
    const { status, body } = await check(linear);
    expect([status, body]).toEqual([200, { dagName: 'Linear Pipeline', totalTasks: 2, totalDependencies: 1 }]);
    expect(await world.rows()).toEqual(before);
  });

  test.each([
    ['a cycle', { dagName: 'c', tasks: [{ taskName: 'a', type: 'API_CALL', dependencies: ['a'] }] }],
    ['a wrong field', { dagName: 'c', tasks: [{ taskName: 'a', type: 7 }] }],
    ['an unknown type', { dagName: 'c', tasks: [{ taskName: 'a', type: 'NOTHING' }] }],
  ])('refuses %s as a submission would be', async (_what, wrong) => {
    const [checked, submitted] = [await check(wrong), await post(wrong)];
    const told = ({ status, body }: typeof checked) => ({ status, ...(body as Record<string, unknown>), requestId: null });
    expect(told(checked)).toEqual(told(submitted));
    expect(checked.status).toBeGreaterThanOrEqual(400);
  });
});
