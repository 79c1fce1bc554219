import path from 'node:path';
import { projectRoot, type Running, startProcess } from '../harness/processes';
import { flawless, prove, runAll } from '../harness/proof';
import { type RealStack, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const TYPES = { WORKER_TYPES: 'ECHO,CHECKPOINT' };

let stack: RealStack;

const startHandlers = async (id: string): Promise<Running> => {
  const running = await startProcess({
    script: path.join(projectRoot, 'test/harness/handlersWorker.cjs'),
    env: { ...stack.env, ...TYPES, TEST_WORKER_ID: id },
  });
  await running.line(/^ready$/m);
  return running;
};

beforeAll(async () => {
  stack = await startRealStack({ workers: 0, env: TYPES });
}, 60_000);

test('large payloads and the results of dependencies reach handlers', async () => {
  const worker = await startHandlers('hands-1');
  // Above 64 KB the inputs don't travel with the dispatch: the worker fetches them.
  const text = (length: number): string => `${'é'.repeat(length - 5)}end-${length % 10}`;
  const submission = {
    dagName: 'inputs',
    tasks: [
      { taskName: 'small', type: 'ECHO', payload: { text: text(1_001) } },
      { taskName: 'large', type: 'ECHO', payload: { text: text(100_002), make: 40_000 } },
      { taskName: 'wide', type: 'ECHO', payload: { make: 40_001 } },
      { taskName: 'child', type: 'ECHO', dependencies: ['small'] },
      { taskName: 'join', type: 'ECHO', dependencies: ['small', 'large', 'wide'], payload: { text: `${text(10)}join!` } },
    ],
  };
  const ran = await runAll(stack, [submission]);
  expect(await prove(stack, ran)).toEqual(flawless([submission]));
  const results = new Map((await stack.api.tasks(ran[0]!.dagId)).map(({ taskName, result }) => [taskName, result]));
  expect(results.get('small')).toMatchObject({ length: 1_001, end: 'end-1', upstream: {}, attempt: 1 });
  expect(results.get('large')).toMatchObject({ length: 100_002, end: 'end-2', upstream: {} });
  expect(results.get('child')).toMatchObject({ length: 0, upstream: { small: 1_001 } });
  expect(results.get('join')).toMatchObject({ end: 'join!', upstream: { small: 1_001, large: 'x'.repeat(40_000), wide: 'x'.repeat(40_001) } });
  expect((await worker.terminate()).code).toBe(0);
}, 60_000);

test('results that are together more than a broker takes at once arrive all the same, whatever script they are in', async () => {
  const worker = await startHandlers('hands-4');
  // They end together, in one shard: 85,000 characters are 255 KB.
  const tasks = Array.from({ length: 12 }, (_, i) => ({ taskName: `t${String(i)}`, type: 'ECHO', payload: { make: 85_000, of: '…' } }));
  const { dagId } = await stack.api.submit({ dagName: 'large results', tasks });
  expect(await stack.api.wait(dagId, { timeoutMs: 30_000 })).toMatchObject({ status: 'COMPLETED', completedTasks: 12 });
  const results = (await stack.api.tasks(dagId)).map(({ result }) => JSON.stringify(result).length);
  expect(Math.min(...results)).toBeGreaterThan(85_000);
  expect((await worker.terminate()).code).toBe(0);
}, 60_000);

test('a checkpoint is what the next attempt begins with after a kill', async () => {
  const first = await startHandlers('hands-2');
  const { dagId } = await stack.api.submit({ dagName: 'long', tasks: [{ taskName: 'long', type: 'CHECKPOINT', maxRetries: 0 }] });
  const [, fence = ''] = await first.line(/kept by (\d+)/);
  await first.kill();
  const killedAt = performance.now();
  await startHandlers('hands-3');
  const done = await until(async () => (await stack.api.tasks(dagId)).find(({ status }) => status === 'COMPLETED'), {
    what: 'the task to go on where it was',
    timeoutMs: 15_000,
  });
  process.stdout.write(`a task with a checkpoint went on ${Math.round(performance.now() - killedAt)} ms after its worker was killed\n`);
  expect(done).toMatchObject({ workerId: 'hands-3', attempt: 1, result: { restored: { step: 1 }, attempt: 1 } });
  expect(BigInt((done.result as { fence: string }).fence)).toBeGreaterThan(BigInt(fence));
}, 60_000);
