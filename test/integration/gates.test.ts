/** What is paused or in quarantine, on the real stack with two schedulers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from '../../src/sdk';
import { atEnd } from '../harness/cleanup';
import { projectRoot, type RunningRole } from '../harness/processes';
import { clientOf, type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const HANDLERS = [{ type: 'PARTNER', module: path.join(projectRoot, 'test/integration/breaksUntilMended.mjs'), isolation: 'none' }];
const COOL_DOWN_MS = 1500;

let stack: RealStack;
let second: RunningRole;
let other: Client;
let mendedBy: string;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gates-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mendedBy = path.join(folder, 'mended');
  const env = { WORKER_HANDLERS: JSON.stringify(HANDLERS), BREAKER_COOL_DOWN_MS: String(COOL_DOWN_MS) };
  stack = await startRealStack({ workers: 2, env });
  second = await stack.startScheduler();
  other = clientOf(second.url);
  // Shards move to it one by one: what it is handed from now on is its own to pause.
  await until(async () => (await stack.sql('SELECT DISTINCT owner FROM shards WHERE lease_until > now()')).length === 2, {
    what: 'both schedulers to own shards',
    timeoutMs: 20_000,
  });
}, 90_000);

const quick = { durationMs: 5, failureRate: 0 };
const submitTo = async (api: Client, type: string, count = 1, more: object = {}): Promise<string[]> => {
  const dag = { dagName: `of ${type}`, tasks: [{ taskName: 'only', type, simulate: quick, payload: { mendedBy }, ...more }] };
  return Promise.all(Array.from({ length: count }, async () => (await api.submit(dag)).dagId));
};
const explained = async (dagId: string): Promise<{ codes: string[]; summary: string; status: string }> => {
  const [task] = await stack.api.tasks(dagId);
  const { conditions, summary, status } = await stack.api.explain(task!.taskId);
  return { codes: conditions.map(({ code }) => code), summary, status };
};
const untilDone = async (dags: readonly string[]): Promise<void> => {
  for (const dag of dags) expect((await stack.api.wait(dag, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
};
/** Until each of these processes itself knows of so many gates. */
const untilFollowed = async (urls: readonly string[], sample: string): Promise<void> => {
  for (const url of urls)
    await until(async () => (await (await fetch(`${url}/actuator/prometheus`)).text()).includes(`gates_closed${sample}\n`), {
      what: `${url} to say gates_closed${sample}`,
    });
};
const PAUSED_TYPE = '{scope="type",state="paused"} 1';

test('a type that is paused is started by no scheduler, also after one was killed, and goes on when it is resumed', async () => {
  const paused = await stack.api.pauseGate({ scope: 'type', name: 'API_CALL' }, { by: 'ada', reason: 'the partner is down' });
  expect(paused).toMatchObject({ changed: true, gate: { scope: 'type', name: 'API_CALL', state: 'PAUSED', by: 'ada', until: null } });
  await untilFollowed([stack.url, second.url], PAUSED_TYPE);
  const held = [...(await submitTo(stack.api, 'API_CALL', 6)), ...(await submitTo(other, 'API_CALL', 6))];
  await untilDone([...(await submitTo(stack.api, 'NOTIFICATION', 3)), ...(await submitTo(other, 'NOTIFICATION', 3))]);
  await second.kill();
  const third = await stack.startScheduler();
  await untilFollowed([third.url], PAUSED_TYPE);
  await untilDone([...(await submitTo(stack.api, 'NOTIFICATION', 3)), ...(await submitTo(clientOf(third.url), 'NOTIFICATION', 3))]);
  const rows = await stack.sql<{ started: string; n: number }>(
    `SELECT count(*)::integer AS n FROM tasks WHERE type = 'API_CALL' AND (started_at IS NOT NULL OR status NOT IN ('PENDING', 'QUEUED'))`,
  );
  expect(rows[0]!.n).toBe(0);
  const { codes, summary } = await explained(held[0]!);
  expect(codes).toContain('TYPE_PAUSED');
  expect(summary).toMatch(
    /the type API_CALL is paused by ada since .*, until it is resumed: the partner is down \(dts gates resume --type API_CALL frees it\)/,
  );
  // Whoever is asked: all of them read the same rows.
  second = third;
  other = clientOf(third.url);
  expect(await other.gates()).toEqual(await stack.api.gates());
  expect(await other.resumeGate({ scope: 'type', name: 'API_CALL' }, { by: 'ada' })).toMatchObject({ changed: true });
  await untilDone(held);
  expect(await stack.api.gates()).toEqual([]);
}, 60_000);

test('a pool that is paused until a time starts by itself then, and time behind a gate is no time without a worker', async () => {
  const endsAt = Date.now() + 5000;
  await stack.api.pauseGate({ scope: 'pool', name: 'night' }, { until: new Date(endsAt).toISOString() });
  await untilFollowed([stack.url, second.url], '{scope="pool",state="paused"} 1');
  const held = await submitTo(stack.api, 'NOTIFICATION', 2, { pool: 'night', queueTimeoutSeconds: 1, maxRetries: 0 });
  await untilDone(await submitTo(stack.api, 'NOTIFICATION', 1, { pool: 'day' }));
  expect((await explained(held[0]!)).codes).toContain('POOL_PAUSED');
  await untilDone(held);
  const [row] = await stack.sql<{ started: Date }>('SELECT min(started_at) AS started FROM tasks WHERE dag_id = ANY ($1::uuid[])', [held]);
  expect(row!.started.getTime()).toBeGreaterThanOrEqual(endsAt - 50);
}, 60_000);

test('a type whose handlers fail everywhere is quarantined, and goes on by itself once they are mended', async () => {
  const calm = { maxRetries: 1000, backoff: { type: 'fixed', initialMs: 50, jitter: 0 } };
  const broken = await submitTo(stack.api, 'PARTNER', 40, calm);
  const gate = await until(async () => (await stack.api.gates()).find(({ state }) => state === 'QUARANTINED'), {
    what: 'the quarantine',
    timeoutMs: 15_000,
  });
  expect(gate).toMatchObject({ scope: 'type', name: 'PARTNER', reason: 'the partner answers 500', by: null });
  const attempts = async (): Promise<number> =>
    (await stack.sql<{ n: number }>(`SELECT sum(attempt)::integer AS n FROM tasks WHERE type = 'PARTNER'`))[0]!.n;
  await untilFollowed([stack.url, second.url], '{scope="type",state="quarantined"} 1');
  const before = await attempts();
  // Probes fail and begin a longer quarantine: but for them nothing is tried.
  const again = await until(async () => (await stack.api.gates()).find(({ trips }) => trips >= 2), { what: 'a second trip', timeoutMs: 15_000 });
  expect(again.since).toBe(gate.since);
  expect((await attempts()) - before).toBeLessThanOrEqual(2 * 3 * (again.trips + 1));
  await untilDone(await submitTo(stack.api, 'NOTIFICATION', 2));
  const waiting = await until(
    async () => {
      const all = await Promise.all(broken.map(explained));
      return all.find(({ codes }) => codes.includes('QUARANTINED'));
    },
    { what: 'a task to say that it is in quarantine' },
  );
  expect(waiting.summary).toMatch(/the type PARTNER is in quarantine since .* last with: the partner answers 500; .*--quarantine frees it/);
  const metrics = await (await fetch(`${stack.url}/actuator/prometheus`)).text();
  expect(metrics).toMatch(/gates_closed\{scope="type",state="(quarantined|probing)"\} 1/);
  writeFileSync(mendedBy, '');
  await untilDone(broken);
  expect(await stack.api.gates()).toEqual([]);
}, 60_000);
