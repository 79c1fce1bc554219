/** Requests that are answered late or never, and those that are sent again. */
import { api, ask } from '../../web/src/api/client';
import { createKeyOf } from '../../web/src/api/keys';
import { failureOf, isUnanswered, mayPass, RequestFailed } from '../../web/src/api/problem';

type Init = Parameters<typeof fetch>[1];

/** As a scheduler that hangs: nothing comes until the caller gives up. */
const never = (_address: unknown, init: Init): Promise<Response> =>
  new Promise((_resolve, reject) => {
    init!.signal!.addEventListener('abort', () => {
      reject(init!.signal!.reason as Error);
    });
  });

afterEach(() => {
  jest.restoreAllMocks();
});

test('an answer that does not come in time is none', async () => {
  jest.spyOn(globalThis, 'fetch').mockImplementation(never);
  const failed = await ask('/api/v1/health', { withinMs: 5 }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(RequestFailed);
  expect([isUnanswered(failed), mayPass(failed)]).toEqual([true, true]);
});

test('an answer that breaks off is none', async () => {
  const broken = { ok: true, status: 200, text: () => Promise.reject(new TypeError('terminated')) };
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(broken as unknown as Response);
  await expect(ask('/api/v1/health')).rejects.toMatchObject({ name: 'RequestFailed', status: 0 });
});

test('what its caller ended is no failure of the scheduler', async () => {
  jest.spyOn(globalThis, 'fetch').mockImplementation(never);
  const ending = new AbortController();
  const asked = ask('/api/v1/health', { signal: ending.signal });
  ending.abort();
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
});

test('a read has fifteen seconds, a command takes its time', async () => {
  jest.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response('{}')));
  const timeout = jest.spyOn(AbortSignal, 'timeout');
  await api.limits();
  expect(timeout.mock.calls).toEqual([[15_000]]);
  await api.submit('{}', 'key');
  expect(timeout).toHaveBeenCalledTimes(1);
});

test('what is sent again as it is has the same key', async () => {
  const sent = jest.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response('{}')));
  const keyOf = createKeyOf();
  for (const text of ['{"a":1}', '{"a":1}', '{"a":2}']) await api.submit(text, keyOf(text));
  const keys = sent.mock.calls.map(([, init]) => (init!.headers as Record<string, string>)['Idempotency-Key']!);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect([keys[1] === keys[0], keys[2] === keys[0]]).toEqual([true, false]);
});

test.each([
  [0, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [404, false],
  [409, false],
])('whether the same request may succeed after the answer %d: %s', (status, may) => {
  expect([mayPass(failureOf(status, '')), mayPass(new Error('?'))]).toEqual([may, false]);
});
