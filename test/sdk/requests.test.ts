/** What becomes of a request that is redirected, lost, refused for a while, or can't be sent at all. */
import { type Client, createClient } from '../../src/sdk';
import { apiError } from '../../src/sdk/errors';
import { pauseBefore } from '../../src/sdk/requests';
import { freePort } from '../harness/ports';
import { failureOf, serving } from './serving';

const submission = { dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CALL' }] };
const LEFT_OPEN = /; it may have been carried out all the same$/;

/** Answers in turn: null is a connection that breaks when the request has arrived. */
const answering = async (
  ...answers: readonly ({ readonly status: number; readonly body?: unknown } | null)[]
): Promise<{ readonly client: Client; readonly heard: string[] }> => {
  const heard: string[] = [];
  const url = await serving((request, response) => {
    const answer = answers[heard.length];
    heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (answer === null) request.socket.destroy();
    else response.writeHead(answer?.status ?? 500).end(answer?.body === undefined ? '' : JSON.stringify(answer.body));
  });
  return { client: createClient({ url }), heard };
};

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('a submission that is answered with %d is not lost as a GET', async (status) => {
    const heard: unknown[] = [];
    const url = await serving((request, response) => {
      heard.push(request.method);
      if (request.method === 'POST') response.writeHead(status, { location: 'https://here.example/api/v1/dags' }).end();
      else response.end('{"items": []}');
    });
    expect(await failureOf(createClient({ url }).submit(submission))).toMatchObject({
      name: 'UnreachableError',
      message: `no answer from ${url}: it redirects (${status}) to https://here.example/api/v1/dags: use that address`,
    });
    expect(heard).toEqual(['POST']);
  });

  test('what only reads goes where it is led', async () => {
    const url = await serving((request, response) => {
      if (request.url === '/there') response.end('{"dagId": "d"}');
      else response.writeHead(302, { location: '/there' }).end();
    });
    await expect(createClient({ url }).dag('d')).resolves.toEqual({ dagId: 'd' });
  });
});

describe('what must not be done twice', () => {
  const calls: readonly (readonly [string, (client: Client) => Promise<unknown>])[] = [
    ['createSchedule', (client) => client.createSchedule({ name: 'n', cron: '@daily', dag: submission })],
    ['addSubscription', (client) => client.addSubscription({ name: 'n', channel: 'webhook', events: ['DAG_FAILED'], url: 'https://x.example' })],
    ['renewSecret', (client) => client.renewSecret('s')],
    ['testSubscription', (client) => client.testSubscription('s')],
  ];

  test.each(calls)('%s is not repeated when its answer is lost, and says what that leaves open', async (_name, call) => {
    const { client, heard } = await answering(null, { status: 409, body: {} });
    expect(await failureOf(call(client))).toMatchObject({ name: 'UnreachableError', message: expect.stringMatching(LEFT_OPEN) });
    expect(heard).toHaveLength(1);
  });

  test.each(calls)('%s is repeated where nothing was begun', async (_name, call) => {
    const { client, heard } = await answering({ status: 429 }, { status: 503, body: { code: 'OVERLOADED' } }, { status: 201, body: { done: true } });
    await expect(call(client)).resolves.toEqual({ done: true });
    expect(heard).toHaveLength(3);
  });

  test('a database that went away meanwhile may have stored it', async () => {
    const { client, heard } = await answering({ status: 503, body: { code: 'STORE_UNAVAILABLE', detail: 'gone' } }, { status: 409 });
    expect(await failureOf(client.renewSecret('s'))).toMatchObject({ name: 'ApiError', status: 503, message: 'gone' });
    expect(heard).toHaveLength(1);
  });

  test('where nobody listens nothing was done', async () => {
    const client = createClient({ url: `http://127.0.0.1:${String(await freePort())}`, retries: 1 });
    expect(await failureOf(client.renewSecret('s'))).toMatchObject({ message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:\d+$/) });
  });
});

describe('a deletion', () => {
  test('that is repeated and finds nothing has been done', async () => {
    const { client, heard } = await answering(null, { status: 404, body: {} });
    await expect(client.deleteDag('d')).resolves.toBeUndefined();
    expect(heard).toEqual(['DELETE /api/v1/dags/d', 'DELETE /api/v1/dags/d']);
  });

  test('of what was never there is refused', async () => {
    for (const answers of [[{ status: 404 }], [{ status: 429 }, { status: 404 }]]) {
      const { client } = await answering(...answers);
      expect(await failureOf(client.deleteDag('d'))).toMatchObject({ name: 'ApiError', status: 404 });
    }
  });
});

test.each([
  ['30', 30_000, 45_000],
  ['1', 1_000, 1_500],
  ['0.1', 100, 600],
  ['600', 60_000, 90_000],
  [null, 50, 100],
  ['soon', 50, 100],
])('after Retry-After: %s come at least %d ms, at most %d, never the same for all', (retryAfter, least, most) => {
  const refused = Object.assign(apiError(503, {}), { retryAfter });
  const pauses = Array.from({ length: 200 }, () => pauseBefore(0, refused));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(most);
  expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan((most - least) / 2);
});

describe("the caller's mistakes are told as such, and nothing is sent", () => {
  const mistakes: readonly (readonly [string, string | undefined, (client: Client) => Promise<unknown>, RegExp])[] = [
    [
      'a key that is no header',
      undefined,
      (client) => client.submit(submission, { idempotencyKey: 'today…' }),
      /^"today…" can't be sent as the header idempotency-key$/,
    ],
    [
      'a payload that is no JSON',
      undefined,
      (client) => client.submit({ dagName: 'x', tasks: [{ taskName: 'a', type: 'API_CALL', payload: 1n }] }),
      /^what is to be sent is no JSON: .*BigInt/,
    ],
    ['an address without a scheme', 'localhost:8080', (client) => client.dags(), /^"localhost:8080" is no address like http:\/\/localhost:8080$/],
    ['an address of something else', 'ftp://localhost', (client) => client.dags(), /^"ftp:\/\/localhost" is no address/],
    ['an address with a password', 'http://ada:secret@localhost', (client) => client.dags(), /^the address has a user or a password/],
    ['a stream without a scheme', 'localhost:8080', (client) => client.live(['dags']).next(), /is no address/],
    ['a log without a scheme', 'localhost:8080', (client) => client.followLogs('t').next(), /is no address/],
  ];
  test.each(mistakes)('%s', async (_what, address, call, message) => {
    let heard = 0;
    const url = await serving((_request, response) => {
      heard += 1;
      response.end('{}');
    });
    const error = await failureOf(call(createClient({ url: address ?? url })));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    expect(heard).toBe(0);
  });
});

describe('wait ends when its time is over', () => {
  const silentAfter = (looks: number): Promise<string> => {
    let heard = 0;
    return serving((_request, response) => {
      heard += 1;
      if (heard <= looks) response.end('{"status": "RUNNING"}');
    });
  };

  test('with the last state that was seen, whatever the server does since', async () => {
    const began = performance.now();
    await expect(createClient({ url: await silentAfter(1) }).wait('d', { timeoutMs: 300 })).resolves.toEqual({ status: 'RUNNING' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('with an UnreachableError where nothing was seen', async () => {
    const began = performance.now();
    expect(await failureOf(createClient({ url: await silentAfter(0) }).wait('d', { timeoutMs: 300 }))).toMatchObject({ name: 'UnreachableError' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
