import { overlapping, readExecutions } from '../harness/executions';
import { flawless, inParallel, prove, type Ran, untilFinal } from '../harness/proof';
import type { RunningRole } from '../harness/processes';
import { clientOf, type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

/** Chains of five beside each other, so that at every moment some tasks run and others wait. */
const chains = (dagName: string, width: number, durationMs: number) => ({
  dagName,
  tasks: Array.from({ length: width * 5 }, (_, i) => ({
    taskName: `t${i}`,
    type: 'API_CALL',
    dependencies: i < width ? [] : [`t${i - width}`],
    simulate: { durationMs, failureRate: 0 },
  })),
});

const submissions = Array.from({ length: 12 }, (_, i) => chains(`chains ${i}`, 5, 400));

const submitAll = (api: RealStack['api']): Promise<Ran[]> =>
  inParallel(submissions, 6, async (submission) => ({ submission, dagId: (await api.submit(submission)).dagId }));

const runningOn = async ({ sql }: RealStack, worker: string): Promise<{ dag_id: string; index: number }[]> =>
  sql<{ dag_id: string; index: number }>(`SELECT dag_id, index FROM tasks WHERE status = 'RUNNING' AND worker = $1`, [worker]);

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** Nothing is missing, nothing overlapped, and no retry of the user's was spent. */
const proveAll = async (stack: RealStack, ran: readonly Ran[]): Promise<void> => {
  await untilFinal(stack, ran, 60_000);
  expect(await prove(stack, ran)).toEqual(flawless(submissions));
  expect(await stack.sql(`SELECT name FROM tasks WHERE attempt <> 1 OR status <> 'COMPLETED'`)).toEqual([]);
  expect(overlapping(await readExecutions(stack.topics.events))).toEqual([]);
};

test('a worker that is killed loses its tasks for less than 5 s; its successor of the same name takes over', async () => {
  const stack = await startRealStack({ workers: 3, workerEnv: { WORKER_CONCURRENCY: '20' } });
  const ran = await submitAll(stack.api);
  const lost = await until(
    async () => {
      const running = await runningOn(stack, 'worker-1');
      return running.length >= 5 ? running : undefined;
    },
    { what: 'five tasks to run on worker-1' },
  );
  const killedAt = Date.now();
  await stack.workers[0]!.kill();
  // At once: the id is still leased to the dead one.
  await stack.startWorker('worker-1');
  tell(`a successor of the same name was ready ${Date.now() - killedAt} ms after the kill`);
  await proveAll(stack, ran);
  const again = await stack.sql<{ started: Date }>(
    `SELECT started_at AS started FROM tasks t JOIN unnest($1::uuid[], $2::int[]) AS l(dag_id, index) USING (dag_id, index) WHERE started_at > $3 ORDER BY 1`,
    [lost.map((task) => task.dag_id), lost.map(({ index }) => index), new Date(killedAt)],
  );
  // What ended in the moment between the look and the kill ran but once.
  expect(again.length).toBeGreaterThan(0);
  const elsewhereMs = again.at(-1)!.started.getTime() - killedAt;
  tell(`${again.length} of ${lost.length} tasks of the killed worker ran again, the last after ${elsewhereMs} ms`);
  expect(elsewhereMs).toBeLessThan(5_000);
}, 120_000);

test('a scheduler that is killed alone loses nothing: the next one goes on', async () => {
  const stack = await startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '20' } });
  const ran = await submitAll(stack.api);
  await until(async () => (await stack.sql(`SELECT 1 FROM tasks WHERE status = 'COMPLETED'`)).length > 30, { what: 'the work to be under way' });
  await stack.scheduler.kill();
  const killedAt = Date.now();
  const next = await stack.startScheduler();
  tell(`another scheduler was ready ${Date.now() - killedAt} ms after the kill`);
  await proveAll({ ...stack, url: next.url, api: clientOf(next.url) }, ran);
}, 120_000);

const ownersOf = async ({ sql }: RealStack): Promise<Record<string, number>> => {
  const rows = await sql<{ owner: string | null; shards: number }>('SELECT owner, count(*)::int AS shards FROM shards GROUP BY owner');
  return Object.fromEntries(rows.map(({ owner, shards }) => [owner ?? 'nobody', shards]));
};

test('two schedulers share the shards and take submissions; when one is killed the other has all', async () => {
  const stack = await startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '20' }, env: { SCHEDULER_ID: 'first' } });
  const second: RunningRole = await stack.startScheduler({ env: { SCHEDULER_ID: 'second' } });
  await until(async () => JSON.stringify(Object.entries(await ownersOf(stack)).sort()) === '[["first",4],["second",4]]', {
    what: 'four shards each',
  });
  const apis = [stack.api, clientOf(second.url)];
  const ran = await inParallel(submissions, 6, async (submission) => ({
    submission,
    dagId: (await apis[submissions.indexOf(submission) % 2]!.submit(submission)).dagId,
  }));
  expect(new Set(ran.map(({ dagId }) => dagId)).size).toBe(submissions.length);
  await until(async () => (await stack.sql(`SELECT 1 FROM tasks WHERE status = 'COMPLETED'`)).length > 30, { what: 'the work to be under way' });
  await stack.scheduler.kill();
  const killedAt = Date.now();
  await until(async () => (await ownersOf(stack))['second'] === 8, { what: 'the second scheduler to own all shards' });
  tell(`the shards of the killed scheduler moved within ${Date.now() - killedAt} ms`);
  await proveAll({ ...stack, url: second.url, api: clientOf(second.url) }, ran);
}, 120_000);
