/** `dts limits` against a server that says what the test wants to hear. */
import { answering, type Answering } from './answering';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());
const dts: Answering['dts'] = (...args) => server.dts(...args);

const limit = {
  ...{ scope: 'pool', name: 'db', maxRunning: 5, perSecond: null, burst: null, running: 3 },
  ...{ reason: 'a small server', by: 'ada', updatedAt: '2026-01-31T12:00:00.000Z' },
};
const rate = { ...limit, scope: 'rate', name: 'api', maxRunning: null, perSecond: 2.5, burst: 3, running: null, by: null, reason: null };

test('a pool, a type and a rate are limited', async () => {
  server.answers.set('PUT /api/v1/limits/pool/db', { body: { changed: true, limit } });
  server.answers.set('PUT /api/v1/limits/type/API_CALL', { body: { changed: false, limit: { ...limit, scope: 'type', name: 'API_CALL' } } });
  server.answers.set('PUT /api/v1/limits/rate/api', { body: { changed: true, limit: rate } });
  expect(await dts('limits', 'set', '--pool', 'db', '--max-running', '5', '--by', 'ada', '--reason', 'a small server')).toEqual({
    ...{ code: 0, out: 'pool db has 5 at once\n', err: '' },
  });
  expect((await dts('limits', 'set', '--type', 'API_CALL', '--max-running', '5')).out).toBe('type API_CALL has 5 at once, as it had\n');
  expect((await dts('limits', 'set', '--rate', 'api', '--per-second', '2.5', '--burst', '3')).out).toBe('rate api has 2.5 a second, 3 at once\n');
  expect((await dts('--json', 'limits', 'set', '--rate', 'api', '--per-second', '2.5')).out).toBe(
    `${JSON.stringify({ changed: true, limit: rate })}\n`,
  );
  expect(server.heard.map(({ body }) => body)).toEqual([
    { maxRunning: 5, by: 'ada', reason: 'a small server' },
    { maxRunning: 5 },
    { perSecond: 2.5, burst: 3 },
    { perSecond: 2.5 },
  ]);
});

test('they are listed, as text and as JSON, and removed', async () => {
  server.answers.set('GET /api/v1/limits', { body: [limit, rate] });
  const { out } = await dts('limits');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['WHAT', 'LIMIT', 'RUNNING', 'BY', 'REASON'],
    ['pool db', '5 at once', '3', 'ada', 'a small server'],
    ['rate api', '2.5 a second, 3 at once', '-', '-', ''],
    [''],
  ]);
  expect(JSON.parse((await dts('limits', 'list', '--json')).out)).toHaveLength(2);
  server.answers.set('GET /api/v1/limits', { body: [] });
  expect((await dts('limits', 'list')).err).toBe('nothing is limited\n');
  server.answers.set('DELETE /api/v1/limits/pool/db', { status: 204, body: undefined });
  expect((await dts('limits', 'remove', '--pool', 'db')).out).toBe('pool db has no limit any more\n');
});

test('it must be said what, and how much, and nothing that belongs to another kind', async () => {
  for (const args of [
    ['--max-running', '5'],
    ['--pool', 'db', '--rate', 'x', '--max-running', '5'],
    ['--pool', 'db'],
    ['--pool', 'db', '--max-running', 'five'],
    ['--pool', 'db', '--max-running', '5', '--per-second', '1'],
    ['--rate', 'x', '--max-running', '5'],
    ['--rate', 'x', '--burst', '5'],
  ])
    expect([args, (await dts('limits', 'set', ...args)).code]).toEqual([args, 2]);
  expect(server.heard).toEqual([]);
});
