import type { RequestListener } from 'node:http';
import { request } from 'node:http';
import { createApp } from '../../src/edge/app';
import type { Answered } from '../../src/edge/answering';
import { createHttpServer } from '../../src/edge/httpServer';
import { probeRoutes } from '../../src/edge/probeRoutes';
import { createProbesApp, probesOf } from '../../src/edge/probes';
import { atEnd } from '../harness/cleanup';

interface Seen {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const ask = (port: number, method: string, path: string): Promise<Seen> =>
  new Promise((resolve, reject) => {
    const asked = request({ port, method, path, agent: false, headers: { 'X-Request-Id': 'the-clients-own' } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const { date, ...headers } = answer.headers;
        expect(date).toBeDefined();
        resolve({ status: answer.statusCode, headers, body: Buffer.concat(parts).toString() });
      });
    });
    asked.on('error', reject).end();
  });

const state: { report: () => Promise<{ status: 'UP' | 'DOWN' }>; ready: boolean } = { report: () => Promise.resolve({ status: 'UP' }), ready: true };
const needs = {
  health: () => state.report(),
  ready: () => state.ready,
  metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: () => Promise.resolve('täsks_total 1\n') },
};

/** What an app answers and tells of each request, in their order. */
const answersOf = async (
  appFor: (watching: Parameters<typeof createProbesApp>[1]) => RequestListener,
  requests: readonly (readonly [string, string])[],
) => {
  const told: (Omit<Answered, 'tookMs'> | { readonly unexpected: unknown; readonly id: string })[] = [];
  const app = appFor({
    answered: ({ tookMs, ...what }) => {
      expect(tookMs).toBeGreaterThanOrEqual(0);
      told.push(what);
    },
    unexpected: (unexpected, id) => told.push({ unexpected, id }),
    monotonic: () => performance.now(),
  });
  const server = createHttpServer({ app, host: '127.0.0.1', port: 0, drainMs: 1_000 });
  atEnd(() => server.stop());
  await server.start();
  const seen: Seen[] = [];
  for (const [method, path] of requests) seen.push(await ask(server.port()!, method, path));
  await server.stop();
  return { seen, told };
};

const ofBoth = async (requests: readonly (readonly [string, string])[]) => ({
  express: await answersOf((watching) => createApp({ routers: [probeRoutes(needs)], ...watching }), requests),
  bare: await answersOf((watching) => createProbesApp(probesOf(needs), watching), requests),
});

const PATHS = ['/api/v1/health', '/livez', '/readyz?verbose', '/actuator/prometheus', '/LIVEZ/', '/', '/livez/more', `/${'x'.repeat(300)}`];

test('a worker answers as a scheduler does', async () => {
  const { express, bare } = await ofBoth(
    PATHS.flatMap((path) => ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'].map((method) => [method, path] as const)),
  );
  expect(bare).toEqual(express);
  expect(bare.seen[0]).toMatchObject({
    status: 200,
    body: '{"status":"UP"}',
    headers: { 'x-request-id': 'the-clients-own', 'cache-control': 'no-store' },
  });
  expect(new Set(bare.seen.map(({ status }) => status))).toEqual(new Set([200, 204, 404, 405]));
  expect(bare.told[0]).toEqual({ method: 'GET', route: '/api/v1/health', status: 200 });
});

test.each([
  ['what is down', () => Promise.resolve({ status: 'DOWN' as const }), 503],
  ['what nobody foresaw', () => Promise.reject(new Error('a surprise')), 500],
])('and tells %s as it does', async (_what, report, status) => {
  Object.assign(state, { report, ready: false });
  const { express, bare } = await ofBoth([
    ['GET', '/api/v1/health'],
    ['GET', '/readyz'],
  ]);
  expect(bare).toEqual(express);
  expect(bare.seen.map((answer) => answer.status)).toEqual([status, 503]);
  expect(bare.told.some((told) => 'unexpected' in told)).toBe(status === 500);
});
