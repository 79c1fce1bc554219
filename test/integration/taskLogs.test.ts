/** What handlers log and print, from threads, processes and the main loop through Kafka to the API. */
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { shardOf, type DagId } from '../../src/core/ids';
import type { TaskLogLine, TaskView } from '../../src/sdk';
import { readTopic } from '../harness/messages';
import { projectRoot, type RunningRole } from '../harness/processes';
import { kafkaBrokers } from '../harness/services';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const chatty = path.join(projectRoot, 'test/integration/chatty.mjs');
const HANDLERS = [
  { type: 'IN_A_THREAD', module: chatty },
  { type: 'IN_A_PROCESS', module: chatty, isolation: 'process' },
  { type: 'ON_THE_LOOP', module: chatty, isolation: 'none' },
];

let stack: RealStack;
let worker: RunningRole;
beforeAll(async () => {
  stack = await startRealStack({
    workers: 1,
    env: {
      WORKER_HANDLERS: JSON.stringify(HANDLERS),
      WORKER_HARD_LIMIT_GRACE_MS: '300',
      TASK_LOGS_ATTEMPT_BYTES: '20000',
      TASK_LOGS_FOLLOWERS: '1',
      RETRIES_BACKOFF_INITIAL_MS: '10',
    },
    workerEnv: { LOG_LEVEL: 'debug' },
  });
  worker = stack.workers[0]!;
}, 60_000);

const submit = async (tasks: readonly { readonly taskName: string; readonly type: string; readonly payload: object }[]): Promise<TaskView[]> => {
  const { dagId } = await stack.api.submit({ dagName: 'chatty', tasks: tasks.map((task) => ({ maxRetries: 0, ...task })) });
  return stack.api.tasks(dagId);
};
const all = async (taskId: string): Promise<readonly TaskLogLine[]> => (await stack.api.logs(taskId, { limit: 1000 })).items;
/** The lines of a task that has ended, once all of them are there. */
const complete = async (taskId: string): Promise<TaskLogLine[]> => {
  const lines: TaskLogLine[] = [];
  for await (const line of stack.api.followLogs(taskId)) lines.push(line);
  return lines;
};
const short = ({ level, stream, text }: TaskLogLine): string => `${level} ${stream} ${text}`;
const logsUrl = ({ taskId }: TaskView, query = ''): string => `${stack.url}/api/v1/tasks/${taskId}/logs${query}`;

test('lines of the logger and of the output appear with their attempt and worker, apart, and without secrets', async () => {
  const tasks = await submit(
    HANDLERS.flatMap(({ type }) =>
      ['a', 'b', 'c'].map((name) => ({ taskName: `${name} ${type}`, type, payload: { does: 'say', ms: 50, child: type === 'IN_A_PROCESS' } })),
    ),
  );
  for (const { taskId, taskName, type } of tasks) {
    const lines = await complete(taskId);
    const expected = [
      `info stdout ${taskName} printed`,
      `error stderr ${taskName} complained`,
      `info log ${taskName} logged`,
      'warn stderr connects to postgres://ann:***@db/x',
      'info stdout no line end',
      ...(type === 'IN_A_PROCESS' ? ['info stdout a child printed'] : []),
    ];
    expect(lines.map(short).sort()).toEqual(expected.sort());
    expect(lines.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1));
    expect(new Set(lines.map(({ attempt, worker: by }) => `${attempt} ${by}`))).toEqual(new Set(['1 worker-1']));
    expect(lines.find(({ stream }) => stream === 'log')!.fields).toEqual({ n: 7, password: '***', headers: { Authorization: '***' } });
  }
  const [task] = tasks;
  const found = await stack.api.logs(task!.taskId, { search: 'COMPLAINED' });
  expect(found.items.map(({ text }) => text)).toEqual([`${task!.taskName} complained`]);
  expect((await stack.api.logs(task!.taskId, { after: found.items[0]!.id })).items).toHaveLength(3);
  const first = await stack.api.logs(task!.taskId, { limit: 2 });
  expect((await stack.api.logs(task!.taskId, { after: first.nextCursor! })).items.map(({ line }) => line)).toEqual([3, 4, 5]);
  const file = await fetch(logsUrl(task!, '?download=true'));
  expect(file.headers.get('content-disposition')).toContain(`${task!.taskId}.log`);
  expect(await file.text()).toMatch(/^\S+Z INFO {2}\[1 worker-1\] a IN_A_THREAD printed\n/);
  expect((await fetch(logsUrl(task!, '?follow=yes'))).status).toBe(400);
  expect((await fetch(logsUrl(task!, '?after=nonsense'))).status).toBe(400);
  const processLog = worker.output();
  expect(processLog).toContain('"password":"***"');
  expect(processLog).toMatch(new RegExp(`"taskId":"${task!.taskId}","task":"a IN_A_THREAD","attempt":1,"worker":"worker-1"`));
  expect(processLog).not.toContain('hunter2');
}, 60_000);

test('a flood is cut in the middle, and says so; a retry keeps the lines of both attempts', async () => {
  const [flood, retried] = await submit([
    { taskName: 'flood', type: 'IN_A_THREAD', payload: { does: 'flood', lines: 20_000 } },
    { taskName: 'retried', type: 'IN_A_PROCESS', payload: { does: 'fail first' }, ...{ maxRetries: 1 } },
  ]);
  await complete(flood!.taskId);
  const lines = await all(flood!.taskId);
  expect(lines[0]!.text).toMatch(/^line 0 /);
  expect(lines.at(-1)!.text).toMatch(/^line 19999 /);
  expect(lines.reduce((sum, { dropped }) => sum + (dropped ?? 1), 0)).toBe(20_000);
  const dropped = lines.filter((line) => line.dropped !== null);
  expect(dropped.length).toBeGreaterThan(0);
  expect(dropped[0]!.text).toMatch(/lines? w.* left out here/);
  const [stored] = await stack.sql<{ bytes: number }>('SELECT sum(bytes)::integer AS bytes FROM task_logs WHERE dag_id = $1 AND index = 0', [
    flood!.dagId,
  ]);
  // A chunk is never divided.
  expect(stored!.bytes).toBeLessThan(20_000 + 2 * 70_000);
  expect((await complete(retried!.taskId)).map(({ attempt, text }) => [attempt, text])).toEqual([
    [1, 'attempt 1 says hello'],
    [2, 'attempt 2 says hello'],
  ]);
  expect((await stack.api.logs(retried!.taskId, { attempt: 2 })).items).toHaveLength(1);
}, 60_000);

test('who follows sees lines within two seconds, comes back where it was, and is told of the end', async () => {
  const [task] = await submit([{ taskName: 'ticks', type: 'IN_A_THREAD', payload: { does: 'tick', ticks: 8, ms: 400 } }]);
  const seen: { readonly text: string; readonly lateMs: number; readonly id: string }[] = [];
  const following = stack.api.followLogs(task!.taskId);
  for (let next = await following.next(); next.done !== true; next = await following.next()) {
    seen.push({ ...next.value, lateMs: Date.now() - Date.parse(next.value.time) });
    if (seen.length === 1) {
      // One may follow at once: the second is told to come later.
      const refused = await fetch(logsUrl(task!, '?follow=true'));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    }
    if (seen.length === 8) expect((await following.next()).value).toBe('COMPLETED');
  }
  expect(seen.map(({ text }) => text)).toEqual(Array.from({ length: 8 }, (_, i) => `tick ${i}`));
  expect(Math.max(...seen.map(({ lateMs }) => lateMs))).toBeLessThan(2000);
  const again = await fetch(logsUrl(task!, '?follow=true'), { headers: { 'Last-Event-ID': seen[5]!.id } });
  expect(again.headers.get('content-type')).toContain('text/event-stream');
  const stream = await again.text();
  expect(stream.match(/^data: .*$/gm)!.map((data) => (JSON.parse(data.slice(6)) as { text?: string }).text)).toEqual(['tick 6', 'tick 7', undefined]);
}, 60_000);

test('topics of logs and dead letters that are made again keep neither lines nor letters back', async () => {
  const { logs, deadLetters } = stack.topics;
  const admin = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [logs, deadLetters] });
  const again = [
    { topic: logs, numPartitions: 8 },
    { topic: deadLetters, numPartitions: 1 },
  ];
  await until(() => admin.createTopics({ waitForLeaders: false, topics: again }), { what: 'the topics to be made again' });
  await admin.disconnect();
  const read = await stack.sql<{ shard: number }>('SELECT shard FROM task_log_places WHERE next > 0');
  const shards = new Set(read.map(({ shard }) => shard));
  // Until one comes to a shard of which more was read than the new topic has.
  let letters = 0;
  for (let hit = false; !hit; letters++) {
    const [task] = await submit([{ taskName: 'doomed', type: 'IN_A_THREAD', payload: { does: 'nothing that is known' } }]);
    await stack.api.wait(task!.dagId, { timeoutMs: 20_000 });
    const [said] = await submit([{ taskName: 'speaks', type: 'IN_A_THREAD', payload: { does: 'say' } }]);
    expect(await complete(said!.taskId)).toHaveLength(5);
    hit = shards.has(shardOf(said!.dagId as DagId));
  }
  await until(async () => (await readTopic(deadLetters)).length >= letters, { what: 'the letters in the new topic', timeoutMs: 20_000 });
}, 60_000);

test('of a worker that is killed the lines that had left it are there; a deleted DAG takes its lines along', async () => {
  const [task] = await submit([{ taskName: 'spins', type: 'IN_A_THREAD', payload: { does: 'spin' } }]);
  await until(async () => (await all(task!.taskId)).length > 0, { what: 'the line of a handler that never ends its turn', timeoutMs: 10_000 });
  await worker.kill();
  await fetch(`${stack.url}/api/v1/dags/${task!.dagId}/cancel`, { method: 'POST' });
  await stack.api.wait(task!.dagId, { timeoutMs: 20_000 });
  expect((await complete(task!.taskId)).map(short)).toEqual(['info stdout about to spin']);
  const rows = async () => (await stack.sql('SELECT 1 FROM task_logs WHERE dag_id = $1', [task!.dagId])).length;
  expect(await rows()).toBe(1);
  expect((await fetch(`${stack.url}/api/v1/dags/${task!.dagId}`, { method: 'DELETE' })).status).toBe(204);
  await until(async () => (await rows()) === 0, { what: 'the lines to be gone' });
  expect((await fetch(logsUrl(task!))).status).toBe(404);
}, 60_000);
