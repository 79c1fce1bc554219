import type { WorkOrder } from '../../src/ports/transport';
import { readExecutions } from '../harness/executions';
import { openSender, readTopic } from '../harness/messages';
import { startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const refusedBy = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  return Number(/^task_claims_total\{answer="refused"\} (\d+)/m.exec(text)?.[1] ?? 0);
};

test('the same message delivered to two workers runs once', async () => {
  const { api, topics, sql, workers } = await startRealStack({ workers: 2 });
  const simulate = { durationMs: 3_000, failureRate: 0 };
  const { dagId } = await api.submit({ dagName: 'twice', tasks: [{ taskName: 'once', type: 'API_CALL', simulate }] });
  await until(async () => (await api.tasks(dagId))[0]?.status === 'RUNNING', { what: 'the task to run' });

  const sent = (await readTopic(topics.queue)).filter(({ value }) => value.includes(dagId));
  expect(sent).toHaveLength(1);
  const [{ partition, value }] = sent as [{ partition: number; value: string }];
  const orders = JSON.parse(value) as WorkOrder[];
  const sessions = await sql<{ session: string; worker: string }>('SELECT session, worker FROM tasks WHERE dag_id = $1', [dagId]);
  const holder = sessions[0]!;
  expect(orders.map(({ session }) => session)).toContain(holder.session);
  const other = workers[holder.worker === 'worker-1' ? 1 : 0]!;
  const otherName = holder.worker === 'worker-1' ? 'worker-2' : 'worker-1';

  // The other worker's session is learnt from a task that it runs.
  const probes = Array.from({ length: 8 }, (_, i) => ({ taskName: `probe-${i}`, type: 'API_CALL', simulate: { durationMs: 0, failureRate: 0 } }));
  const probe = await api.submit({ dagName: 'probe', tasks: probes });
  await api.wait(probe.dagId, { timeoutMs: 10_000 });
  const found = await sql<{ session: string }>('SELECT DISTINCT session FROM tasks WHERE dag_id = $1 AND worker = $2', [probe.dagId, otherName]);
  const otherSession = found[0]?.session;
  expect(otherSession).toBeDefined();
  const otherInbox = (await readTopic(topics.queue)).find((message) => message.value.includes(`"session":"${otherSession}"`))!.partition;
  expect(otherInbox).not.toBe(partition);

  const send = await openSender(topics.queue);
  const readdressed = JSON.stringify(orders.map((order) => ({ ...order, session: otherSession, sentAt: Date.now() })));
  // As it was, to the holder and to the other worker; then addressed to the other, while it runs and after its end.
  await send({ partition, value });
  await send({ partition: otherInbox, value });
  const before = await refusedBy(other.url);
  await send({ partition: otherInbox, value: readdressed });
  await until(async () => (await refusedBy(other.url)) === before + 1, { what: 'the other worker to be refused while the task runs' });
  expect((await api.tasks(dagId))[0]).toMatchObject({ status: 'RUNNING', workerId: holder.worker });
  expect((await api.wait(dagId, { timeoutMs: 10_000 })).status).toBe('COMPLETED');
  await send({ partition: otherInbox, value: readdressed });
  await until(async () => (await refusedBy(other.url)) === before + 2, { what: 'the other worker to be refused after the end' });

  const executions = (await readExecutions(topics.events)).filter(({ dag }) => dag === dagId);
  expect(executions.map(({ worker, type }) => [worker, type])).toEqual([[holder.worker, 'completed']]);
  expect((await api.tasks(dagId))[0]).toMatchObject({ status: 'COMPLETED', attempt: 1, workerId: holder.worker });
}, 60_000);
