import { overlapping, readEvents, readExecutions } from '../harness/executions';
import { startProcess } from '../harness/processes';
import { flawless, prove, untilFinal } from '../harness/proof';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

test('a worker told to stop gives back what it can not finish: nothing is lost, no retry is used', async () => {
  const stack = await startRealStack({ workers: 2, workerEnv: { WORKER_CONCURRENCY: '5', WORKER_DRAIN_MS: '500' } });
  const quick = { durationMs: 300, failureRate: 0 };
  const slow = { durationMs: 2_000, failureRate: 0 };
  const task = (i: number) => ({ taskName: `t${i}`, type: 'API_CALL', maxRetries: 0, simulate: i % 4 < 2 ? quick : slow });
  const submission = { dagName: 'work', tasks: Array.from({ length: 30 }, (_, i) => task(i)) };
  const { dagId } = await stack.api.submit(submission);
  const onFirst = async (): Promise<number> => (await stack.sql(`SELECT 1 FROM tasks WHERE status = 'RUNNING' AND worker = 'worker-1'`)).length;
  await until(async () => (await onFirst()) >= 4, { what: 'worker-1 to be busy' });
  const began = performance.now();
  const exit = await stack.workers[0]!.terminate();
  process.stdout.write(`the worker left after ${Math.round(performance.now() - began)} ms\n`);
  expect(exit).toEqual({ code: 0, signal: null });

  const ran = [{ submission, dagId }];
  await untilFinal(stack, ran, 60_000);
  expect(await prove(stack, ran)).toEqual(flawless([submission]));
  expect(
    await stack.sql(`SELECT name, attempt, losses, dispatch, status FROM tasks WHERE attempt <> 1 OR losses <> 0 OR status <> 'COMPLETED'`),
  ).toEqual([]);
  const events = await readEvents(stack.topics.events);
  expect(events.filter(({ type }) => type === 'released').length).toBeGreaterThan(0);
  expect(events.filter(({ type }) => type === 'lost')).toEqual([]);
  expect(overlapping(await readExecutions(stack.topics.events))).toEqual([]);
}, 90_000);

test('an id whose holder lives is refused plainly; one whose holder was killed is taken over', async () => {
  const stack = await startRealStack({ workers: 1 });
  const refused = await startProcess({ args: ['--role=worker', '--worker-id=worker-1', '--port=0'], env: stack.env });
  expect((await refused.exited).code).toBe(1);
  expect(refused.stderr()).toMatch(/the worker could not start: the worker id worker-1 is held by the live session worker-1\./);
  expect(stack.workers[0]!.stderr()).toBe('');

  await stack.workers[0]!.kill();
  const killedAt = performance.now();
  await stack.startWorker('worker-1');
  process.stdout.write(`the id was taken over ${Math.round(performance.now() - killedAt)} ms after its holder was killed\n`);
}, 60_000);
