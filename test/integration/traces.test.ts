/** Traces from real processes at a collector: one tree for each DAG, whoever sent, ran and ended it. */
import path from 'node:path';
import { type CollectedSpan, type Collector, startCollector } from '../harness/collector';
import { readTopic } from '../harness/messages';
import { projectRoot, type RunningRole } from '../harness/processes';
import { clientOf, type RealStack, type Stack, startRealStack, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const traced = path.join(projectRoot, 'test/integration/traced.mjs');
const HANDLERS = [
  { type: 'IN_A_THREAD', module: traced },
  { type: 'IN_A_PROCESS', module: traced, isolation: 'process' },
  { type: 'ON_THE_LOOP', module: traced, isolation: 'none' },
];

/** Only workers that a test starts for it run this one. */
const MORTAL = { type: 'MORTAL', module: traced, isolation: 'none' };

let collector: Collector;
let stack: RealStack;
let scheduler: RunningRole;
beforeAll(async () => {
  collector = await startCollector();
  stack = await startRealStack({
    workers: 2,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      TRACING_TIMEOUT_MS: '300',
      WORKER_HANDLERS: JSON.stringify([...HANDLERS, MORTAL]),
      WORKER_CONCURRENCY: '2',
      SCHEDULER_SHARD_LEASE_MS: '1500',
      RETRIES_BACKOFF_INITIAL_MS: '10',
    },
    workerEnv: { LOG_LEVEL: 'debug', WORKER_HANDLERS: JSON.stringify(HANDLERS) },
    nodeArgs: ['--require', path.join(projectRoot, 'test/integration/packagesLoaded.cjs')],
  });
  scheduler = stack.scheduler;
}, 60_000);

interface Task {
  readonly taskName: string;
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly payload?: object;
}

/** Four that run side by side, one of them twice, between a first and a last one. */
const FAN: readonly Task[] = [
  { taskName: 'first', type: 'ON_THE_LOOP' },
  ...['a', 'b', 'c', 'd'].map((taskName, i) => ({
    taskName,
    type: i % 2 === 0 ? 'IN_A_THREAD' : 'IN_A_PROCESS',
    dependencies: ['first'],
    payload: { ms: 100, failFirst: taskName === 'c' },
  })),
  { taskName: 'last', type: 'ON_THE_LOOP', dependencies: ['a', 'b', 'c', 'd'] },
];
const ATTEMPTS = 7;
/** The DAG, its request, the plan, the store; and of each attempt three. */
const SPANS = 4 + 3 * ATTEMPTS;

const submit = async ({ url }: Pick<Stack, 'url'>, dagName: string, tasks: readonly Task[], traceparent?: string): Promise<string> => {
  const headers = { 'Content-Type': 'application/json', ...(traceparent === undefined ? {} : { traceparent }) };
  const answer = await fetch(`${url}/api/v1/dags`, { method: 'POST', headers, body: JSON.stringify({ dagName, tasks }) });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { dagId: string }).dagId;
};
const traceOf = (dagId: string): string => dagId.replaceAll('-', '');
const named = (spans: readonly CollectedSpan[], what: string): CollectedSpan[] => spans.filter(({ name }) => name.startsWith(`${what} `));
const instancesOf = (spans: readonly CollectedSpan[]): Set<unknown> => new Set(spans.map(({ resource }) => resource['service.instance.id']));

/** Each span but one is below another one; answers that one. */
const topOf = (spans: readonly CollectedSpan[], dagName: string): CollectedSpan => {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  const tops = spans.filter(({ parentSpanId }) => !byId.has(parentSpanId));
  expect(tops.map(({ name }) => name)).toEqual([`dag ${dagName}`]);
  const above = (what: string, parent: string): void => {
    for (const span of named(spans, what)) expect(byId.get(span.parentSpanId)!.name).toMatch(new RegExp(`^${parent} `));
  };
  above('dispatch', 'dag');
  above('run', 'dispatch');
  above('advance', 'run');
  above('POST', 'dag');
  for (const { parentSpanId } of spans.filter(({ name }) => name === 'plan' || name === 'store'))
    expect(byId.get(parentSpanId)!.name).toMatch(/^POST/);
  for (const { startMs, endMs } of spans) expect(endMs).toBeGreaterThanOrEqual(startMs);
  return tops[0]!;
};

test('a DAG is one tree of spans from its POST to its last task, over all processes, with a retry', async () => {
  const dagId = await submit(stack, 'fan', FAN);
  const spans = await collector.untilTrace(traceOf(dagId), SPANS);
  const top = topOf(spans, 'fan');
  expect(spans).toHaveLength(SPANS);
  expect(top).toMatchObject({
    parentSpanId: '',
    error: undefined,
    attributes: { 'dts.dag.id': dagId, 'dts.dag.status': 'COMPLETED', 'dts.dag.tasks': 6 },
  });
  expect(spans.find(({ name }) => name === 'POST /api/v1/dags')).toMatchObject({ kind: 2, attributes: { 'http.response.status_code': 201 } });
  for (const what of ['dispatch', 'run', 'advance']) expect(named(spans, what)).toHaveLength(ATTEMPTS);

  const runs = named(spans, 'run');
  expect([...instancesOf(runs)].sort()).toEqual(['worker-1', 'worker-2']);
  expect(instancesOf([...named(spans, 'dispatch'), ...named(spans, 'advance'), top]).size).toBe(1);
  expect(instancesOf([top])).not.toContain('worker-1');
  const failed = runs.filter(({ error }) => error !== undefined);
  expect(failed).toMatchObject([{ error: 'once', attributes: { 'error.type': 'RangeError', 'dts.task.attempt': 1, 'dts.task.outcome': 'failed' } }]);
  const again = runs.filter(({ attributes }) => attributes['dts.task.name'] === 'c').map(({ attributes }) => attributes['dts.task.attempt']);
  expect(again.sort()).toEqual([1, 2]);
  expect(runs[0]).toMatchObject({
    kind: 5,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': stack.topics.queue,
      'messaging.operation.type': 'process',
      'dts.dag.id': dagId,
    },
  });

  // What a handler was told, wherever it ran, is the span of its own attempt.
  const rows = await stack.sql<{ name: string; result: string }>('SELECT name, result FROM tasks WHERE dag_id = $1', [dagId]);
  const told = Object.fromEntries(rows.map(({ name, result }) => [name, (JSON.parse(result) as { traceparent: string }).traceparent]));
  const completed = runs.filter(({ error }) => error === undefined);
  expect(told).toEqual(Object.fromEntries(completed.map((run) => [run.attributes['dts.task.name'], `00-${run.traceId}-${run.spanId}-01`])));
});

test('contexts travel in the headers of Kafka, and lines of logs name their trace', async () => {
  const dagId = await submit(stack, 'pair', [
    { taskName: 'a', type: 'ON_THE_LOOP' },
    { taskName: 'b', type: 'ON_THE_LOOP' },
  ]);
  await collector.untilTrace(traceOf(dagId), 4 + 3 * 2);
  for (const topic of [stack.topics.queue, stack.topics.events]) {
    const messages = (await readTopic(topic)).filter(({ value }) => value.includes(`"dag":"${dagId}","task"`));
    const contexts = messages.flatMap(({ headers = {} }) => [headers['traceparent'] ?? [], headers['traceparents']?.split(',') ?? []].flat());
    expect(contexts.filter((context) => context.startsWith(`00-${traceOf(dagId)}-`)).length).toBeGreaterThanOrEqual(2);
    for (const { value } of messages) expect(value).not.toContain('"trace":');
  }
  const lines = stack.workers
    .map((worker) => worker.output())
    .join('')
    .split('\n');
  const inTrace = lines.filter((line) => line.includes(`"trace_id":"${traceOf(dagId)}"`)).map((line) => JSON.parse(line) as object);
  expect(inTrace).toContainEqual(
    expect.objectContaining({ msg: 'runs', dagId, task: 'a', attempt: 1, worker: expect.stringMatching(/^worker-/) as string }),
  );
  expect(inTrace).toContainEqual(expect.objectContaining({ event: 'execution.finished', dag: dagId, task: 'a', attempt: 1 }));
});

test("a client's trace goes on, and what it doesn't sample is sampled by nobody", async () => {
  const client = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' };
  await submit(stack, 'fan', FAN, `00-${client.trace}-${client.span}-01`);
  const spans = await collector.untilTrace(client.trace, SPANS);
  expect(topOf(spans, 'fan').parentSpanId).toBe(client.span);

  const silent = '0af7651916cd43dd8448eb211c80319c';
  const unsampled = await submit(stack, 'unsampled', [{ taskName: 'a', type: 'ON_THE_LOOP' }], `00-${silent}-${client.span}-00`);
  // Nonsense is as nothing.
  const own = await submit(stack, 'own', [{ taskName: 'a', type: 'ON_THE_LOOP' }], 'nonsense');
  await collector.untilTrace(traceOf(own), 7);
  await stack.api.wait(unsampled);
  const [row] = await stack.sql<{ result: string }>('SELECT result FROM tasks WHERE dag_id = $1', [unsampled]);
  expect(row!.result).toMatch(new RegExp(`"00-${silent}-[0-9a-f]{16}-00"`));
  expect(collector.trace(silent)).toEqual([]);
  expect(collector.trace(traceOf(unsampled))).toEqual([]);
});

test('a DAG that begins again by hand has a span of its own for that, below the one that was sent', async () => {
  const dagId = await submit(scheduler, 'twice', [{ taskName: 'a', type: 'ON_THE_LOOP' }]);
  await collector.untilTrace(traceOf(dagId), 4 + 3);
  await clientOf(scheduler.url).rerun(dagId);
  const spans = await collector.untilTrace(traceOf(dagId), 4 + 3 + 3 + 1);
  const top = topOf(spans, 'twice');
  expect(named(spans, 'dag')).toEqual([top]);
  const [again] = named(spans, 'again');
  expect(again).toMatchObject({ name: 'again twice', parentSpanId: top.spanId, attributes: { 'dts.dag.id': dagId, 'dts.dag.status': 'COMPLETED' } });
  expect(again!.startMs).toBeGreaterThanOrEqual(top.endMs);
});

test('an attempt that died with its worker has a span in place of its own, below the DAG', async () => {
  const env = { WORKER_HANDLERS: JSON.stringify([MORTAL]) };
  const mortal = await stack.startWorker('mortal', { env });
  const dagId = await submit(scheduler, 'bereaved', [{ taskName: 'a', type: 'MORTAL', payload: { ms: 2_000 } }]);
  const runs = () => stack.sql(`SELECT 1 FROM tasks WHERE dag_id = $1 AND status = 'RUNNING'`, [dagId]);
  await until(async () => (await runs()).length === 1, { what: 'the task to be known to run' });
  await mortal.kill();
  await stack.startWorker('heir', { env });
  // Of the first attempt its dispatch and what came in place of its run, of the second all three.
  const spans = await collector.untilTrace(traceOf(dagId), 4 + 2 + 3);
  const top = topOf(spans, 'bereaved');
  expect(named(spans, 'lost')).toMatchObject([
    { name: 'lost MORTAL', parentSpanId: top.spanId, attributes: { 'dts.task.name': 'a', 'dts.worker.id': 'mortal', 'error.type': 'LOST_WORKER' } },
  ]);
  expect(named(spans, 'lost')[0]!.error).toContain('the worker was lost');
  expect(named(spans, 'run').map(({ attributes }) => attributes['dts.worker.id'])).toEqual(['heir']);
}, 60_000);

test('whoever takes a DAG over goes on with its trace and ends it', async () => {
  const dagId = await submit(stack, 'takeover', [
    { taskName: 'a', type: 'ON_THE_LOOP', payload: { ms: 1500 } },
    { taskName: 'b', type: 'ON_THE_LOOP', dependencies: ['a'] },
  ]);
  await collector.untilTrace(traceOf(dagId), 4);
  await scheduler.kill();
  scheduler = await stack.startScheduler();
  const spans = await collector.untilTrace(traceOf(dagId), 4 + 3 * 2);
  const top = topOf(spans, 'takeover');
  const [first] = spans.filter(({ name }) => name === 'store');
  expect(instancesOf([top])).not.toEqual(instancesOf([first!]));
});

test('nothing of it is loaded by whoever is not told to trace', async () => {
  const off = await stack.startWorker('worker-3', { env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } });
  await Promise.all([off.terminate(), stack.workers[1]!.terminate()]);
  // Its API comes with prom-client, too.
  expect(off.output()).toMatch(/^packages: (?!.*@opentelemetry\/(?!api ))/m);
  expect(stack.workers[1]!.output()).toMatch(/^packages: .*@opentelemetry\/exporter-trace-otlp-http/m);
});

test('while the collector is away everything goes on, and one line says so', async () => {
  await collector.close();
  const spansThat = async (outcome: string): Promise<number> => {
    const text = await (await fetch(`${scheduler.url}/actuator/prometheus`)).text();
    return Number(new RegExp(`^trace_spans_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)![1]);
  };
  const api = clientOf(scheduler.url);
  for (const round of [1, 2]) {
    const dagId = await submit(scheduler, 'alone', FAN);
    expect(await api.wait(dagId)).toMatchObject({ status: 'COMPLETED' });
    await until(async () => (await spansThat('failed')) >= round, { what: 'spans that were given up' });
  }
  expect(await spansThat('exported')).toBeGreaterThan(0);
  expect(scheduler.output().match(/"event":"tracing.away"/g)).toHaveLength(1);
});

test('standalone traces, too', async () => {
  const near = await startCollector();
  const standalone = await startStandalone({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: near.url, WORKER_HANDLERS: JSON.stringify(HANDLERS) } });
  const dagId = await submit(standalone, 'fan', FAN);
  const spans = await near.untilTrace(traceOf(dagId), SPANS);
  topOf(spans, 'fan');
  expect(named(spans, 'run')[0]!.attributes['messaging.system']).toBe('memory');
}, 60_000);
