/** Second copies of tasks that take too long, on the real stack. The first execution of each task here is slow, wherever it runs. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DagSubmission, TaskView } from '../../src/sdk';
import { atEnd } from '../harness/cleanup';
import { projectRoot, type RunningRole } from '../harness/processes';
import { clientOf, type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const HANDLERS = [{ type: 'FIRST_IS_SLOW', module: path.join(projectRoot, 'test/integration/firstIsSlow.mjs'), isolation: 'none' }];

interface Note {
  readonly what: 'begin' | 'aborted' | 'end';
  readonly first: boolean;
  readonly pid: number;
  readonly taskId: string;
  readonly fence: string;
}

let folder: string;
let stack: RealStack;
let scheduler: RunningRole;

const notesIn = (mark: string): Note[] =>
  existsSync(path.join(folder, mark))
    ? readFileSync(path.join(folder, mark), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Note)
    : [];
const untilNoted = (mark: string, what: Note['what'], first: boolean): Promise<Note> =>
  until(() => notesIn(mark).find((note) => note.what === what && note.first === first), {
    what: `${first ? 'the first' : 'another'} execution of ${mark} to be noted as ${what}`,
    timeoutMs: 15_000,
  });

/** One task; `mark` names it among the notes. */
const alone = (mark: string, firstMs: number, nextMs: number, more: object = { speculative: true }): DagSubmission => ({
  dagName: mark,
  maxRetries: 1,
  tasks: [{ taskName: mark, type: 'FIRST_IS_SLOW', idempotent: true, ...more, payload: { folder, mark, firstMs, nextMs } }],
});

const ended = async (dagId: string): Promise<TaskView> => {
  const api = clientOf(scheduler.url);
  expect(await api.wait(dagId)).toMatchObject({ status: 'COMPLETED' });
  return (await api.tasks(dagId))[0]!;
};

const pids = (): Map<number, string> => new Map(stack.workers.map(({ pid }, i) => [pid, `worker-${i + 1}`]));

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'stragglers-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  stack = await startRealStack({ workers: 2, env: { WORKER_HANDLERS: JSON.stringify(HANDLERS) } });
  ({ scheduler } = stack);
  const { dagId } = await stack.api.submit({
    dagName: 'learned from',
    tasks: Array.from({ length: 40 }, (_, i) => ({ taskName: `t${i}`, type: 'FIRST_IS_SLOW', payload: { folder, nextMs: 30 } })),
  });
  await stack.api.wait(dagId);
}, 60_000);

test('the copy overtakes its task on another worker: its result counts, and the slow one is aborted', async () => {
  const began = performance.now();
  const { dagId } = await stack.api.submit(alone('overtaken', 60_000, 20));
  const task = await ended(dagId);
  expect(performance.now() - began).toBeLessThan(10_000);
  await untilNoted('overtaken', 'aborted', true);
  const notes = notesIn('overtaken');
  const [slow, copy] = [notes.find(({ first }) => first)!, notes.find(({ first }) => !first)!];
  expect(notes.map(({ what, first }) => `${first ? 'first' : 'copy'} ${what}`)).toEqual(['first begin', 'copy begin', 'copy end', 'first aborted']);
  expect([task.result, task.attempt, task.workerId]).toEqual(['another', 1, pids().get(copy.pid)]);
  expect(copy.pid).not.toBe(slow.pid);
  expect([slow.taskId, copy.taskId]).toEqual([task.taskId, task.taskId]);
  expect(BigInt(copy.fence)).toBeGreaterThan(BigInt(slow.fence));
}, 30_000);

test('the slow one is done first after all: the copy is aborted', async () => {
  const { dagId } = await stack.api.submit(alone('recovered', 2500, 60_000));
  const task = await ended(dagId);
  await untilNoted('recovered', 'aborted', false);
  expect([task.result, task.attempt]).toEqual(['the first', 1]);
  expect(notesIn('recovered')).toHaveLength(4);
}, 30_000);

test('what never asked for a copy gets none, however long it takes', async () => {
  const { dagId } = await stack.api.submit(alone('patient', 2500, 20, {}));
  expect(await ended(dagId)).toMatchObject({ result: 'the first' });
  expect(notesIn('patient').map(({ what }) => what)).toEqual(['begin', 'end']);
}, 30_000);

test('who says speculative has to say idempotent', async () => {
  await expect(stack.api.submit(alone('careless', 1, 1, { speculative: true, idempotent: false }))).rejects.toMatchObject({
    problem: { errors: [{ path: 'tasks[0].speculative' }] },
  });
});

test('a cancel ends both', async () => {
  const { dagId } = await stack.api.submit(alone('cancelled', 60_000, 60_000));
  await untilNoted('cancelled', 'begin', false);
  await stack.api.cancel(dagId);
  for (const first of [true, false]) await untilNoted('cancelled', 'aborted', first);
  expect(await stack.api.wait(dagId)).toMatchObject({ status: 'CANCELLED' });
  // Those of the tests above among them.
  const copies = [...(await (await fetch(`${scheduler.url}/actuator/prometheus`)).text()).matchAll(/^task_copies_total\{outcome="(\w+)"\} (\d+)$/gm)];
  expect(Object.fromEntries(copies.map(([, outcome, count]) => [outcome, Number(count)]))).toEqual({ started: 3, won: 1, lost: 2 });
}, 30_000);

const heldByWorkers = async (): Promise<number[]> => {
  const workers = (await (await fetch(`${scheduler.url}/api/v1/workers`)).json()) as readonly { readonly state: string; readonly held: number }[];
  return workers.filter(({ state }) => state !== 'LOST').map(({ held }) => held);
};

test('the scheduler dies while both run: the next one takes the result of the copy, and both workers are idle in the end', async () => {
  const { dagId } = await stack.api.submit(alone('orphaned', 9000, 4500));
  await untilNoted('orphaned', 'begin', false);
  await scheduler.kill();
  scheduler = await stack.startScheduler();
  expect(await ended(dagId)).toMatchObject({ result: 'another', attempt: 1 });
  await until(async () => (await heldByWorkers()).join() === '0,0', { what: 'both workers to hold nothing', timeoutMs: 20_000 });
  expect(notesIn('orphaned').filter(({ what }) => what === 'begin')).toHaveLength(2);
}, 60_000);

test('a worker that dies with a copy costs its task nothing, and there is no other copy', async () => {
  const { dagId } = await clientOf(scheduler.url).submit(alone('robbed', 5000, 60_000));
  const { pid } = await untilNoted('robbed', 'begin', false);
  process.kill(pid, 'SIGKILL');
  expect(await ended(dagId)).toMatchObject({ result: 'the first', attempt: 1 });
  expect(notesIn('robbed').filter(({ what }) => what === 'begin')).toHaveLength(2);
}, 60_000);
