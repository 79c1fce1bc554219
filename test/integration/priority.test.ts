import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

test('behind 1,000 waiting tasks and one slot, a priority 9 that comes last starts next', async () => {
  const { api, sql } = await startRealStack({ workers: 1, workerEnv: { WORKER_CONCURRENCY: '1' } });
  const task = (i: number, durationMs = 40) => ({
    taskName: `low-${i}`,
    type: 'NOTIFICATION',
    priority: 0,
    simulate: { durationMs, failureRate: 0 },
  });

  // Nobody knows yet how long these take: all are sent at once, and the rows of those that wait at the worker say since when.
  const { dagId: first } = await api.submit({ dagName: 'first', tasks: Array.from({ length: 8 }, (_, i) => task(i, 200)) });
  const waiting = () =>
    sql("SELECT 1 FROM tasks WHERE dag_id = $1 AND status = 'QUEUED' AND dispatched_at >= queued_at AND started_at IS NULL", [first]);
  await until(async () => (await waiting()).length > 0, { what: 'a task that waits at its worker to show when it was sent' });
  await api.wait(first, { timeoutMs: 20_000 });

  const { dagId: low } = await api.submit({ dagName: 'backlog', tasks: Array.from({ length: 1_000 }, (_, i) => task(i)) });
  const completed = async (): Promise<number> => (await api.dag(low)).completedTasks;
  await until(async () => (await completed()) >= 5, { what: 'the backlog to be worked on' });

  const urgent = { taskName: 'urgent', type: 'NOTIFICATION', priority: 9, simulate: { durationMs: 40, failureRate: 0 } };
  const { dagId } = await api.submit({ dagName: 'urgent', tasks: [urgent] });
  const acknowledgedAt = Date.now();
  expect((await api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');

  const [task9] = await sql<{ started: Date }>('SELECT started_at AS started FROM tasks WHERE dag_id = $1', [dagId]);
  const startedAt = task9!.started.getTime();
  await until(async () => (await sql('SELECT 1 FROM tasks WHERE dag_id = $1 AND started_at > $2', [low, task9!.started])).length > 0, {
    what: 'the backlog to go on',
  });
  const between = await sql<{ name: string }>('SELECT name FROM tasks WHERE dag_id = $1 AND started_at > $2 AND started_at < $3', [
    low,
    new Date(acknowledgedAt),
    task9!.started,
  ]);
  process.stdout.write(`priority 9 started ${startedAt - acknowledgedAt} ms after its acknowledgement, after ${between.length} others\n`);
  // One may take the slot while the urgent one is on its way; it is among the next two.
  expect(between.length).toBeLessThanOrEqual(1);
  expect(await completed()).toBeLessThan(1_000);
}, 60_000);
