/** The program on a PostgreSQL behind PgBouncer in transaction mode, which gives each transaction another connection; and who has connections at all. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { transaction } from '../../src/adapters/postgres/connections';
import type { DagSubmission } from '../../src/sdk';
import { opened } from '../adapters/postgres/opened';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { projectRoot, startProcess } from '../harness/processes';
import { flawless, prove, runAll } from '../harness/proof';
import { startServiceSet } from '../harness/serviceSet';
import { databaseUrl, freshDatabase } from '../harness/services';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const server = new URL(databaseUrl);
const bouncer = { port: 0 };

const behind = (url: string): string => {
  const target = new URL(url);
  Object.assign(target, { hostname: '127.0.0.1', port: String(bouncer.port), password: target.password || 'postgres' });
  return target.toString();
};

beforeAll(async () => {
  bouncer.port = await freePort();
  const pgbouncerTo = `host=${server.hostname} port=${server.port || '5432'}`;
  await startServiceSet({ name: `pooler-${String(process.pid)}`, kinds: ['pgbouncer'], pgbouncerPort: bouncer.port, pgbouncerTo });
}, 120_000);

const sample = JSON.parse(readFileSync(path.join(projectRoot, 'sample-dag.json'), 'utf8')) as DagSubmission;
const task = (taskName: string, ...dependencies: readonly string[]) => ({
  taskName,
  type: 'API_CALL',
  dependencies,
  simulate: { durationMs: 0, failureRate: 0 },
});
const diamond = (i: number) => ({
  dagName: `diamond ${String(i)}`,
  tasks: [task('top'), task('left', 'top'), task('right', 'top'), task('bottom', 'left', 'right')],
});

const metricsOf = async (url: string): Promise<string[]> => (await (await fetch(`${url}/actuator/prometheus`)).text()).split('\n');
const applications = async ({ sql }: Pick<RealStack, 'sql'>): Promise<string[]> => {
  const rows = await sql<{ name: string }>(
    "SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
  );
  return rows.map(({ name }) => name).sort();
};

/** Counts who connects. */
const openTrap = async (): Promise<{ readonly port: number; readonly came: () => number }> => {
  let came = 0;
  const port = await freePort();
  const trap = createServer((socket) => {
    came += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(port, '127.0.0.1', resolve));
  atEnd(() => void trap.close());
  return { port, came: () => came };
};

test('two schedulers and two workers bring everything to its end behind it, and the doctor finds nothing', async () => {
  const stack = await startRealStack({ workers: 2, reaching: behind, env: { DATABASE_POOLER: 'transaction' } });
  await stack.startScheduler();
  const submissions = [sample, ...Array.from({ length: 300 }, (_, i) => diamond(i))];
  const ran = await runAll(stack, submissions);
  expect(await prove(stack, ran)).toEqual(flawless(submissions));
  expect(await stack.api.doctor()).toMatchObject({ findings: 0 });
  // A lock that a session holds would stay with a connection of the pooler's; those of transactions, and of other databases, come and go.
  const held = () =>
    stack.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  await until(async () => (await held()).length === 0, { what: 'no lock to stay with a session' });
}, 120_000);

test('what its connections may take is limited by the server within each transaction, and stays with none of them', async () => {
  const { url } = await freshDatabase();
  const limits = { statementTimeoutMs: 300, viewTimeoutMs: 200, idleTransactionTimeoutMs: 400 } as const;
  const { engine, views } = await opened(behind(url), { pooler: 'transaction', ...limits });
  const CANCELLED = { code: '57014' };
  await expect(views.query('SELECT pg_sleep(5)')).rejects.toMatchObject(CANCELLED);
  await expect(transaction(engine, (client) => client.query('SELECT pg_sleep(5)'))).rejects.toMatchObject(CANCELLED);
  const { rows } = await engine.query(
    `SELECT current_setting('statement_timeout') AS one, current_setting('idle_in_transaction_session_timeout') AS two`,
  );
  expect(rows).toEqual([{ one: '0', two: '0' }]);
  const slept = transaction(engine, async (client) => {
    await new Promise<void>((resolve) => client.once('end', resolve));
    await client.query('SELECT 1');
  });
  await expect(slept).rejects.toThrow();
}, 30_000);

test.each(['transaction', 'transaction-prepared'] as const)(
  'without it a statement has its name, for PostgreSQL to keep its plan: pooler %s',
  async (pooler) => {
    const { url } = await freshDatabase();
    const { engine } = await opened(url, { pooler, poolSize: 1 });
    await engine.query({ name: 'named', text: 'SELECT 1' });
    const { rows } = await engine.query('SELECT name FROM pg_prepared_statements');
    expect(rows).toEqual(pooler === 'transaction' ? [] : [{ name: 'named' }]);
  },
);

test('a scheduler that was not told of it says which setting does', async () => {
  const { url } = await freshDatabase();
  const scheduler = await startProcess({ args: ['--role=scheduler', '--port=0'], env: { DATABASE_URL: behind(url) } });
  expect(await scheduler.exited).toEqual({ code: 1, signal: null });
  expect(scheduler.output()).toContain('a connection pooler stands before PostgreSQL: set database.pooler (DATABASE_POOLER) to transaction');
}, 30_000);

test('workers have no connection and ask for none; the scheduler tells how its own are used', async () => {
  const trap = await openTrap();
  const env = { DATABASE_POOL_SIZE: '3', DATABASE_VIEW_POOL_SIZE: '2' };
  const stack = await startRealStack({ env, workerEnv: { DATABASE_URL: `postgres://nobody@127.0.0.1:${String(trap.port)}/nothing` } });
  const submissions = Array.from({ length: 30 }, (_, i) => diamond(i));
  expect(await prove(stack, await runAll(stack, submissions))).toEqual(flawless(submissions));
  const pools = ['engine', 'views', 'leases'];
  expect((await applications(stack)).filter((name) => !pools.map((pool) => `task-scheduler/scheduler/${pool}`).includes(name))).toEqual([]);
  expect(await applications(stack)).toContain('task-scheduler/scheduler/engine');
  const lines = await metricsOf(stack.url);
  expect(lines).toEqual(
    expect.arrayContaining([
      'database_connections_max{pool="engine"} 3',
      'database_connections_max{pool="views"} 2',
      'database_connections_max{pool="leases"} 1',
    ]),
  );
  for (const pool of pools) {
    const of = (name: string): number =>
      Number(lines.find((line) => line.startsWith(`${name}{pool="${pool}"`) || line.startsWith(`${name}"${pool}"`))?.split(' ')[1]);
    expect(of('database_connections')).toBeGreaterThanOrEqual(0);
    expect(of('database_connections_waiting')).toBeGreaterThanOrEqual(0);
    expect(of('database_connection_wait_seconds_count')).toBeGreaterThan(0);
  }
  for (const worker of stack.workers) expect((await metricsOf(worker.url)).filter((line) => line.includes('database_connection'))).toEqual([]);
  expect(trap.came()).toBe(0);
}, 60_000);
