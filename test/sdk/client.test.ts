import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiError, createClient, isApiError, isUnreachable } from '../../src/sdk';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let url: string;
let heard: Heard[];
let answers: Answer[];

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
};

// A real server that says what the test wants to hear: overload and breakdowns can't be asked of the scheduler on demand.
beforeEach(async () => {
  heard = [];
  answers = [];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      heard.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const answer = answers.shift() ?? { status: 500, body: { title: 'nothing more to say' } };
      response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const submission = { dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CALL' }] };

test('a submission that met an overload is repeated under the same key', async () => {
  answers = [
    { status: 503, body: {} },
    { status: 429, body: {} },
    { status: 201, body: { dagId: 'd' } },
  ];
  await expect(createClient({ url }).submit(submission)).resolves.toEqual({ dagId: 'd' });
  expect(new Set(heard.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  expect(heard.map(({ method, url: path }) => `${method} ${path}`)).toEqual(Array(3).fill('POST /api/v1/dags'));
  expect(JSON.parse(heard[2]?.body ?? '')).toEqual(submission);
});

test("the caller's key is used", async () => {
  answers = [{ status: 201, body: {} }];
  await createClient({ url }).submit(submission, { idempotencyKey: 'mine' });
  expect(heard[0]?.headers['idempotency-key']).toBe('mine');
});

test('a refusal is not repeated, and carries the problem', async () => {
  const problem = { title: 'Unprocessable', status: 422, detail: 'a cycle', errors: [{ path: 'tasks', message: 'a → b → a' }] };
  answers = [{ status: 422, body: problem }];
  const error = await failureOf(createClient({ url }).submit(submission));
  expect(isApiError(error)).toBe(true);
  expect(error as ApiError).toMatchObject({ message: 'a cycle', status: 422, problem });
  expect(heard).toHaveLength(1);
});

test('the last refusal is told when the repetitions are used up', async () => {
  answers = Array.from({ length: 2 }, () => ({ status: 503, body: { detail: 'busy' } }));
  expect(await failureOf(createClient({ url, retries: 1 }).dag('d'))).toMatchObject({ name: 'ApiError', message: 'busy' });
});

test('nobody listens', async () => {
  server.close();
  const error = await failureOf(createClient({ url, retries: 0 }).dag('d'));
  expect(isUnreachable(error)).toBe(true);
  expect((error as Error).message).toMatch(/^no answer from http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/);
});

test('an answer that never comes', async () => {
  server.removeAllListeners('request');
  const error = await failureOf(createClient({ url, retries: 0, timeoutMs: 50 }).dag('d'));
  expect(isUnreachable(error)).toBe(true);
});

test('wait asks until the DAG is final', async () => {
  answers = [
    { status: 200, body: { status: 'RUNNING' } },
    { status: 200, body: { status: 'COMPLETED' } },
  ];
  const seen: string[] = [];
  const dag = await createClient({ url }).wait('d', { onState: ({ status }) => seen.push(status) });
  expect([dag.status, seen]).toEqual(['COMPLETED', ['RUNNING', 'COMPLETED']]);
  expect(heard.map((request) => request.url)).toEqual(Array(2).fill('/api/v1/dags/d?waitSeconds=30'));
});

test('ids, filters and an address with a path are put in place', async () => {
  answers = Array.from({ length: 2 }, () => ({ status: 200, body: {} }));
  const client = createClient({ url: `${url}/behind/proxy` });
  await client.task('a/../b');
  await client.dags({ status: 'FAILED', name: 'x*', tag: 'a&b' });
  expect(heard.map((request) => request.url)).toEqual([
    '/behind/proxy/api/v1/tasks/a%2F..%2Fb',
    '/behind/proxy/api/v1/dags?status=FAILED&name=x*&tag=a%26b',
  ]);
});
