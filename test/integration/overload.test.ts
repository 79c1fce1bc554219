/** What comes when there is too much already, on the real stack. */
import { Client as Postgres } from 'pg';
import { atEnd } from '../harness/cleanup';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const post = (url: string, tasks: number, key?: string): Promise<Response> => {
  const task = (i: number) => ({ taskName: `task-${i}`, type: 'NOTIFICATION', simulate: { durationMs: 1, failureRate: 0 } });
  return fetch(`${url}/api/v1/dags`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: JSON.stringify({ dagName: 'some', tasks: Array.from({ length: tasks }, (_, i) => task(i)) }),
  });
};
/** The time that a batch names for its only submission, which is refused. */
const refusedOfMany = async (url: string, type: string): Promise<number> => {
  const body = JSON.stringify({ dagName: 'one', tasks: [{ taskName: 'a', type: 'NOTIFICATION' }] });
  const headers = { 'content-type': type };
  const answer = await fetch(`${url}/api/v1/dags/batch`, { method: 'POST', headers, body: type.endsWith('/json') ? `[${body}]` : body });
  const { results = [], ...only } = (await answer.json()) as { readonly results?: readonly object[] };
  const [result] = [...results, only] as { readonly status?: number; readonly problem?: { readonly retryAfterSeconds?: number } }[];
  expect(result).toMatchObject({ status: 429, problem: { code: 'BACKLOG_FULL' } });
  return result!.problem!.retryAfterSeconds!;
};
const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/actuator/prometheus`)).text();

test('a full backlog is answered with 429 and a time, and taken again when workers have made room', async () => {
  const { url, startWorker, sql } = await startRealStack({ workers: 0, env: { LIMITS_OPEN_TASKS: '100' } });
  const first = await post(url, 60, 'mine');
  expect(first.status).toBe(201);
  expect((await post(url, 40)).status).toBe(201);
  const refused = await post(url, 1);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  const retryAfterSeconds = Number(refused.headers.get('retry-after'));
  expect(await refused.json()).toMatchObject({ code: 'BACKLOG_FULL', status: 429, retryAfterSeconds });
  for (const type of ['application/json', 'application/x-ndjson']) expect(await refusedOfMany(url, type)).toBeGreaterThanOrEqual(1);
  const [counted] = await sql<{ dags: string }>('SELECT count(*) AS dags FROM dags');
  expect(counted).toEqual({ dags: '2' });
  const metrics = await metricsOf(url);
  expect(metrics).toContain('submissions_refused_total{reason="backlog"} 3\n');
  expect(metrics).toContain('open_tasks 100\n');
  // Whose first answer was lost isn't told that nothing was stored.
  const again = await post(url, 60, 'mine');
  expect([again.status, again.headers.get('idempotency-replayed'), await again.json()]).toEqual([201, 'true', await first.json()]);
  expect((await post(url, 61, 'mine')).status).toBe(422);
  expect((await post(url, 60, 'other')).status).toBe(429);

  await startWorker('worker-1');
  await until(async () => (await post(url, 100)).status === 201, { what: 'room in the backlog', timeoutMs: 20_000 });
}, 60_000);

test('where storing takes too long, submissions are turned away before they wait, and those that wait are stored', async () => {
  const { url, env } = await startRealStack({ workers: 0, env: { LIMITS_SUBMISSION_WAIT_MS: '500' } });
  expect((await post(url, 1)).status).toBe(201);
  const locker = new Postgres({ connectionString: env['DATABASE_URL'] });
  await locker.connect();
  atEnd(() => locker.end());

  /** Keeps new DAGs from being stored until `until` holds. */
  const locked = async (during: () => Promise<void>): Promise<void> => {
    await locker.query('BEGIN; LOCK TABLE dags IN SHARE MODE');
    try {
      await during();
    } finally {
      await locker.query('COMMIT');
    }
  };
  const isWaiting = async (): Promise<boolean> =>
    (await locker.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).rows.length > 0;

  let slow: Promise<Response> | undefined;
  await locked(async () => {
    const began = Date.now();
    slow = post(url, 1);
    // So that one transaction has taken three seconds.
    await until(async () => (await isWaiting()) && Date.now() - began > 3000, { what: 'three seconds of waiting' });
  });
  expect((await slow)?.status).toBe(201);

  let accepted: readonly Response[] = [];
  await locked(async () => {
    const first = post(url, 1);
    await until(isWaiting, { what: 'a transaction to wait for the lock' });
    const others = Array.from({ length: 20 }, () => post(url, 1));
    const answered = await Promise.race(others);
    expect(answered.status).toBe(503);
    expect(Number(answered.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await answered.json()).toMatchObject({ code: 'OVERLOADED' });
    void Promise.all([first, ...others]).then((all) => (accepted = all.filter(({ status }) => status === 201)));
  });
  await until(() => accepted.length > 0, { what: 'what waited to be stored' });
  const [stored] = (await locker.query<{ dags: string }>('SELECT count(*) AS dags FROM dags')).rows;
  expect(stored).toEqual({ dags: String(2 + accepted.length) });
  expect(await metricsOf(url)).toMatch(/submissions_refused_total\{reason="storage"\} [1-9]/);
}, 60_000);
