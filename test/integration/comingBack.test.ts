/** A worker that goes on after it was given up: it aborts what it had, and what it still tells of that changes nothing. */
import type { Completed, Event } from '../../src/core/event';
import { shardOf, type DagId } from '../../src/core/ids';
import { readEvents } from '../harness/executions';
import { openSender } from '../harness/messages';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const simulate = { durationMs: 3_000, failureRate: 0 };

const metric = async (url: string, series: string): Promise<number> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length) ?? 0,
  );
};
const refusedEnds = (stack: RealStack): Promise<number> => metric(stack.url, 'events_refused_total{type="completed"}');

test('it aborts what it held, which ran elsewhere meanwhile, and its late results are refused and counted', async () => {
  const stack = await startRealStack({ workers: 2 });
  const { dagId } = await stack.api.submit({ dagName: 'once', tasks: [{ taskName: 'only', type: 'API_CALL', maxRetries: 0, simulate }] });
  const runningOn = async (differentFrom?: string): Promise<{ worker: string; session: string; fence: string }> =>
    until(
      async () => {
        const sql = `SELECT worker, session, fence::text FROM tasks WHERE dag_id = $1 AND status = 'RUNNING' AND worker <> $2`;
        return (await stack.sql<{ worker: string; session: string; fence: string }>(sql, [dagId, differentFrom ?? '']))[0];
      },
      { what: 'the task to run', timeoutMs: 10_000 },
    );
  const first = await runningOn();
  const asleep = stack.workers[first.worker === 'worker-1' ? 0 : 1]!;
  asleep.suspend();
  const second = await runningOn(first.worker);
  asleep.resume();

  const ends: unknown[] = [];
  void asleep.exited.then((end) => ends.push(end));
  // Its heartbeat ends the process where the main loop doesn't turn at once; else the handler's signal fires.
  const aborted = 'task_executions_total{type="API_CALL",outcome="aborted"}';
  await until(async () => ends.length > 0 || (await metric(asleep.url, aborted).catch(() => 0)) === 1, {
    what: 'it to abort what it held',
    everyMs: 20,
  });
  process.stdout.write(`the worker that came back ${ends.length > 0 ? 'was ended by its heartbeat' : 'aborted its handler'}\n`);

  // What it would have told, had the end of its handler been on its way as it was suspended.
  const send = await openSender(stack.topics.events);
  const late: Completed = {
    ...{ type: 'completed', dag: dagId as DagId, task: 0, dispatch: 1, ...first, sentAt: Date.now() - 5_000, startedAt: Date.now() - 5_000 },
    ...{ endedAt: Date.now(), result: '"late"' },
  };
  const tellLate = async (): Promise<void> => {
    const before = await refusedEnds(stack);
    await send({ partition: shardOf(dagId as DagId), value: JSON.stringify({ v: 1, events: [late] satisfies Event[] }) });
    await until(async () => (await refusedEnds(stack)) === before + 1, { what: 'the late result to be refused', everyMs: 20 });
  };
  await tellLate();
  expect(await stack.api.tasks(dagId)).toMatchObject([{ status: 'RUNNING', workerId: second.worker }]);
  expect((await stack.api.wait(dagId, { timeoutMs: 20_000 })).status).toBe('COMPLETED');
  await tellLate();
  const [task] = await stack.api.tasks(dagId);
  expect(task).toMatchObject({ status: 'COMPLETED', attempt: 1, workerId: second.worker, error: null });
  expect(task!.result).not.toBe('late');
  const told = (await readEvents(stack.topics.events)).filter((event) => event.type === 'completed' && event.result !== late.result);
  expect(told).toMatchObject([{ worker: second.worker, dispatch: 2 }]);
}, 60_000);
