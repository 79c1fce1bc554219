/** Thousands of small tasks of a type whose handler takes many in one call, on the real stack. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot, startProcess } from '../harness/processes';
import { inParallel, type Ran, untilFinal } from '../harness/proof';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const HANDLERS = [
  { type: 'ROW', module: path.join(projectRoot, 'test/integration/batchWitness.mjs') },
  { type: 'APPEND_LINES', module: path.join(projectRoot, 'examples/handlers/appendLines.mjs'), isolation: 'none' },
];

let stack: RealStack;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'batches-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { WORKER_HANDLERS: JSON.stringify(HANDLERS), WORKER_CONCURRENCY: '4', BREAKER_ENABLED: 'false' };
  stack = await startRealStack({ workers: 2, env });
}, 60_000);

interface Call {
  readonly kind: 'began' | 'ended';
  readonly pid: number;
  readonly tasks: readonly (readonly [name: string, attempt: number])[];
}

const callsIn = (witness: string): Call[] =>
  readFileSync(witness, 'utf8')
    .split('\n')
    // The last line of a process that was killed may be a part of one.
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Call);

const freshWitness = (name: string): string => {
  const witness = path.join(folder, name);
  writeFileSync(witness, '');
  return witness;
};

const backoff = { type: 'fixed', initialMs: 50, jitter: 0 } as const;

/** `count` tasks in DAGs of 100; of each hundred, number 17 is bad, in every other DAG once only. */
const submissionsOf = (count: number, payload: object, bad = true) =>
  Array.from({ length: count / 100 }, (_, dag) => ({
    dagName: `rows ${dag}`,
    tasks: Array.from({ length: 100 }, (_task, i) => ({
      taskName: `r${dag}-${i}`,
      type: 'ROW',
      maxRetries: 1,
      backoff,
      payload: { ...payload, ...(bad && i === 17 ? { bad: dag % 2 === 0 ? 'always' : 'once' } : {}) },
    })),
  }));

const submitAll = (submissions: ReturnType<typeof submissionsOf>): Promise<Ran[]> =>
  inParallel(submissions, 16, async (submission) => ({ submission, dagId: (await stack.api.submit(submission)).dagId }));

const timesOf = (calls: readonly Call[]): Map<string, number> => {
  const times = new Map<string, number>();
  for (const [name, attempt] of calls.flatMap(({ tasks }) => tasks)) times.set(`${name}#${attempt}`, (times.get(`${name}#${attempt}`) ?? 0) + 1);
  return times;
};

const countsOf = async (ids: readonly string[]): Promise<unknown> =>
  stack.sql(
    `SELECT status, attempt, count(*)::int AS count, count(DISTINCT result)::int AS results FROM tasks WHERE dag_id = ANY($1::uuid[])
      GROUP BY 1, 2 ORDER BY 1, 2`,
    [ids],
  );

const metricsOf = async (url: string): Promise<{ calls: number; tasks: number }> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name}\\{type="ROW"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { calls: value('task_batch_size_count'), tasks: value('task_batch_size_sum') };
};

test('bad ones fail alone and are tried again by themselves; every other one is completed by one call, in large batches', async () => {
  const witness = freshWitness('calls.txt');
  const ran = await submitAll(submissionsOf(4000, { witness, callMs: 20 }));
  await untilFinal(stack, ran, 60_000);
  expect(await countsOf(ran.map(({ dagId }) => dagId))).toEqual([
    { status: 'COMPLETED', attempt: 1, count: 3960, results: 3960 },
    { status: 'COMPLETED', attempt: 2, count: 20, results: 20 },
    { status: 'FAILED', attempt: 2, count: 20, results: 0 },
  ]);
  const calls = callsIn(witness).filter(({ kind }) => kind === 'ended');
  const times = timesOf(calls);
  expect([times.size, Math.max(...times.values())]).toEqual([4040, 1]);
  const [firsts, retries] = [calls.filter(({ tasks }) => tasks[0]![1] === 1), calls.filter(({ tasks }) => tasks.some(([, attempt]) => attempt > 1))];
  expect(retries.map(({ tasks }) => tasks.length)).toEqual(new Array(40).fill(1));
  const mean = 4000 / firsts.length;
  process.stdout.write(`4,000 tasks in ${firsts.length} calls, ${mean.toFixed(1)} in each\n`);
  expect(mean).toBeGreaterThan(10);
  const seen = await Promise.all(stack.workers.map(({ url }) => metricsOf(url)));
  expect(seen.reduce((sum, one) => sum + one.tasks, 0)).toBe(4040);
  expect(seen.reduce((sum, one) => sum + one.calls, 0)).toBe(calls.length);
  for (const { tasks } of seen) expect(tasks).toBeGreaterThan(400);
}, 90_000);

test('a worker that is killed in the midst of its batches costs its tasks nothing but time', async () => {
  const witness = freshWitness('killed.txt');
  const doomed = await stack.startWorker('doomed');
  const ran = await submitAll(submissionsOf(4000, { witness, callMs: 300 }, false));
  const open = (): Call[] => callsIn(witness).filter(({ pid, kind }) => pid === doomed.pid && kind === 'began');
  await until(() => open().some(({ tasks }) => tasks.length > 10), { what: 'the worker to be in the midst of a batch', timeoutMs: 30_000 });
  await doomed.kill();
  const ended = timesOf(callsIn(witness).filter(({ kind }) => kind === 'ended'));
  const cut = open().flatMap(({ tasks }) => tasks.filter(([name, attempt]) => !ended.has(`${name}#${attempt}`)));
  process.stdout.write(`the worker was killed with ${cut.length} tasks in its handlers\n`);
  expect(cut.length).toBeGreaterThan(10);
  await untilFinal(stack, ran, 60_000);
  const counts = await countsOf(ran.map(({ dagId }) => dagId));
  expect(counts).toEqual([{ status: 'COMPLETED', attempt: 1, count: 4000, results: 4000 }]);
  const through = callsIn(witness).filter(({ kind }) => kind === 'ended');
  expect(timesOf(through).size).toBe(4000);
  // What it had ended may have been lost with it before it could tell.
  expect(Math.max(...timesOf(through.filter(({ pid }) => pid !== doomed.pid)).values())).toBe(1);
}, 120_000);

test('the example writes each line once, and fails for itself where a payload or a file is wrong', async () => {
  const output = path.join(folder, 'lines.txt');
  const task = (i: number, payload: object) => ({ taskName: `l${i}`, type: 'APPEND_LINES', maxRetries: 0, payload });
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`);
  const { dagId } = await stack.api.submit({
    dagName: 'lines',
    tasks: [
      ...lines.map((line, i) => task(i, { output, line })),
      task(300, { output }),
      task(301, { output: path.join(folder, 'nowhere/out.txt'), line: 'x' }),
    ],
  });
  expect(await stack.api.wait(dagId, { timeoutMs: 30_000 })).toMatchObject({ completedTasks: 300, failedTasks: 2 });
  expect(readFileSync(output, 'utf8').trimEnd().split('\n').sort()).toEqual([...lines].sort());
  const failed = (await stack.api.tasks(dagId)).filter(({ status }) => status === 'FAILED');
  expect(failed).toMatchObject([
    { taskName: 'l300', error: { message: 'the payload must be {output, line}, both texts' } },
    { taskName: 'l301', error: { code: 'ENOENT' } },
  ]);
}, 60_000);

test('what a module says wrong of its batches ends the start with one sentence', async () => {
  const module = path.join(folder, 'wrong.mjs');
  writeFileSync(module, 'export const batch = { maxSize: 0, maxWait: 20 };\nexport default () => [];\n');
  for (const isolation of ['none', 'thread']) {
    const handlers = JSON.stringify([{ type: 'WRONG', module, isolation }]);
    const running = await startProcess({ args: ['--role=worker', '--port=0'], env: { ...stack.env, WORKER_HANDLERS: handlers } });
    expect((await running.exited).code).toBe(1);
    expect(running.stderr()).toContain(`worker.handlers: the handler of WRONG can't be loaded from ${module}: `);
    expect(running.stderr()).toContain(
      'batch.maxWait is unknown: there are maxSize and maxWaitMs; batch.maxSize must be a whole number from 1 to 10000',
    );
  }
}, 30_000);
