/** What operators do to workers, on real processes and services. */
import { overlapping, readExecutions } from '../harness/executions';
import { flawless, prove, untilFinal } from '../harness/proof';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const submissionOf = (tasks: number, durationMs: number) => ({
  dagName: 'work',
  tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'API_CALL', maxRetries: 0, simulate: { durationMs, failureRate: 0 } })),
});

const untilRunning = (stack: RealStack, workerId: string, count: number) =>
  until(
    async () => {
      const { tasks } = await stack.api.worker(workerId);
      return tasks.length >= count ? tasks : undefined;
    },
    { what: `${count} tasks to be shown on ${workerId}` },
  );
const stateOf = async (stack: RealStack, workerId: string): Promise<string | undefined> =>
  (await stack.api.workers()).find((worker) => worker.workerId === workerId)?.state;
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const finish = async (stack: RealStack, ran: Parameters<typeof untilFinal>[1]): Promise<void> => {
  await untilFinal(stack, ran, 60_000);
  expect(await prove(stack, ran)).toEqual(flawless(ran.map(({ submission }) => submission)));
  expect(await stack.sql(`SELECT name FROM tasks WHERE attempt <> 1 OR status <> 'COMPLETED'`)).toEqual([]);
  expect(overlapping(await readExecutions(stack.topics.events))).toEqual([]);
};

test('a drained worker finishes what it has, takes nothing more and ends with 0; one that stays works again', async () => {
  const stack = await startRealStack({ workers: 2, env: { WORKER_PREFETCH: '0' }, workerEnv: { WORKER_CONCURRENCY: '4' } });
  const submission = submissionOf(40, 700);
  const ran = [{ submission, dagId: (await stack.api.submit(submission)).dagId }];
  await untilRunning(stack, 'worker-1', 4);
  await stack.api.drainWorker('worker-2', { stay: true });
  const running = await untilRunning(stack, 'worker-1', 4);
  await stack.api.drainWorker('worker-1', { by: 'ada', reason: 'an update' });
  const askedAt = Date.now();
  expect(await stack.api.workers()).toMatchObject([
    { workerId: 'worker-1', state: 'DRAINING' },
    { workerId: 'worker-2', state: 'DRAINING' },
  ]);
  expect(await stack.workers[0]!.exited).toEqual({ code: 0, signal: null });
  tell(`the drained worker left ${Date.now() - askedAt} ms after it was asked to`);
  const later = await stack.sql(`SELECT name FROM tasks WHERE worker = 'worker-1' AND started_at > $1`, [new Date(askedAt + 1_000)]);
  expect(later).toEqual([]);
  const ofRunning = () =>
    stack.sql<{ status: string; dispatch: number }>(
      `SELECT t.status, t.dispatch FROM tasks t JOIN unnest($1::text[]) AS n (name) USING (name) WHERE t.worker = 'worker-1'`,
      [running.map(({ taskName }) => taskName)],
    );
  // A worker ends when its reports are in the log: the scheduler may still have to apply them.
  const own = await until(
    async () => {
      const rows = await ofRunning();
      return rows.every(({ status }) => status !== 'RUNNING') ? rows : undefined;
    },
    { what: 'the last reports of worker-1 to be applied' },
  );
  expect(own).toEqual(running.map(() => ({ status: 'COMPLETED', dispatch: 1 })));

  await until(async () => (await stack.api.worker('worker-2')).held === 0, { what: 'the other one to be idle' });
  const idle = await stack.sql(`SELECT 1 FROM tasks WHERE status = 'COMPLETED'`);
  expect(idle.length).toBeLessThan(40);
  await stack.api.resumeWorker('worker-2');
  await finish(stack, ran);
  await until(async () => JSON.stringify(await stack.api.workers()).includes('ACTIVE'), { what: 'the other one to be active' });
}, 60_000);

test('the tasks of a removed worker run elsewhere; a killed one is shown as lost within 2 s, and forgotten once removed', async () => {
  const stack = await startRealStack({ workers: 3, workerEnv: { WORKER_CONCURRENCY: '4' } });
  const submission = submissionOf(24, 3_000);
  const ran = [{ submission, dagId: (await stack.api.submit(submission)).dagId }];
  const removed = await untilRunning(stack, 'worker-1', 4);
  await stack.api.removeWorker('worker-1');
  const removedAt = Date.now();
  await stack.workers[0]!.exited;
  tell(`the removed worker was gone ${Date.now() - removedAt} ms after it was asked to be`);
  expect(await stateOf(stack, 'worker-1')).toBeUndefined();

  const killedAt = Date.now();
  await stack.workers[1]!.kill();
  await until(async () => (await stateOf(stack, 'worker-2')) === 'LOST', { what: 'the killed worker to be shown as lost', everyMs: 20 });
  tell(`the killed worker was shown as lost after ${Date.now() - killedAt} ms`);
  expect(Date.now() - killedAt).toBeLessThan(2_000);
  expect(await stack.api.removeWorker('worker-2')).toEqual({ worker: null });
  expect(await stateOf(stack, 'worker-2')).toBeUndefined();

  await finish(stack, ran);
  const elsewhere = await stack.sql<{ worker: string }>(
    'SELECT DISTINCT worker FROM tasks JOIN unnest($1::text[]) AS n (name) USING (name) WHERE worker IS NOT NULL',
    [removed.map(({ taskName }) => taskName)],
  );
  expect(elsewhere.map(({ worker }) => worker)).not.toContain('worker-1');
}, 60_000);
