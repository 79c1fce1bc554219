/** Shares of a saturated fleet on the real stack, with two schedulers: by weight, with a reserved share, and with ageing. */
import type { DagSubmission } from '../../src/sdk';
import type { RunningRole } from '../harness/processes';
import { clientOf, startRealStack, type RealStack } from '../harness/stacks';
import { until } from '../harness/until';

const TASK_MS = 40;
const FLOWS = { big: { weight: 3 }, kept: { reserved: 0.2 } };
const AGEING_MS = 500;
const env = { FAIRNESS_FLOWS: JSON.stringify(FLOWS), FAIRNESS_AGEING_MS: String(AGEING_MS), WORKER_PREFETCH: '8' };

const dagOf = (tenant: string, tasks: number, priority = 5): DagSubmission => ({
  dagName: `${tenant} ${priority}`,
  tenant,
  priority,
  simulate: { durationMs: TASK_MS, failureRate: 0 },
  tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'NOTIFICATION' })),
});

let stack: RealStack;
let second: RunningRole;

beforeAll(async () => {
  stack = await startRealStack({ workers: 2, env, workerEnv: { ...env, WORKER_CONCURRENCY: '4' } });
  second = await stack.startScheduler();
  await until(async () => (await stack.sql('SELECT DISTINCT owner FROM shards WHERE lease_until > now()')).length === 2, {
    what: 'both schedulers to own shards',
    timeoutMs: 20_000,
  });
}, 60_000);

/** Starts of each tenant between two moments, by the rows. */
const startsBetween = async (from: number, to: number): Promise<Record<string, number>> => {
  const rows = await stack.sql<{ tenant: string; starts: number }>(
    `SELECT d.tenant, count(*)::integer AS starts FROM tasks t JOIN dags d ON d.dag_id = t.dag_id
     WHERE t.started_at >= $1 AND t.started_at < $2 GROUP BY d.tenant`,
    [new Date(from), new Date(to)],
  );
  return Object.fromEntries(rows.map(({ tenant, starts }) => [tenant, starts]));
};
const passed = (ms: number): Promise<unknown> => {
  const at = Date.now() + ms;
  return until(() => Date.now() >= at, { what: 'the time to be over', timeoutMs: ms + 5_000 });
};
const owners = async (): Promise<number> => (await stack.sql('SELECT DISTINCT s.owner FROM dags d JOIN shards s ON s.id = d.shard')).length;
const shareOf = (starts: Record<string, number>, tenant: string): number =>
  (starts[tenant] ?? 0) / Object.values(starts).reduce((sum, each) => sum + each, 0);

test('weights hold over both schedulers, a reserved share against a higher priority, and what has aged gets its turn', async () => {
  const [here, there] = [stack.api, clientOf(second.url)];
  // All of the big tenant in one scheduler, the small one in both.
  await here.submit(dagOf('big', 6_000));
  await here.submit(dagOf('small', 3_000));
  await there.submit(dagOf('small', 3_000));
  expect(await owners()).toBe(2);
  await passed(1_500);
  const beganAt = Date.now();
  await passed(5_000);
  const byWeight = await startsBetween(beganAt, Date.now() - 200);

  // A third with the lowest priority and a reserve, and a fourth without; both behind a stream of the highest.
  await Promise.all([here.submit(dagOf('urgent', 3_000, 9)), there.submit(dagOf('urgent', 3_000, 9))]);
  await there.submit(dagOf('kept', 1_000, 0));
  await here.submit(dagOf('patient', 200, 4));
  await passed(1_500);
  const floodedAt = Date.now();
  await passed(5_000);
  const flooded = await startsBetween(floodedAt, Date.now() - 200);

  process.stdout.write(`by weight: ${JSON.stringify(byWeight)}; behind the highest priority: ${JSON.stringify(flooded)}\n`);
  expect(Object.keys(byWeight).sort()).toEqual(['big', 'small']);
  expect(Math.abs(shareOf(byWeight, 'big') - 0.75)).toBeLessThan(0.08);
  expect(shareOf(flooded, 'urgent')).toBeGreaterThan(0.5);
  expect(Math.abs(shareOf(flooded, 'kept') - 0.2)).toBeLessThan(0.06);
  // By now all the backlogs have aged past the highest priority, and share a fifth.
  const aged = ['big', 'small', 'patient'].reduce((sum, tenant) => sum + shareOf(flooded, tenant), 0);
  expect(aged).toBeGreaterThan(0.05);
  expect(aged).toBeLessThan(0.3);
}, 40_000);
