/** Handlers of users on the real stack: what they are configured to be, how they are ended, and what is left when they are killed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { projectRoot, startProcess } from '../harness/processes';
import { type RealStack, startRealStack, startStandalone } from '../harness/stacks';
import { until } from '../harness/until';

const example = (name: string): string => path.join(projectRoot, 'examples/handlers', name);

const HANDLERS = [
  { type: 'PROCESS_LINES', module: example('processLines.mjs'), isolation: 'process' },
  { type: 'IN_A_THREAD', module: path.join(projectRoot, 'test/execute/places.mjs'), heapMb: 32 },
  { type: 'IN_A_PROCESS', module: path.join(projectRoot, 'test/execute/places.mjs'), isolation: 'process', heapMb: 32 },
  { type: 'UNPROTECTED', module: path.join(projectRoot, 'test/execute/places.mjs'), isolation: 'none' },
];

let stack: RealStack;
beforeAll(async () => {
  stack = await startRealStack({ workers: 0, env: { WORKER_HANDLERS: JSON.stringify(HANDLERS), WORKER_HARD_LIMIT_GRACE_MS: '300' } });
}, 60_000);

interface TaskRow {
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly checkpoint: string | null;
  readonly error: { readonly kind: string; readonly evidence?: Record<string, unknown> } | null;
}

const rowsOf = async (dagId: string): Promise<TaskRow[]> => {
  const tasks = await stack.sql<TaskRow & { error: string | null }>(
    'SELECT name, status, attempt, checkpoint, error FROM tasks WHERE dag_id = $1 ORDER BY index',
    [dagId],
  );
  return tasks.map(({ error, ...row }) => ({ ...row, error: typeof error === 'string' ? (JSON.parse(error) as TaskRow['error']) : error }));
};

const untilFinal = (dagId: string): Promise<TaskRow[]> =>
  until(
    async () => {
      const rows = await rowsOf(dagId);
      return rows.every(({ status }) => ['COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'].includes(status)) ? rows : undefined;
    },
    { what: 'the DAG to be final', timeoutMs: 60_000 },
  );

test('a file is read exactly once, line by line, by workers that are killed three times', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lines-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const [input, output] = [path.join(folder, 'in.txt'), path.join(folder, 'out.txt')];
  const lines = Array.from({ length: 400 }, (_, i) => `line ${i} ${'é'.repeat(i % 50)}`);
  writeFileSync(input, `${lines.join('\n')}\n`);
  writeFileSync(output, '');
  const written = (): string[] => readFileSync(output, 'utf8').trimEnd().split('\n');

  let worker = await stack.startWorker('reader-0');
  const { dagId } = await stack.api.submit({
    dagName: 'lines',
    tasks: [{ taskName: 'lines', type: 'PROCESS_LINES', maxRetries: 0, payload: { input, output, linesPerCheckpoint: 7, lineMs: 10 } }],
  });
  for (let kill = 1; kill <= 3; kill++) {
    const before = written().length;
    await until(() => written().length >= before + 40, { what: `line ${before + 40} to be written`, timeoutMs: 30_000 });
    await worker.kill();
    process.stdout.write(`worker ${kill} was killed after ${written().length} lines\n`);
    worker = await stack.startWorker(`reader-${kill}`);
  }
  expect(await untilFinal(dagId)).toEqual([{ name: 'lines', status: 'COMPLETED', attempt: 1, checkpoint: null, error: null }]);
  expect(written()).toEqual(lines.map((line, i) => `${i + 1}\t${line.length}\t${line}`));
  expect((await stack.api.tasks(dagId))[0]).toMatchObject({ workerId: 'reader-3', result: { lines: 400 } });
  await worker.terminate();
}, 120_000);

test('handlers that spin, eat memory or die fail for themselves alone, with evidence, and their worker goes on', async () => {
  const worker = await stack.startWorker('strong', { env: { WORKER_CONCURRENCY: '4' } });
  const whats = ['spin', 'ignore', 'eat', 'leave', 'where'];
  const limits: Record<string, object> = { spin: { timeoutSeconds: 1 }, ignore: { progressTimeoutSeconds: 1 } };
  const { dagId } = await stack.api.submit({
    dagName: 'hostile',
    tasks: ['IN_A_THREAD', 'IN_A_PROCESS'].flatMap((type) =>
      whats.map((does) => ({ taskName: `${does} ${type}`, type, payload: { does }, maxRetries: 0, ...limits[does] })),
    ),
  });
  const rows = await untilFinal(dagId);
  expect(rows.map(({ name, status, error }) => [name, status, error?.kind])).toEqual(
    ['IN_A_THREAD', 'IN_A_PROCESS'].flatMap((type) => [
      [`spin ${type}`, 'FAILED', 'TIMEOUT'],
      [`ignore ${type}`, 'FAILED', 'TIMEOUT'],
      [`eat ${type}`, 'FAILED', 'OUT_OF_MEMORY'],
      [`leave ${type}`, 'FAILED', 'KILLED'],
      [`where ${type}`, 'COMPLETED', undefined],
    ]),
  );
  expect(rows[3]!.error?.evidence).toEqual({ exitCode: 7, signal: null });
  expect((await worker.terminate()).code).toBe(0);
}, 120_000);

const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
    .filter((child) => child > 0 && isAlive(child));

/** One that has ended and waits to be collected by its new parent doesn't count. */
const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
};

const untilRunning = (dagId: string): Promise<unknown> =>
  until(async () => (await rowsOf(dagId)).every(({ status }) => status === 'RUNNING'), { what: 'the task to run' });

const cancel = async (dagId: string): Promise<void> => {
  const answer = await fetch(`${stack.url}/api/v1/dags/${dagId}/cancel`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([200, 202, await answer.text()]).toContain(answer.status);
};

test('the process of a handler that spins is gone before its killed worker is given up', async () => {
  const worker = await stack.startWorker('parent');
  const spin = { taskName: 'spin', type: 'IN_A_PROCESS', payload: { does: 'spin' }, maxRetries: 0 };
  const { dagId } = await stack.api.submit({ dagName: 'orphan', tasks: [spin] });
  await untilRunning(dagId);
  const children = childrenOf(worker.pid);
  expect(children.length).toBeGreaterThan(0);
  await worker.kill();
  const killedAt = performance.now();
  await until(() => !children.some(isAlive), { what: 'the processes of its handlers to end', timeoutMs: 1_600 });
  process.stdout.write(`the handlers' processes ended ${Math.round(performance.now() - killedAt)} ms after their worker\n`);
  await cancel(dagId);
});

test('a cancelled DAG is over when its handlers have thrown, or were ended at the hard limit; what waits never starts', async () => {
  const worker = await stack.startWorker('narrow', { env: { WORKER_CONCURRENCY: '4' } });
  const running = ['IN_A_THREAD', 'IN_A_PROCESS'].flatMap((type) => ['spin', 'yield'].map((does) => ({ taskName: `${does} ${type}`, type, does })));
  const waiting = Array.from({ length: 5 }, (_, i) => ({ taskName: `waits ${i}`, type: 'IN_A_THREAD', does: 'where' }));
  const { dagId } = await stack.api.submit({
    dagName: 'cancelled',
    tasks: [...running, ...waiting].map(({ does, ...task }) => ({ ...task, payload: { does }, priority: does === 'where' ? 1 : 9 })),
  });
  await until(async () => (await rowsOf(dagId)).filter(({ status }) => status === 'RUNNING').length === 4, { what: 'four tasks to run' });
  const cancelledAt = performance.now();
  await cancel(dagId);
  const rows = await untilFinal(dagId);
  process.stdout.write(`a DAG with two handlers that spin was CANCELLED after ${Math.round(performance.now() - cancelledAt)} ms (grace 300 ms)\n`);
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['CANCELLED']));
  const started = await stack.sql('SELECT name FROM tasks WHERE dag_id = $1 AND started_at IS NOT NULL ORDER BY index', [dagId]);
  expect(started.map(({ name }) => String(name))).toEqual(running.map(({ taskName }) => taskName));
  // Its slots are free again.
  const after = await stack.api.submit({ dagName: 'after', tasks: [{ taskName: 'a', type: 'IN_A_THREAD', payload: { does: 'where' } }] });
  expect(await untilFinal(after.dagId)).toMatchObject([{ status: 'COMPLETED' }]);
  await worker.terminate();
}, 60_000);

test('a worker whose unprotected handler ignores its signal ends itself; the rest of its work is done elsewhere', async () => {
  const weak = await stack.startWorker('weak', { env: { WORKER_DRAIN_MS: '500' } });
  const { dagId } = await stack.api.submit({
    dagName: 'stuck',
    tasks: [
      { taskName: 'stuck', type: 'UNPROTECTED', payload: { does: 'ignore' }, timeoutSeconds: 1, maxRetries: 0 },
      { taskName: 'beside', type: 'API_CALL', simulate: { durationMs: 4000, failureRate: 0 } },
    ],
  });
  expect(await weak.exited).toEqual({ code: 1, signal: null });
  expect(weak.output()).toContain('a handler goes on past its hard limit');
  await stack.startWorker('next');
  const [stuck, beside] = await untilFinal(dagId);
  expect(stuck).toMatchObject({ status: 'FAILED', error: { kind: 'TIMEOUT' } });
  expect(beside).toMatchObject({ status: 'COMPLETED', attempt: 1 });
}, 60_000);

test('standalone goes on with a handler that ignores its signal, and tries again only when that has returned', async () => {
  const standalone = await startStandalone({
    env: { WORKER_HANDLERS: JSON.stringify(HANDLERS), WORKER_HARD_LIMIT_GRACE_MS: '300', LOG_LEVEL: 'error' },
  });
  const late = { taskName: 'late', type: 'UNPROTECTED', payload: { does: 'return late', ms: 4000 }, timeoutSeconds: 1, maxRetries: 1 };
  const began = performance.now();
  const { dagId } = await standalone.api.submit({ dagName: 'late', tasks: [{ ...late, backoff: { type: 'fixed', initialMs: 100, jitter: 0 } }] });
  expect((await standalone.api.wait(dagId, { timeoutMs: 30_000 })).status).toBe('COMPLETED');
  expect(performance.now() - began).toBeGreaterThan(4_000);
  expect((await standalone.api.tasks(dagId))[0]).toMatchObject({ attempt: 2, result: 'in time' });
  expect(standalone.role.output()).toContain('a handler ignores its signal and keeps its slot');
}, 120_000);

test('a module that cannot be loaded ends the start with one sentence', async () => {
  const handlers = JSON.stringify([{ type: 'OURS', module: './nowhere.mjs' }]);
  const running = await startProcess({ args: ['--role=worker'], env: { ...stack.env, WORKER_HANDLERS: handlers } });
  expect((await running.exited).code).toBe(1);
  expect(running.stderr()).toContain(
    `the worker could not start: worker.handlers: the handler of OURS can't be loaded from ./nowhere.mjs: there is no file ${path.join(projectRoot, 'nowhere.mjs')}`,
  );
});

// Last: whichever worker takes this task next dies of it, too, until it is parked as poison.
test('a worker whose main loop is held by a handler past its hard limit is killed by its own heartbeat', async () => {
  const held = await stack.startWorker('held');
  await stack.api.submit({ dagName: 'held', tasks: [{ taskName: 'spin', type: 'UNPROTECTED', payload: { does: 'spin' }, timeoutSeconds: 1 }] });
  const startedAt = performance.now();
  expect(await held.exited).toEqual({ code: null, signal: 'SIGKILL' });
  process.stdout.write(`it was killed ${Math.round(performance.now() - startedAt)} ms after the submission (timeout 1 s, grace 0.3 s)\n`);
}, 60_000);
