import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import path from 'node:path';
import { systemClock } from '../../src/adapters/system/clock';
import { mintDagId } from '../../src/core/ids';
import { createLargeReader, type LargeReader } from '../../src/submit/large';
import { portionsOf } from '../../src/submit/largeThread';
import { createReader, type Reading } from '../../src/submit/reader';
import { plannedDag, plannedTask } from '../contract/records';
import { atEnd } from '../harness/cleanup';
import { compiled } from '../harness/compiled';
import { projectRoot } from '../harness/processes';

const settings = {
  types: new Set(['DATA_PROCESSING']),
  order: 'fifo' as const,
  retry: { maxRetries: 3, backoff: { type: 'exponential', initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.5 } },
  limits: { tasksPerDag: 100_000, edgesPerDag: 1_000_000, payloadBytes: 1_000_000, dagBytes: 100_000_000 },
} as const;
const identity = { dagId: mintDagId(3, 1_000, () => 0.5), shard: 3, createdAt: 1_000 };

const bytesOf = (body: object): Buffer => Buffer.from(JSON.stringify(body));
const chainOf = (count: number, last: object = {}): Buffer =>
  bytesOf({
    dagName: 'large',
    tasks: Array.from({ length: count }, (_, i) => ({
      taskName: `task-${i}`,
      type: 'DATA_PROCESSING',
      payload: { n: i },
      dependencies: i === 0 ? [] : [`task-${i - 1}`],
      ...(i === count - 1 ? last : {}),
    })),
  });

const readHere = (body: Uint8Array): Reading => createReader(settings)(body, () => identity);

const open = (over: Partial<Parameters<typeof createLargeReader>[0]> = {}): LargeReader => {
  const threadFile = path.join(projectRoot, 'dist/submit/largeThread.js');
  const reader = createLargeReader({ settings, clock: systemClock, threadFile, ...over });
  atEnd(() => reader.stop());
  return reader;
};

/** A thread of the test's own in place of the real one. */
const threadThat = (does: string): string => {
  const file = path.join(compiled([]), 'thread.js');
  writeFileSync(file, does);
  return file;
};

describe('large bodies', () => {
  const reader = open();

  test.each([
    ['a DAG of many portions', chainOf(9_000)],
    ['what is no JSON', Buffer.from('{"dagName": "x", "tasks": [}')],
    ['wrong fields', chainOf(100, { prioritee: 3 })],
    ['a graph that is none', chainOf(100, { dependencies: ['task-7', 'nobody'] })],
    ['nothing', bytesOf({ dagName: 'empty', tasks: [] })],
  ])('%s is read in the thread as it is here', async (_what, body) => {
    expect(await reader.read(body, identity)).toEqual(readHere(body));
    expect(body.length).toBeGreaterThan(0);
  });

  test('the loop goes on while a body is read', async () => {
    const body = chainOf(100_000);
    await reader.read(chainOf(1), identity);
    const began = performance.now();
    readHere(body);
    const readMs = performance.now() - began;
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const reading = await reader.read(body, identity);
    delay.disable();
    expect(reading).toMatchObject({ kind: 'planned', dag: { tasks: { length: 100_000 } } });
    expect(delay.max / 1e6).toBeLessThan(readMs / 2);
  });

  test('beyond what may wait it is refused at once', async () => {
    const busy = open({ maxWaiting: 2 });
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => busy.read(chainOf(2), identity)));
    expect(ends.filter(({ status }) => status === 'rejected').map((end) => (end as PromiseRejectedResult).reason as unknown)).toEqual([
      expect.objectContaining({ code: 'OVERLOADED' }),
      expect.objectContaining({ code: 'OVERLOADED' }),
    ]);
  });

  test.each([
    ['says nothing', 'setInterval(() => {}, 1000)', 'OVERLOADED', 500],
    ['ends', "require('node:worker_threads').parentPort.on('message', () => process.exit())", 'OVERLOADED', 25_000],
    [
      'throws',
      "require('node:worker_threads').parentPort.on('message', () => { throw Object.assign(new Error('x'), { code: 'OF_ITS_OWN' }); })",
      'OF_ITS_OWN',
      25_000,
    ],
  ])('a thread that %s fails its body and is replaced', async (_what, does, code, timeoutMs) => {
    const broken = open({ threadFile: threadThat(does), timeoutMs });
    for (let again = 0; again < 2; again++) await expect(broken.read(chainOf(2), identity)).rejects.toMatchObject({ code });
  });

  test('a read under way ends with the reader', async () => {
    const stopped = open({ threadFile: threadThat('setInterval(() => {}, 1000)') });
    const read = expect(stopped.read(chainOf(2), identity)).rejects.toMatchObject({ code: 'OVERLOADED' });
    // One turn later the thread is there and was asked.
    await Promise.resolve();
    await stopped.stop();
    await read;
  });
});

test('portions put together are the DAG, and large payloads make them small', () => {
  const dag = plannedDag({}, []);
  const tasks = Array.from({ length: 50 }, (_, i) => plannedTask(`t${i}`, { payload: 'x'.repeat(200_000) }));
  const portions = [...portionsOf({ ...dag, tasks })];
  expect(portions.flatMap((portion) => portion.tasks)).toEqual(tasks);
  expect(portions.map(({ last }) => last)).toEqual([...Array.from({ length: portions.length - 1 }, () => false), true]);
  expect(Math.max(...portions.map((portion) => portion.tasks.length))).toBeLessThan(10);
});
