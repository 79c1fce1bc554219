/** Who gets what where workers aren't equally fast, or one has a task that takes long. */
import { flawless, prove, runAll } from '../harness/proof';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const SLOTS = 4;
const [FAST_MS, SLOW_MS] = [50, 500];
const TASKS = 1_500;
const simulated = (ms: number) => ({ SIMULATION_DURATION_MS: String(ms), SIMULATION_FAILURE_RATE: '0' });

test('three fast workers and one that is ten times slower do as much as each can', async () => {
  const stack = await startRealStack({ workers: 3, workerEnv: { WORKER_CONCURRENCY: String(SLOTS), ...simulated(FAST_MS) } });
  await stack.startWorker('slow', { env: simulated(SLOW_MS) });
  const perDag = 500;
  const tasks = Array.from({ length: perDag }, (_, i) => ({ taskName: `t${i}`, type: 'API_CALL' }));
  const submissions = Array.from({ length: TASKS / perDag }, (_, d) => ({ dagName: `load ${d}`, tasks }));
  expect(await prove(stack, await runAll(stack, submissions))).toEqual(flawless(submissions));
  // As long as something waits: what each has in hand at the end is no fault of the balance.
  const [told] = await stack.sql<{ rate: number }>(
    `WITH span AS (SELECT min(started_at) AS first, max(started_at) AS last FROM tasks)
     SELECT count(*) / extract(epoch FROM last - first)::float8 AS rate FROM tasks, span WHERE completed_at <= last GROUP BY first, last`,
  );
  // By how long handlers really took: on a busy machine longer than they slept.
  const shares = await stack.sql<{ worker: string; tasks: number; could: number }>(
    `SELECT worker, count(*)::int AS tasks, $1 / avg(extract(epoch FROM completed_at - started_at))::float8 AS could
     FROM tasks GROUP BY worker ORDER BY worker`,
    [SLOTS],
  );
  const { rate } = told!;
  const ideal = shares.reduce((sum, { could }) => sum + could, 0);
  const slow = shares.find(({ worker }) => worker === 'slow')!;
  process.stdout.write(`balance: ${rate.toFixed(0)} tasks/s of ${ideal.toFixed(0)}, ${slow.tasks} of ${TASKS} by the slow one\n`);
  expect(shares).toHaveLength(4);
  expect(rate).toBeGreaterThan(0.9 * ideal);
}, 60_000);

test('a task of ten minutes delays nobody who was sent to the same worker', async () => {
  const stack = await startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '1' } });
  const task = (taskName: string, durationMs: number) => ({ taskName, type: 'API_CALL', simulate: { durationMs, failureRate: 0 } });
  const { dagId } = await stack.api.submit({
    dagName: 'one is long',
    tasks: [task('long', 600_000), ...Array.from({ length: 60 }, (_, i) => task(`short${i}`, 10))],
  });
  const began = performance.now();
  const view = await until(
    async () => {
      const dag = await stack.api.dag(dagId);
      return dag.completedTasks === 60 ? dag : undefined;
    },
    { what: 'the other tasks to end', timeoutMs: 15_000 },
  );
  process.stdout.write(`60 tasks beside the long one took ${(performance.now() - began).toFixed(0)} ms\n`);
  expect(view.status).toBe('RUNNING');
  const rows = await stack.sql(`SELECT status, dispatch, attempt, losses FROM tasks WHERE name = 'long'`);
  expect(rows).toEqual([{ status: 'RUNNING', dispatch: 1, attempt: 1, losses: 0 }]);
  // Given back is no failure.
  expect(await stack.sql('SELECT 1 FROM attempts')).toEqual([]);
  await stack.api.cancel(dagId);
}, 60_000);
