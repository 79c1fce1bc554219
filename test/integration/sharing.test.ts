import { flawless, prove, runAll } from '../harness/proof';
import { startRealStack } from '../harness/stacks';

test('four workers share the load within 20 %', async () => {
  const stack = await startRealStack({ workers: 4, workerEnv: { WORKER_CONCURRENCY: '10' } });
  const task = (i: number) => ({ taskName: `t${i}`, type: 'API_CALL', simulate: { durationMs: [20, 60] as const, failureRate: 0 } });
  const dag = (d: number) => ({ dagName: `load ${d}`, tasks: Array.from({ length: 100 }, (_, i) => task(i)) });
  const submissions = Array.from({ length: 20 }, (_, d) => dag(d));
  const ran = await runAll(stack, submissions);
  expect(await prove(stack, ran)).toEqual(flawless(submissions));
  const rows = await stack.sql<{ worker: string; tasks: number }>('SELECT worker, count(*)::int AS tasks FROM tasks GROUP BY worker ORDER BY worker');
  process.stdout.write(`shares: ${rows.map(({ worker, tasks }) => `${worker} ${tasks}`).join(', ')}\n`);
  expect(rows.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2', 'worker-3', 'worker-4']);
  for (const { tasks } of rows) expect(Math.abs(tasks - 500)).toBeLessThanOrEqual(100);
}, 60_000);
