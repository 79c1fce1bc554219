import type { Response } from 'supertest';
import type { DagBody, PageBody, TaskBody } from './bodies';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld({ tasksPerDag: 5_000, edgesPerDag: 5_000, bodyBytes: 5_000_000 });
});

const submit = async (dagName: string, tasks: object[], more: object = {}): Promise<string> => {
  const { status, body } = await world.http.post('/api/v1/dags').send({ dagName, tasks, ...more });
  expect(status).toBe(201);
  return (body as DagBody).dagId;
};
const get = (path: string): Promise<Response> => world.http.get(path).then((answer) => answer);
const names = async (path: string): Promise<string[]> =>
  ((await get(path)).body as PageBody).items.map((item) => item.dagName ?? item.taskName ?? '');
const task = (taskName: string, dependencies: string[] = [], more: object = {}): object => ({ taskName, type: 'API_CALL', dependencies, ...more });
const pathIn = ({ headers }: Response): string | undefined => /^<(.*)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];

describe('lists', () => {
  beforeAll(async () => {
    for (const name of ['alpha-1', 'alpha-2', 'beta', '100%_*'])
      await submit(name, [task('one'), task('two', ['one'])], name === 'beta' ? { tags: ['green'] } : {});
    await world.database.engine.query("UPDATE dags SET status = 'RUNNING', created_at = '2020-01-01T00:00:00Z' WHERE name = 'alpha-1'");
  });

  test('DAGs by name, beginning, tag, status and time, newest first', async () => {
    expect(await names('/api/v1/dags')).toEqual(['100%_*', 'beta', 'alpha-2', 'alpha-1']);
    expect(await names('/api/v1/dags?name=alpha-2')).toEqual(['alpha-2']);
    expect(await names('/api/v1/dags?name=alpha-*')).toEqual(['alpha-2', 'alpha-1']);
    expect(await names('/api/v1/dags?name=100%25_*')).toEqual(['100%_*']);
    expect(await names('/api/v1/dags?tag=green')).toEqual(['beta']);
    expect(await names('/api/v1/dags?status=running')).toEqual(['alpha-1']);
    expect(await names('/api/v1/dags?status=RUNNING,CREATED&name=alpha-*')).toEqual(['alpha-2', 'alpha-1']);
    expect(await names('/api/v1/dags?createdBefore=2021-01-01T00:00:00Z')).toEqual(['alpha-1']);
    expect(await names('/api/v1/dags?createdAfter=2021-01-01T00:00:00%2B02:00')).toEqual(['100%_*', 'beta', 'alpha-2']);
    expect(await names('/api/v1/dags?tag=nobody')).toEqual([]);
  });

  test('pages of DAGs, by cursor and by Link, meet each DAG once', async () => {
    const seen: string[] = [];
    let path: string | undefined = '/api/v1/dags?limit=3&status=CREATED&status=RUNNING';
    while (path !== undefined) {
      const page: Response = await get(path);
      seen.push(...(page.body as PageBody).items.map((dag) => dag.dagName ?? ''));
      path = pathIn(page);
      expect((page.body as PageBody).nextCursor === null).toBe(path === undefined);
    }
    expect(seen).toEqual(['100%_*', 'beta', 'alpha-2', 'alpha-1']);
  });

  test('tasks over all DAGs, by filters and pages', async () => {
    expect(await names('/api/v1/tasks?name=two&limit=2')).toEqual(['two', 'two']);
    expect(await names('/api/v1/tasks?tag=green')).toEqual(['one', 'two']);
    expect(await names('/api/v1/tasks?type=NOTIFICATION')).toEqual([]);
    const seen: string[] = [];
    let path: string | undefined = '/api/v1/tasks?limit=3';
    while (path !== undefined) {
      const page: Response = await get(path);
      seen.push(...(page.body as PageBody).items.map((one) => one.taskId ?? ''));
      path = pathIn(page);
    }
    expect(seen).toHaveLength(8);
    expect(new Set(seen).size).toBe(8);
  });
});

describe('the tasks of a DAG', () => {
  test("a cursor beyond every task is a wrong parameter, never the database's affair", async () => {
    const dagId = await submit('small', [task('one')]);
    const at = (index: string): string => `/api/v1/dags/${dagId}/tasks?cursor=${Buffer.from(`t${index}`).toString('base64url')}`;
    expect((await get(at('1'))).body).toEqual([]);
    expect((await get(at('999999999999999'))).body).toMatchObject({ status: 400, code: 'WRONG_PARAMETER' });
  });

  test('all of a large one come as one array, pages by Link', async () => {
    const dagId = await submit(
      'large',
      Array.from({ length: 2_500 }, (_, i) => task(`t${i}`, i === 0 ? [] : [`t${i - 1}`], { payload: { i } })),
    );
    const all = await get(`/api/v1/dags/${dagId}/tasks`);
    const listed = all.body as TaskBody[];
    expect(listed.map((one) => one.taskName)).toEqual(Array.from({ length: 2_500 }, (_, i) => `t${i}`));
    expect(listed[2_499]).toMatchObject({ dependencies: ['t2498'], payload: { i: 2_499 } });
    let path: string | undefined = `/api/v1/dags/${dagId}/tasks?limit=1000`;
    const pages: number[] = [];
    while (path !== undefined) {
      const page: Response = await get(path);
      pages.push((page.body as TaskBody[]).length);
      path = pathIn(page);
    }
    expect(pages).toEqual([1_000, 1_000, 500]);
  });

  test('exactly one page of the store', async () => {
    const dagId = await submit(
      'thousand',
      Array.from({ length: 1_000 }, (_, i) => task(`t${i}`)),
    );
    expect((await get(`/api/v1/dags/${dagId}/tasks`)).body).toHaveLength(1_000);
    expect(pathIn(await get(`/api/v1/dags/${dagId}/tasks?limit=1000`))).toBeUndefined();
  });

  test('a task alone is the same as in the list, with its result and its times', async () => {
    const dagId = await submit('one', [task('a', [], { simulate: { durationMs: [1, 2] }, timeoutSeconds: 5 })]);
    await world.database.engine.query(
      `UPDATE tasks SET status = 'COMPLETED', attempt = 2, worker = 'w1', started_at = '2026-01-01T00:00:01Z', completed_at = '2026-01-01T00:00:02Z', running_ms = 1000, result = '{"rows": 12345678901234567890}' WHERE dag_id = $1`,
      [dagId],
    );
    const [listed] = (await get(`/api/v1/dags/${dagId}/tasks`)).body as [TaskBody];
    const alone = await get(`/api/v1/tasks/${listed.taskId}`);
    expect(alone.body).toEqual({ ...listed, attempts: [], checkpoint: null });
    expect(alone.text).toContain('"result":{"rows": 12345678901234567890}');
    expect(alone.body).toMatchObject({
      status: 'COMPLETED',
      attempt: 2,
      workerId: 'w1',
      startedAt: '2026-01-01T00:00:01.000Z',
      completedAt: '2026-01-01T00:00:02.000Z',
      timeoutSeconds: 5,
      simulate: { durationMs: [1, 2] },
      timing: { runningMs: 1_000, current: null },
    });
    await world.database.engine.query(`UPDATE tasks SET checkpoint = '{"line": 12345678901234567890}' WHERE dag_id = $1`, [dagId]);
    expect((await get(`/api/v1/tasks/${listed.taskId}`)).text).toContain('"checkpoint":{"line": 12345678901234567890}');
  });

  test('large inputs are handed to workers', async () => {
    const dagId = await submit('inputs', [task('a'), task('b', ['a'], { payload: [1] })]);
    await world.database.engine.query("UPDATE tasks SET status = 'COMPLETED', result = '42' WHERE dag_id = $1 AND index = 0", [dagId]);
    const [, b] = (await get(`/api/v1/dags/${dagId}/tasks`)).body as [TaskBody, TaskBody];
    expect((await get(`/internal/v1/inputs/${b.taskId}?fence=7`)).body).toEqual({ payload: '[1]', upstream: { a: '42' }, checkpoint: null });
  });
});

describe('waiting for a DAG', () => {
  const finish = (dagId: string) =>
    world.database.engine.query("UPDATE dags SET status = 'COMPLETED', completed_at = now() WHERE dag_id = $1", [dagId]);

  test('answers as soon as its end is announced', async () => {
    const dagId = await submit('waited', [task('a')]);
    const begun = performance.now();
    const answer = get(`/api/v1/dags/${dagId}?waitSeconds=30`);
    await finish(dagId);
    world.events.announce('dag.finished', { dag: dagId, name: 'waited', status: 'COMPLETED', tookMs: 1 });
    expect((await answer).body).toMatchObject({ status: 'COMPLETED' });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('sees the end of a DAG that another scheduler owns, without an announcement', async () => {
    const dagId = await submit('elsewhere', [task('a')]);
    const answer = get(`/api/v1/dags/${dagId}?waitSeconds=30`);
    await finish(dagId);
    expect((await answer).body).toMatchObject({ status: 'COMPLETED' });
  });

  test('answers what is when the time is over', async () => {
    const dagId = await submit('slow', [task('a')]);
    const begun = performance.now();
    expect((await get(`/api/v1/dags/${dagId}?waitSeconds=0.2`)).body).toMatchObject({ status: 'CREATED' });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(190);
  });
});
