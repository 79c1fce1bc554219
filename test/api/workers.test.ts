/** The paths of workers, over the leases of one process with sessions that are really open. */
import { createMemoryLeases } from '../../src/adapters/memory/leases';
import { failure } from '../../src/core/failure';
import { systemClock } from '../../src/adapters/system/clock';
import type { Session } from '../../src/ports/leases';
import { describedAs, vitalsOf } from '../contract/leases';
import { until } from '../harness/until';
import { NOBODY, openWorld, type World } from './world';

const LEASE_MS = 400;
let world: World;
let leases: ReturnType<typeof createMemoryLeases>;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => {
  leases = createMemoryLeases({ clock: systemClock, leaseMs: LEASE_MS, heartbeatMs: 50 });
  world.live.control = leases.control;
  world.live.redis = async () => {
    world.live.workers = (await leases.roster.read()).workers;
  };
});
const opened: Session[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((session) => session.close()));
});

const open = async (workerId: string): Promise<Session> => {
  const session = await leases.sessions.open(describedAs(workerId), vitalsOf(3, 2));
  opened.push(session);
  await session.announce();
  return session;
};
const states = async (): Promise<string[]> =>
  ((await world.http.get('/api/v1/workers')).body as { workerId: string; state: string }[]).map(({ workerId, state }) => `${workerId} ${state}`);
const post = (path: string, body?: object) => world.http.post(`/api/v1/workers/${path}`).send(body);
const lost = async (workerId: string): Promise<Session> => {
  const session = await open(workerId);
  leases.crash(session.id);
  await until(async () => (await leases.control.lost()).length > 0, { what: 'the loss', timeoutMs: 10 * LEASE_MS });
  return session;
};

test('a worker is drained, and told so again; who is leaving is not resumed', async () => {
  const session = await open('w/1');
  const asked: unknown[] = [];
  world.events.listen('worker.asked', (what) => asked.push(what));
  const first = await post('w%2F1/drain', { by: 'ada', reason: 'an update' });
  expect([first.status, first.body]).toMatchObject([200, { worker: { workerId: 'w/1', state: 'DRAINING', held: 2 } }]);
  expect((await post('w%2F1/drain')).status).toBe(200);
  expect(session.wish()).toBe('leave');
  const refused = await post('w%2F1/resume');
  expect([refused.status, refused.body]).toMatchObject([
    409,
    { code: 'WORKER_LEAVING', detail: 'worker w/1: it was asked to leave, and finishes what it has' },
  ]);
  expect((await post('w%2F1/drain', { stay: true })).status).toBe(409);
  expect(asked).toEqual([
    { worker: 'w/1', wish: 'leave', by: 'ada', reason: 'an update' },
    { worker: 'w/1', wish: 'leave', by: null, reason: null },
  ]);
});

test('a worker that was drained to stay works again', async () => {
  const session = await open('w1');
  expect((await post('w1/drain', { stay: true })).body).toMatchObject({ worker: { state: 'DRAINING' } });
  expect(session.wish()).toBe('stay');
  expect((await post('w1/resume', { by: 'ada' })).body).toMatchObject({ worker: { state: 'ACTIVE' } });
  expect(session.wish()).toBe('work');
});

test('a live worker is removed; what is not there has a nearest name', async () => {
  const session = await open('worker-1');
  expect((await post('worker-1/remove')).status).toBe(200);
  await until(() => session.ended.aborted, { what: 'the end of its session' });
  expect((await post('worker-1/drain')).body).toMatchObject({ code: 'WORKER_LEAVING', detail: 'worker worker-1: it is being removed' });
  for (const verb of ['drain', 'resume', 'remove']) {
    const answer = await post(`wroker-1/${verb}`);
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([404, 'WORKER_NOT_FOUND', 'no worker wroker-1; did you mean worker-1?']);
  }
  expect((await world.http.get('/api/v1/workers/nobody')).body).toMatchObject({ status: 404, detail: 'no worker nobody' });
});

test('a lost worker is listed as it was, can not be drained, and is forgotten once removed', async () => {
  await open('w2');
  const session = await lost('w1');
  expect(await states()).toEqual(['w1 LOST', 'w2 ACTIVE']);
  expect((await world.http.get('/api/v1/workers/w1')).body).toMatchObject({ state: 'LOST', session: session.id, held: 2, freeSlots: 0, tasks: [] });
  expect((await post('w1/drain')).body).toMatchObject({ status: 404, detail: 'the worker w1 was lost: nobody is there to drain; remove it' });
  expect((await post('w1/remove')).body).toEqual({ worker: null });
  expect(await states()).toEqual(['w2 ACTIVE']);
  expect((await post('w1/remove')).status).toBe(404);
});

test('a worker is shown with what runs there', async () => {
  const session = await open('w1');
  const tasks = [
    { taskName: 'long', type: 'API_CALL' },
    { taskName: 'other', type: 'API_CALL' },
  ];
  const { dagId } = (await world.http.post('/api/v1/dags').send({ dagName: 'running', tasks })).body as { dagId: string };
  await world.database.engine.query(
    `UPDATE tasks SET status = 'RUNNING', attempt = 1, worker = 'w1', session = $2, started_at = '2026-01-01T00:00:00Z' WHERE dag_id = $1 AND name = 'long'`,
    [dagId, session.id],
  );
  expect((await world.http.get('/api/v1/workers/w1')).body.tasks).toEqual([
    { taskId: expect.any(String), dagId, taskName: 'long', type: 'API_CALL', attempt: 1, startedAt: '2026-01-01T00:00:00.000Z' },
  ]);
});

test('wrong bodies name the field; while the leases are away the list is as last seen', async () => {
  await open('w1');
  expect((await post('w1/drain', { stay: 'yes' })).body).toMatchObject({ status: 400, errors: [{ path: 'stay' }] });
  expect((await post('w1/resume', { stay: true })).body).toMatchObject({ status: 400, errors: [{ path: 'stay' }] });
  expect(await states()).toEqual(['w1 ACTIVE']);
  const away = failure('LEASES_UNAVAILABLE', 'no answer');
  world.live.control = { ...NOBODY, lost: () => Promise.reject(away) };
  expect(await states()).toEqual(['w1 ACTIVE']);
});
