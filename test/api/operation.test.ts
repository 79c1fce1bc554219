import type { LiveWorker } from '../../src/ports/leases';
import type { ExplanationBody, TaskBody } from './bodies';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => {
  Object.assign(world.live, { workers: [], place: undefined, sentTo: undefined, ready: true });
});

const worker = (workerId: string, more: Partial<LiveWorker> = {}): LiveWorker => ({
  workerId,
  session: `${workerId}-s`,
  inbox: 0,
  host: 'h',
  port: 8081,
  version: '1',
  region: 'eu',
  tags: [],
  types: ['API_CALL'],
  slots: 4,
  freeSlots: 2,
  held: 2,
  draining: false,
  lastHeartbeatAt: 1_700_000_000_000,
  ...more,
});

describe('explain', () => {
  let ids: string[];
  let dagId: string;
  beforeAll(async () => {
    const tasks = [
      { taskName: 'a', type: 'API_CALL' },
      { taskName: 'b', type: 'API_CALL', dependencies: ['a'] },
    ];
    dagId = (await world.http.post('/api/v1/dags').send({ dagName: 'why', tasks })).body.dagId;
    ids = ((await world.http.get(`/api/v1/dags/${dagId}/tasks`)).body as TaskBody[]).map(({ taskId }) => taskId);
  });
  const explain = async (index: number): Promise<ExplanationBody> =>
    (await world.http.get(`/api/v1/tasks/${ids[index]}/explain`)).body as ExplanationBody;
  const codes = async (index: number): Promise<string[]> => (await explain(index)).conditions.map(({ code }) => code);

  test('unfinished dependencies', async () => {
    expect(await explain(1)).toEqual({
      taskId: ids[1],
      dagId,
      taskName: 'b',
      status: 'PENDING',
      summary: 'it waits for a (queued)',
      holder: null,
      conditions: [
        {
          code: 'DEPENDENCIES_UNFINISHED',
          sentence: 'it waits for a (queued)',
          details: { triggerRule: 'all_success', total: 1, dependencies: [{ taskId: ids[0], taskName: 'a', status: 'QUEUED' }] },
        },
      ],
    });
  });

  test('no worker at all, none for the type, none with a free slot, others first, nothing', async () => {
    expect((await explain(0)).summary).toBe('no worker is alive');
    world.live.workers = [worker('w1', { types: ['NOTIFICATION'] }), worker('w2', { draining: true })];
    expect((await explain(0)).summary).toBe('none of the 2 live workers takes tasks of type API_CALL');
    world.live.workers = [worker('w1', { freeSlots: 0, held: 4 })];
    world.live.place = { position: 3, of: 9, priority: 5, flow: 'acme', aheadInFlow: 0, flows: 3 };
    expect(await codes(0)).toEqual(['QUEUED_BEHIND', 'NO_FREE_SLOT']);
    expect((await explain(0)).conditions[0]).toMatchObject({
      sentence: '2 of the 9 ready tasks come first, at its priority 5 or a higher one; it is number 1 of acme, which takes turns with 2 others',
      details: { position: 3, ahead: 2, flow: 'acme' },
    });
    world.live.sentTo = 'w1';
    expect(await codes(0)).toEqual(['SENT_TO_WORKER']);
    world.live.sentTo = undefined;
    expect((await explain(0)).conditions[1]).toMatchObject({
      sentence: 'all slots of 1 worker for API_CALL are taken, by w1 (4 tasks)',
      details: { holders: [{ workerId: 'w1', slots: 4, held: 4 }] },
    });
    Object.assign(world.live, { workers: [worker('w1')], place: { position: 1, of: 9, priority: 5, flow: 'acme', aheadInFlow: 0, flows: 1 } });
    expect(await explain(0)).toMatchObject({ conditions: [], summary: 'nothing stands in its way: it starts at any moment' });
  });

  test('a backoff, a pause, a running task and its holder, an end', async () => {
    const set = (columns: string) => world.database.engine.query(`UPDATE tasks SET ${columns} WHERE dag_id = $1 AND index = 0`, [dagId]);
    await set("status = 'RETRYING', attempt = 1, due_at = '2030-01-01T00:00:00Z'");
    await world.database.engine.query("UPDATE dags SET status = 'PAUSED' WHERE dag_id = $1", [dagId]);
    expect(await codes(0)).toEqual(['DAG_PAUSED', 'BACKING_OFF']);
    expect((await explain(0)).conditions[1]?.details.retryAt).toBe('2030-01-01T00:00:00.000Z');
    await set("status = 'RUNNING', attempt = 2, due_at = NULL, worker = 'w7', started_at = '2026-01-01T00:00:00Z'");
    expect(await explain(0)).toMatchObject({
      conditions: [],
      holder: { workerId: 'w7', attempt: 2, since: '2026-01-01T00:00:00.000Z' },
      summary: 'it is running on w7, in attempt 2',
    });
    await set(`status = 'FAILED', error = '{"kind":"HANDLER","message":"no"}'`);
    expect(await explain(0)).toMatchObject({ conditions: [], holder: null, summary: 'it gave up after 2 attempts: no' });
  });

  test('what a person did, in their words', async () => {
    const at = Date.parse('2026-01-01T00:00:00Z');
    const set = (columns: string, reason: object | null) =>
      world.database.engine.query(`UPDATE tasks SET ${columns}, reason = $2, error = NULL WHERE dag_id = $1 AND index = 0`, [dagId, reason]);
    await set("status = 'PENDING'", { code: 'HELD', at, by: 'ada', message: 'month end', resumeAt: at + 60_000 });
    await world.database.engine.query("UPDATE dags SET status = 'PAUSED', reason = $2 WHERE dag_id = $1", [dagId, { code: 'PAUSED', at, by: 'bob' }]);
    expect((await explain(0)).summary).toBe(
      'its DAG was paused by bob, until it is resumed; it is held by ada (month end), until 2026-01-01T00:01:00.000Z or its release',
    );
    await world.database.engine.query("UPDATE dags SET status = 'RUNNING', reason = NULL WHERE dag_id = $1", [dagId]);
    await set("status = 'PENDING'", { code: 'HELD', at });
    expect(await explain(0)).toMatchObject({
      summary: 'it is held, until it is released',
      conditions: [{ code: 'HELD', details: { resumeAt: null } }],
    });
    await set("status = 'PENDING'", { code: 'HELD', at, approval: 'AWAITED' });
    expect(await explain(0)).toMatchObject({
      summary: `it waits for approval since 2026-01-01T00:00:00.000Z (dts approve ${ids[0]} frees it)`,
      conditions: [{ code: 'AWAITING_APPROVAL', details: { since: '2026-01-01T00:00:00.000Z' } }],
    });
    await set("status = 'CANCELLING'", { code: 'CANCELLED', at, by: 'ada' });
    expect(await explain(0)).toMatchObject({
      summary: 'it was taken away by ada and ends once w7 has let it go',
      conditions: [{ code: 'CANCELLING', details: { reason: 'CANCELLED' } }],
      holder: { workerId: 'w7' },
    });
    await set("status = 'SKIPPED'", { code: 'SKIPPED_BY_HAND', at, by: 'ada' });
    expect((await explain(0)).summary).toBe('it was skipped by hand by ada');
  });

  test.each([
    ['all_done', 'it waits for the ends, good or bad, of a (queued)'],
    ['none_failed', 'it waits for the ends, without a failure, of a (queued)'],
    ['one_success', 'it waits for the first success among a (queued)'],
  ])('a task with the rule %s', async (triggerRule, summary) => {
    const tasks = [
      { taskName: 'a', type: 'API_CALL' },
      { taskName: 'b', type: 'API_CALL', dependencies: ['a'], triggerRule },
    ];
    const { body } = await world.http.post('/api/v1/dags').send({ dagName: 'rules', tasks });
    const [, second] = (await world.http.get(`/api/v1/dags/${(body as { dagId: string }).dagId}/tasks`)).body as TaskBody[];
    expect((await world.http.get(`/api/v1/tasks/${second!.taskId}/explain`)).body).toMatchObject({ summary });
  });
});

test('workers', async () => {
  world.live.workers = [worker('w1', { tags: ['gpu'] }), worker('w2', { draining: true })];
  const body = (await world.http.get('/api/v1/workers')).body as { workerId: string; state: string; lastHeartbeatAt: string }[];
  expect(body.map(({ workerId, state }) => [workerId, state])).toEqual([
    ['w1', 'ACTIVE'],
    ['w2', 'DRAINING'],
  ]);
  expect(body[0]).toEqual({
    ...{ workerId: 'w1', session: 'w1-s', host: 'h', port: 8081, version: '1', region: 'eu', tags: ['gpu'], types: ['API_CALL'] },
    ...{ slots: 4, perSlot: {}, freeSlots: 2, held: 2, running: 2, state: 'ACTIVE', lastHeartbeatAt: '2023-11-14T22:13:20.000Z' },
  });
});

test('health names each component, and is 503 when a needed one is down', async () => {
  const fresh = await openWorld();
  expect((await fresh.http.get('/api/v1/health')).body).toEqual({
    status: 'UP',
    components: { postgres: { status: 'UP', latencyMs: expect.any(Number) }, redis: { status: 'UP', latencyMs: expect.any(Number) } },
  });
  const down = await openWorld();
  down.live.redis = () => new Promise(() => undefined);
  const { status, body } = await down.http.get('/api/v1/health');
  expect(status).toBe(503);
  expect(body).toMatchObject({
    status: 'DOWN',
    components: { postgres: { status: 'UP' }, redis: { status: 'DOWN', error: 'no answer within 1000 ms' } },
  });
});

test('an unreachable database is 503, said as a problem, and alive all the same', async () => {
  const away = await openWorld();
  await away.database.close();
  const answer = await away.http.get('/api/v1/dags');
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
  expect(answer.headers['retry-after']).toBe('1');
  expect((await away.http.post('/api/v1/dags').send({ dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CALL' }] })).body.code).toBe(
    'STORE_UNAVAILABLE',
  );
  expect((await away.http.get('/livez')).body).toEqual({ status: 'UP' });
});

test('ready or not', async () => {
  expect((await world.http.get('/readyz')).status).toBe(200);
  world.live.ready = false;
  expect((await world.http.get('/readyz')).status).toBe(503);
});

test('metrics', async () => {
  world.live.workers = [worker('w1', { tags: ['gpu'] }), worker('w2', { draining: true })];
  const read = async (): Promise<string> => (await world.http.get('/actuator/prometheus')).text;
  expect(await read()).not.toMatch(/^worker_count\{/m);
  world.events.announce('lead.changed', { fence: '1' });
  const before = await read();
  expect(before).toContain('task_queue_size{priority="9",type="API_CALL"} 2');
  expect(before).toContain('worker_count{state="active"} 1');
  expect(before).toContain('worker_count{state="draining"} 1');
  expect(before).toContain('task_success_rate Nan');
  expect(before).toContain('task_execution_time_count{type="API_CALL"} 0');
  world.events.announce('execution.finished', {
    dag: 'd',
    task: 't',
    type: 'API_CALL',
    attempt: 1,
    worker: 'w',
    outcome: 'completed',
    runningMs: 30,
  });
  world.events.announce('batch.called', { type: 'API_CALL', size: 30 });
  world.events.announce('execution.stuck', { dag: 'd', task: 't', type: 'API_CALL', attempt: 1, worker: 'w', sinceMs: 30 });
  for (const outcome of ['COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED'] as const)
    world.events.announce('task.finished', { type: 'API_CALL', outcome, attempts: 1 });
  const after = await read();
  expect(after).toContain('task_handlers_stuck_total{type="API_CALL"} 1');
  expect(after).toContain('task_batch_size_bucket{le="50",type="API_CALL"} 1');
  expect(after).toContain('task_batch_size_sum{type="API_CALL"} 30');
  expect(after).toContain('task_success_rate 75\n');
  expect(after).toContain('task_success_ratio 0.75\n');
  expect(after).toContain('tasks_queued{priority="9",type="API_CALL"} 2');
  expect(after).toContain('tasks_running{type="API_CALL"} 3');
  expect(after).toContain('dependency_up{dependency="postgres"} 1');
  expect(after).toContain('task_execution_seconds_bucket{le="0.05",type="API_CALL"} 1');
  expect(after).toContain('task_execution_time_bucket{le="0.05",type="API_CALL"} 1');
  expect(after).toContain('http_request_seconds_count{method="GET",route="/actuator/prometheus",status="200"} ');
  expect(after).not.toContain('(none)",status="200"');
});

test('where Prometheus finds everybody', async () => {
  world.live.workers = [worker('w1'), worker('w2', { host: 'elsewhere', port: 9 }), worker('w3', { url: 'https://w3.example/x/' })];
  await world.leases.schedulers.publish({ scheduler: 's1', host: 'h', port: 8080 }, 60_000);
  await world.leases.schedulers.publish({ scheduler: 's2', host: 'h2', port: 8080, url: 'http://s2:81' }, 60_000);
  const answer = await world.http.get('/api/v1/prometheus-targets').set('Host', 'asked.example:8080');
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  const target = (role: string, address: string, id: string, more = {}): object => ({
    targets: [address],
    labels: { role, ...more, __meta_task_scheduler_id: id },
  });
  expect(answer.body).toEqual([
    target('scheduler', 'asked.example:8080', 's1'),
    target('scheduler', 's2:81', 's2'),
    target('worker', 'asked.example:8081', 'w1'),
    target('worker', 'elsewhere:9', 'w2'),
    target('worker', 'w3.example:443', 'w3', { __scheme__: 'https', __metrics_path__: '/x/actuator/prometheus' }),
  ]);
  const strange = await world.http.get('/api/v1/prometheus-targets').set('Host', 'a b:8080');
  expect(strange.body[0].targets).toEqual(['h:8080']);
});

test('the try-out page works with what is served here', async () => {
  const page = await world.http.get('/docs');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  const paths = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(3);
  for (const path of paths) expect({ path, status: (await world.http.get(path)).status }).toEqual({ path, status: 200 });
  expect((await world.http.get('/docs/errors')).text).toContain('<tr id="INVALID_DAG">');
  expect((await world.http.get('/api/v1/openapi.json')).body.openapi).toBe('3.1.0');
});
