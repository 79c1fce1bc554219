/** Limits over a real PostgreSQL, and what explain, the list, submissions and the errors say about them. */
import type { Limit, Pool } from '../../src/sdk';
import { describedAs, vitalsOf } from '../contract/leases';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => world.database.engine.query('DELETE FROM limits'));

const put = (path: string, body: object) => world.http.put(`/api/v1/limits/${path}`).send(body);
const list = async (): Promise<Limit[]> => (await world.http.get('/api/v1/limits')).body as Limit[];
const submit = async (task: object, dag: object = {}) => {
  const { status, body } = await world.http
    .post('/api/v1/dags')
    .send({ dagName: 'limited', ...dag, tasks: [{ taskName: 'a', type: 'API_CALL', ...task }] });
  return { status, body: body as Record<string, unknown> };
};
const explained = async (dagId: unknown): Promise<{ summary: string; conditions: { code: string; details: Record<string, unknown> }[] }> => {
  const tasks = await world.http.get(`/api/v1/dags/${String(dagId)}/tasks`);
  return (await world.http.get(`/api/v1/tasks/${(tasks.body as { taskId: string }[])[0]!.taskId}/explain`)).body as never;
};

test('a limit is set, listed with its use, changed and removed; asking again changes nothing', async () => {
  const first = await put('pool/db', { maxRunning: 5, by: 'ada', reason: 'a small server' });
  const limit = { scope: 'pool', name: 'db', maxRunning: 5, perSecond: null, burst: null, running: 0, reason: 'a small server', by: 'ada' };
  expect([first.status, first.body]).toEqual([200, { changed: true, limit: { ...limit, updatedAt: expect.any(String) } }]);
  expect((await put('pool/db', { maxRunning: 5, by: 'ada', reason: 'a small server' })).body).toEqual({ changed: false, limit: first.body.limit });
  const session = await world.leases.sessions.open(describedAs('w'), vitalsOf());
  const dag = String((await submit({})).body.dagId);
  const claim = { dag: dag as never, task: 0, dispatch: 1 };
  await world.leases.claims.claim(session.id, [{ ...claim, slots: [{ key: 'pool:db', max: 5 }] }]);
  expect(await list()).toEqual([{ ...first.body.limit, running: 1 }]);
  expect((await world.http.get('/api/v1/limits/pool/db')).body).toEqual({ ...first.body.limit, running: 1 });
  expect((await put('pool/db', { maxRunning: 6 })).body).toMatchObject({ changed: true, limit: { maxRunning: 6, by: null, running: 1 } });
  expect((await put('rate/api', { perSecond: 2.5 })).body.limit).toMatchObject({ perSecond: 2.5, burst: 3, maxRunning: null, running: null });
  expect((await put('type/API_CALL', { maxRunning: 1 })).status).toBe(200);
  expect((await list()).map(({ scope, name }) => `${scope} ${name}`)).toEqual(['pool db', 'rate api', 'type API_CALL']);
  expect((await world.http.delete('/api/v1/limits/pool/db')).status).toBe(204);
  expect((await list()).map(({ name }) => name)).toEqual(['api', 'API_CALL']);
  for (const answer of [await world.http.delete('/api/v1/limits/pool/db'), await world.http.get('/api/v1/limits/pool/db')])
    expect([answer.status, answer.body.code]).toEqual([404, 'LIMIT_NOT_FOUND']);
  await world.leases.claims.finish(session.id, [claim]);
  await session.close();
});

test.each([
  ['pool/db', {}, 'maxRunning is missing'],
  ['pool/db', { maxRunning: 0 }, 'wrong or missing'],
  ['pool/db', { maxRunning: 1.5 }, 'wrong or missing'],
  ['pool/db', { maxRunning: 1, perSecond: 2 }, 'perSecond belongs to a rate'],
  ['type/API_CALL', { maxRunning: 1, burst: 2 }, 'burst belongs to a rate'],
  ['rate/api', { burst: 3 }, 'perSecond is missing'],
  ['rate/api', { perSecond: 1, maxRunning: 3 }, 'maxRunning belongs to a pool or a type'],
  ['rate/api', { perSecond: 0 }, 'wrong or missing'],
  ['rate/api', { perSecond: 1, colour: 'red' }, 'wrong or missing'],
  ['dag/x', { maxRunning: 1 }, 'scope must be one of pool, type, rate'],
  ['pool/a%20b', { maxRunning: 1 }, 'must be a name'],
])('what makes no sense is refused: %s %o', async (path, body, detail) => {
  const answer = await put(path, body);
  expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining(detail)]);
  expect(await list()).toEqual([]);
});

test('an unknown type is refused with those that there are', async () => {
  const { status, body } = await put('type/API_CAL', { maxRunning: 1 });
  expect([status, body.code, body.detail]).toEqual([404, 'TYPE_NOT_FOUND', expect.stringContaining('API_CALL')]);
});

test('explain names every limit that is full before a task, its use and its maximum, and the next start of a rate', async () => {
  await put('pool/db', { maxRunning: 1 });
  await put('type/API_CALL', { maxRunning: 9 });
  await put('rate/api', { perSecond: 0.01, burst: 1 });
  const { body } = await submit({ pool: 'db', rateLimit: { name: 'api', key: 'acme' } }, { maxRunning: 2 });
  expect((await explained(body.dagId)).conditions.map(({ code }) => code)).toEqual(['NO_WORKER_FOR_TYPE']);
  const session = await world.leases.sessions.open(describedAs('w'), vitalsOf());
  const slots = [
    { key: 'pool:db', max: 1 },
    { key: `dag:${String(body.dagId)}`, max: 2 },
  ];
  const rates = [{ key: 'rate:api:acme', perSecond: 0.01, burst: 1 }];
  await world.leases.permits.reserve([{ dag: body.dagId as never, task: 7, dispatch: 1, session: session.id, slots, rates }]);
  const { summary, conditions } = await explained(body.dagId);
  expect(conditions.map(({ code, details }) => [code, details])).toEqual([
    ['LIMIT_FULL', { scope: 'pool', name: 'db', running: 1, maxRunning: 1 }],
    ['RATE_LIMITED', { scope: 'rate', name: 'api', key: 'acme', perSecond: 0.01, burst: 1, nextAt: expect.any(String) }],
    ['NO_WORKER_FOR_TYPE', expect.anything()],
  ]);
  expect(summary).toMatch(/^the pool db is full: 1 of its tasks run or are on their way, and 1 may at once; the rate api for acme lets 0.01 begin/);
  await world.leases.permits.reserve([{ dag: body.dagId as never, task: 8, dispatch: 1, session: session.id, slots: slots.slice(1), rates: [] }]);
  expect((await explained(body.dagId)).summary).toContain('its DAG is full: 2 of its tasks run');
  await session.close();
});

test('a submission says how many of its tasks may run at once and which rate a task asks for, and is shown with it', async () => {
  const { status, body } = await submit({ rateLimit: { name: 'api' } }, { maxRunning: 3, rateLimit: { name: 'slow', key: 'x' } });
  expect([status, body.maxRunning]).toEqual([201, 3]);
  expect((await world.http.get(`/api/v1/dags/${String(body.dagId)}`)).body).toMatchObject({ maxRunning: 3 });
  const tasks = await world.http.get(`/api/v1/dags/${String(body.dagId)}/tasks`);
  expect(tasks.body).toMatchObject([{ options: { rateLimit: { name: 'api' } } }]);
  expect(world.admitted.at(-1)).toMatchObject({ maxRunning: 3, defaults: { options: { rateLimit: { name: 'slow', key: 'x' } } } });
  const wrong = async (task: object, dag: object = {}) => {
    const answer = await submit(task, dag);
    return [answer.status, (answer.body.errors as { path: string }[]).map(({ path }) => path)];
  };
  expect(await wrong({}, { maxRunning: 0 })).toEqual([400, ['maxRunning']]);
  expect(await wrong({}, { maxRunning: 10_001 })).toEqual([400, ['maxRunning']]);
  expect(await wrong({ maxRunning: 1 })).toEqual([400, ['tasks[0].maxRunning']]);
  expect(await wrong({ rateLimit: { key: 'x' } })).toEqual([400, ['tasks[0].rateLimit.name']]);
  expect(await wrong({ rateLimit: { name: 'a b', key: '' } })).toEqual([400, ['tasks[0].rateLimit.name', 'tasks[0].rateLimit.key']]);
});

test('pools are those with a task, a limit or a pause: what runs and waits in each, and its tasks', async () => {
  type Shown = Pick<Pool, 'name' | 'running' | 'waiting' | 'limit' | 'gate'>;
  await put('pool/limited', { maxRunning: 2 });
  await put('type/API_CALL', { maxRunning: 9 });
  await world.http.post('/api/v1/gates/pause').send({ scope: 'pool', name: 'shut', reason: 'moved' });
  await submit({ pool: 'used' });
  const session = await world.leases.sessions.open(describedAs('w'), vitalsOf());
  const dag = String((await submit({ pool: 'limited' })).body.dagId) as never;
  await world.leases.claims.claim(session.id, [{ dag, task: 0, dispatch: 1, slots: [{ key: 'pool:limited', max: 2 }] }]);
  const { body } = await world.http.get('/api/v1/pools');
  const ours = (body as Shown[]).filter(({ name }) => ['limited', 'shut', 'used'].includes(name));
  expect(ours).toEqual([
    { name: 'limited', running: 1, waiting: 1, limit: expect.objectContaining({ scope: 'pool', maxRunning: 2, running: 1 }), gate: null },
    { name: 'shut', running: 0, waiting: 0, limit: null, gate: expect.objectContaining({ state: 'PAUSED', reason: 'moved' }) },
    { name: 'used', running: 0, waiting: 1, limit: null, gate: null },
  ]);
  const { items } = (await world.http.get('/api/v1/tasks?pool=limited&status=QUEUED')).body as { items: { dagId: string }[] };
  expect(items.map(({ dagId }) => dagId)).toEqual([dag]);
  await world.http.post('/api/v1/gates/resume').send({ scope: 'pool', name: 'shut' });
  await session.close();
});

test('limits are shown while the leases are away, without their use', async () => {
  await put('pool/db', { maxRunning: 5 });
  world.leases.forget();
  expect((await list()).map(({ running }) => running)).toEqual([null]);
});
