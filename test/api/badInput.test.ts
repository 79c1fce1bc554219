import { gzipSync } from 'node:zlib';
import { openWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});

afterEach(async () => {
  expect(await world.rows()).toEqual({ dags: 0, tasks: 0 });
  expect(world.admitted).toEqual([]);
  expect(world.unexpected).toEqual([]);
});

const post = (body: string, type = 'application/json') => world.http.post('/api/v1/dags').set('Content-Type', type).send(body);
const task = (taskName: string, dependencies: string[] = [], more: object = {}): object => ({ taskName, type: 'API_CALL', dependencies, ...more });
const dag = (...tasks: unknown[]): string => JSON.stringify({ dagName: 'dag', tasks });

describe('bad bodies', () => {
  test.each<[string, string, number, string, object]>([
    ['malformed JSON', '{"dagName": "x",\n "tasks": [}', 400, 'MALFORMED_JSON', { detail: 'unexpected "}" at line 2, column 12 (position 28)' }],
    ['an empty body', '', 400, 'MALFORMED_JSON', { detail: expect.stringContaining('ends too early') }],
    ['a body that is no object', '[]', 400, 'WRONG_SHAPE', { errors: [{ path: '', message: 'the body must be an object' }] }],
    ['null', 'null', 400, 'WRONG_SHAPE', {}],
    [
      'wrong types',
      '{"dagName": 7, "tasks": "many"}',
      400,
      'WRONG_SHAPE',
      {
        errors: [
          { path: 'dagName', message: expect.any(String) },
          { path: 'tasks', message: 'must be a list of tasks' },
        ],
      },
    ],
    [
      'unknown fields',
      dag(task('a', [], { dependsOn: [] })),
      400,
      'WRONG_SHAPE',
      { errors: [{ path: 'tasks[0].dependsOn', message: 'there is no such field' }] },
    ],
    ['no tasks', dag(), 422, 'INVALID_DAG', { errors: [{ path: 'tasks', message: 'a DAG needs at least one task' }] }],
    [
      'duplicate names',
      dag(task('a'), task('a')),
      422,
      'INVALID_DAG',
      { errors: [{ path: 'tasks[1].taskName', message: expect.stringContaining('taken by tasks[0]') }] },
    ],
    [
      'a self-dependency',
      dag(task('a', ['a'])),
      422,
      'INVALID_DAG',
      { errors: [{ path: 'tasks[0].dependencies[0]', message: 'the task "a" depends on itself' }] },
    ],
    [
      'a missing dependency',
      dag(task('extract'), task('b', ['extracts'])),
      422,
      'INVALID_DAG',
      { errors: [{ path: 'tasks[1].dependencies[0]', message: 'no task "extracts" in this DAG (did you mean "extract"?)' }] },
    ],
    [
      'a cycle',
      dag(task('a', ['c']), task('b', ['a']), task('c', ['b'])),
      422,
      'INVALID_DAG',
      { detail: 'these tasks wait for each other in a cycle: a → b → c → a' },
    ],
    [
      'an unknown type',
      dag(task('a', [], { type: 'TEA' })),
      422,
      'INVALID_DAG',
      { errors: [{ path: 'tasks[0].type', message: expect.stringContaining('no task type "TEA"') }] },
    ],
    [
      'too many tasks',
      dag(...Array.from({ length: 201 }, (_, i) => task(`t${i}`))),
      413,
      'DAG_TOO_LARGE',
      { detail: '201 tasks are more than the limit of 200' },
    ],
    [
      'too many dependencies',
      dag(
        ...Array.from({ length: 31 }, (_, i) =>
          task(
            `t${i}`,
            Array.from({ length: i }, (_x, d) => `t${d}`),
          ),
        ),
      ),
      413,
      'DAG_TOO_LARGE',
      { detail: '465 dependencies are more than the limit of 400' },
    ],
    ['too many bytes', dag(task('a', [], { payload: 'x'.repeat(100_000) })), 413, 'BODY_TOO_LARGE', {}],
    [
      'too large a payload',
      dag(task('a', [], { payload: 'x'.repeat(3_000) })),
      413,
      'DAG_TOO_LARGE',
      { errors: [{ path: 'tasks[0].payload', message: expect.stringContaining('3002 bytes') }] },
    ],
    [
      'a negative number',
      dag(task('a', [], { maxRetries: -1 })),
      400,
      'WRONG_SHAPE',
      { errors: [{ path: 'tasks[0].maxRetries', message: 'must not be less than 0' }] },
    ],
    [
      'an absurd number',
      dag(task('a', [], { timeoutSeconds: 1e200 })),
      400,
      'WRONG_SHAPE',
      { errors: [{ path: 'tasks[0].timeoutSeconds', message: expect.any(String) }] },
    ],
    ['a name of 10 KB', dag(task('n'.repeat(10_240))), 400, 'WRONG_SHAPE', { errors: [{ path: 'tasks[0].taskName', message: expect.any(String) }] }],
    ['a name with NUL', dag(task('a\u0000b')), 400, 'WRONG_SHAPE', { errors: [{ path: 'tasks[0].taskName', message: expect.any(String) }] }],
    [
      'a tag with half a pair',
      dag(task('a', [], { tags: ['\ud800'] })),
      400,
      'WRONG_SHAPE',
      { errors: [{ path: 'tasks[0].tags[0]', message: expect.any(String) }] },
    ],
  ])('%s', async (_what, sent, status, code, more) => {
    const answer = await post(sent);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      status,
      code,
      type: `/docs/errors#${code}`,
      title: expect.any(String),
      requestId: answer.headers['x-request-id'],
      ...more,
    });
  });

  test.each(['text/plain', 'application/x-yaml', 'application/json; charset=latin1', 'multipart/form-data'])('of type %s', async (type) => {
    expect((await post(dag(task('a')), type)).body).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('of no type', async () => {
    expect((await world.http.post('/api/v1/dags')).body).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('of an unknown encoding', async () => {
    expect((await post(dag(task('a'))).set('Content-Encoding', 'lzma')).body).toMatchObject({ status: 415, code: 'UNSUPPORTED_ENCODING' });
  });

  test.each(['gzip', 'deflate', 'br'])('of the encoding %s that is none', async (encoding) => {
    expect((await post('not packed').set('Content-Encoding', encoding)).body).toMatchObject({
      status: 400,
      code: 'MALFORMED_JSON',
      detail: expect.stringMatching(/^the body is not packed as its Content-Encoding says: ./) as string,
    });
  });

  test('that unpack to more than the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, 0x20)) as unknown as string;
    const answer = await world.http
      .post('/api/v1/dags')
      .set({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
      .serialize((body: unknown) => body as string)
      .send(bomb);
    expect(answer.body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
  });
});

describe('bad paths and parameters', () => {
  test.each([
    '/api/v1/dags/42',
    '/api/v1/dags/not-a-uuid',
    '/api/v1/dags/42/tasks',
    '/api/v1/tasks/42',
    '/api/v1/tasks/x/explain',
    '/internal/v1/inputs/x?fence=1',
  ])('%s is no UUID', async (path) => {
    expect((await world.http.get(path)).body).toMatchObject({ status: 400, code: 'WRONG_ID' });
  });

  test.each([
    ['/api/v1/dags/7f0f8c1e-0000-4000-8000-000000000000', 'DAG_NOT_FOUND'],
    ['/api/v1/dags/7f0f8c1e-0000-4000-8000-000000000000/tasks', 'DAG_NOT_FOUND'],
    ['/api/v1/dags/7f0f8c1e-0000-4000-8000-000000000000/tasks?limit=3', 'DAG_NOT_FOUND'],
    ['/api/v1/tasks/7f0f8c1e-0000-4000-8000-000000000001', 'TASK_NOT_FOUND'],
    ['/api/v1/tasks/7f0f8c1e-0000-4000-8000-000000000000', 'TASK_NOT_FOUND'],
    ['/api/v1/tasks/7f0f8c1e-0000-4000-8000-ffffffffffff/explain', 'TASK_NOT_FOUND'],
    ['/internal/v1/inputs/7f0f8c1e-0000-4000-8000-000000000001?fence=1', 'TASK_NOT_FOUND'],
    ['/nothing', 'NO_SUCH_PATH'],
    ['/api/v1/dagz', 'NO_SUCH_PATH'],
  ])('%s is unknown', async (path, code) => {
    expect((await world.http.get(path)).body).toMatchObject({ status: 404, code });
  });

  test.each([
    '/api/v1/dags?limit=0',
    '/api/v1/dags?limit=1001',
    '/api/v1/dags?limit=-1',
    '/api/v1/dags?limit=1e2',
    '/api/v1/dags?limit=1&limit=2',
    '/api/v1/dags?cursor=x',
    '/api/v1/dags?status=DONE',
    '/api/v1/dags?createdAfter=yesterday',
    '/api/v1/dags?createdAfter=2026-02-31T00:00:00',
    '/api/v1/dags?createdBefore=2026-02-30',
    '/api/v1/dags?stauts=CREATED',
    '/api/v1/dags?name=',
    '/api/v1/tasks?status=CREATED',
    '/api/v1/tasks?cursor=dA',
    '/api/v1/dags/7f0f8c1e-0000-4000-8000-000000000000?waitSeconds=61',
    '/api/v1/dags/7f0f8c1e-0000-4000-8000-000000000000?waitSeconds=-1',
    '/internal/v1/inputs/7f0f8c1e-0000-4000-8000-000000000001',
    '/api/v1/dags/%E0%A4%A',
  ])('%s is a wrong parameter', async (path) => {
    expect((await world.http.get(path)).body).toMatchObject({ status: 400, code: 'WRONG_PARAMETER' });
  });

  test('a method that a path has not', async () => {
    const { status, headers, body } = await world.http.delete('/api/v1/dags');
    expect({ status, allow: headers['allow'], code: body.code }).toEqual({ status: 405, allow: 'GET, HEAD, POST', code: 'METHOD_NOT_ALLOWED' });
    expect((await world.http.post('/api/v1/health')).headers['allow']).toBe('GET, HEAD');
    expect((await world.http.head('/api/v1/dags')).status).toBe(200);
  });

  test('OPTIONS tells the methods of all routers', async () => {
    const { status, headers, text } = await world.http.options('/api/v1/dags');
    expect({ status, allow: headers['allow'], text }).toEqual({ status: 204, allow: 'GET, HEAD, POST', text: '' });
    expect((await world.http.options('/nothing')).status).toBe(404);
  });

  test('a request id is kept where it is decent, and made where it is not', async () => {
    expect((await world.http.get('/nothing').set('X-Request-Id', 'abc-1')).body.requestId).toBe('abc-1');
    expect((await world.http.get('/nothing').set('X-Request-Id', 'a b')).body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
