/** Pausing and resuming over a real PostgreSQL, and what explain, the list and the errors say about it. */
import type { Gate } from '../../src/sdk';
import { createGateStore } from '../../src/adapters/postgres/gateStore';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => world.database.engine.query('DELETE FROM gates'));

const pause = (body: object) => world.http.post('/api/v1/gates/pause').send(body);
const resume = (body: object) => world.http.post('/api/v1/gates/resume').send(body);
const list = async (): Promise<Gate[]> => (await world.http.get('/api/v1/gates')).body as Gate[];
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();
const explain = async (task: object): Promise<{ summary: string; conditions: { code: string; details: Record<string, unknown> }[] }> => {
  const { body } = await world.http.post('/api/v1/dags').send({ dagName: 'gated', tasks: [{ taskName: 'a', type: 'API_CALL', ...task }] });
  const tasks = await world.http.get(`/api/v1/dags/${String(body.dagId)}/tasks`);
  return (await world.http.get(`/api/v1/tasks/${(tasks.body as { taskId: string }[])[0]!.taskId}/explain`)).body as never;
};

test('a type is paused, listed and resumed; asking again changes nothing', async () => {
  const until = later(60_000);
  const body = { scope: 'type', name: 'API_CALL', by: 'ada', reason: 'migration', until };
  const first = await pause(body);
  const gate = { scope: 'type', name: 'API_CALL', state: 'PAUSED', probing: false, reason: 'migration', by: 'ada', until, endedAt: null, trips: 0 };
  expect([first.status, first.body]).toEqual([200, { changed: true, gate: expect.objectContaining(gate) }]);
  expect((await pause(body)).body).toEqual({ changed: false, gate: first.body.gate });
  expect(await list()).toEqual([first.body.gate]);
  const ended = await resume({ scope: 'type', name: 'API_CALL' });
  expect([ended.status, ended.body.changed, ended.body.gate.endedAt]).toEqual([200, true, expect.any(String)]);
  expect((await resume({ scope: 'type', name: 'API_CALL' })).body).toEqual({ changed: false, gate: null });
  expect(await list()).toEqual([]);
});

test('explain names every gate before a task, who, why and until, and the command that frees it', async () => {
  await pause({ scope: 'all', by: 'ops' });
  await pause({ scope: 'type', name: 'API_CALL', reason: 'the partner is down' });
  await pause({ scope: 'type', name: 'NOTIFICATION' });
  await pause({ scope: 'pool', name: 'night', until: later(60_000) });
  const store = createGateStore(world.database);
  await store.quarantine({ type: 'API_CALL', trips: 0, reason: 'HTTP 500', until: Date.now() + 30_000, now: Date.now() });
  const { summary, conditions } = await explain({ pool: 'night' });
  expect(conditions.map(({ code }) => code)).toEqual(['EVERYTHING_PAUSED', 'TYPE_PAUSED', 'QUARANTINED', 'POOL_PAUSED', 'NO_WORKER_FOR_TYPE']);
  expect(conditions.slice(0, 4).map(({ details }) => details.command)).toEqual([
    'dts gates resume --all',
    'dts gates resume --type API_CALL',
    'dts gates resume --type API_CALL --quarantine',
    'dts gates resume --pool night',
  ]);
  expect(summary).toMatch(
    /^everything is paused by ops since .*, until it is resumed \(dts gates resume --all frees it\); the type API_CALL is paused/,
  );
  expect((await explain({ type: 'DATA_PROCESSING' })).conditions.map(({ code }) => code)).toEqual(['EVERYTHING_PAUSED', 'NO_WORKER_FOR_TYPE']);
});

test('a quarantine is lifted by its own name, and a pause is none', async () => {
  const store = createGateStore(world.database);
  await store.quarantine({ type: 'API_CALL', trips: 0, reason: 'HTTP 500', until: Date.now() - 1, now: Date.now() - 1000 });
  expect(await list()).toEqual([expect.objectContaining({ state: 'QUARANTINED', probing: true, trips: 1, reason: 'HTTP 500' })]);
  const refused = await resume({ scope: 'type', name: 'API_CALL' });
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    409,
    'COMMAND_REFUSED',
    expect.stringContaining('not paused but in quarantine'),
  ]);
  expect((await resume({ scope: 'type', name: 'API_CALL', state: 'QUARANTINED' })).body.changed).toBe(true);
  await pause({ scope: 'type', name: 'API_CALL' });
  expect((await resume({ scope: 'type', name: 'API_CALL', state: 'QUARANTINED' })).status).toBe(409);
});

test('a type that only a worker runs can be paused, an unknown one can not', async () => {
  const unknown = await pause({ scope: 'type', name: 'MINE' });
  expect([unknown.status, unknown.body.code]).toEqual([404, 'TYPE_NOT_FOUND']);
  expect(unknown.body.detail).toContain('API_CALL');
  world.live.workers = [{ types: ['MINE'] } as never];
  expect((await pause({ scope: 'type', name: 'MINE' })).status).toBe(200);
  world.live.workers = [];
});

test.each([
  [{}, 'scope'],
  [{ scope: 'everything' }, 'scope'],
  [{ scope: 'type' }, 'name'],
  [{ scope: 'all', name: 'x' }, 'name'],
  [{ scope: 'pool', name: 'a b' }, 'name'],
  [{ scope: 'all', until: later(-1000) }, 'until'],
  [{ scope: 'all', until: 'tomorrow' }, 'until'],
  [{ scope: 'all', unknown: 1 }, 'unknown'],
])('a pause like %o is refused, naming the field', async (body, field) => {
  const answer = await pause(body);
  expect([answer.status, (answer.body as { errors: { path: string }[] }).errors.map(({ path }) => path)]).toEqual([400, [field]]);
  expect(await list()).toEqual([]);
});

test('only types are quarantined', async () => {
  expect((await resume({ scope: 'all', state: 'QUARANTINED' })).body.errors).toEqual([expect.objectContaining({ path: 'state' })]);
});

test.each(['', 'a b', 'x'.repeat(65), 7])('the pool %p is refused', async (pool) => {
  const answer = await world.http.post('/api/v1/dags').send({ dagName: 'd', tasks: [{ taskName: 'a', type: 'API_CALL', pool }] });
  expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'tasks[0].pool']);
});

test('a pool is kept with its task, and inherited from its DAG', async () => {
  const tasks = [
    { taskName: 'own', type: 'API_CALL', pool: 'day' },
    { taskName: 'inherits', type: 'API_CALL' },
  ];
  const { body } = await world.http.post('/api/v1/dags').send({ dagName: 'd', pool: 'night', tasks });
  const stored = (await world.http.get(`/api/v1/dags/${String(body.dagId)}/tasks`)).body as { options: object }[];
  expect(stored.map(({ options }) => options)).toEqual([{ pool: 'day' }, { pool: 'night' }]);
});
