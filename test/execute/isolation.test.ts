/** Handlers in real threads and processes, as an executor runs them; only time is the test's. */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Dispatch, Failed } from '../../src/core/event';
import type * as PoolModule from '../../src/execute/isolation/pool';
import type * as RoomsModule from '../../src/execute/isolation/rooms';
import { compiled } from '../harness/compiled';
import { until } from '../harness/until';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, GRACE_MS, startBench } from './bench';

const home = compiled(['core', 'execute', 'lifecycle', 'ports']);
const load = (name: string): unknown => jest.requireActual(path.join(home, 'execute/isolation', name));
const { createPool } = load('pool.js') as typeof PoolModule;
const rooms = load('rooms.js') as typeof RoomsModule;

const file = path.join(__dirname, 'places.mjs');

// Jest ends a worker of its own that writes what V8 says of a full heap.
const onOutput = (): void => undefined;

const pools: PoolModule.Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const start = (isolation: 'thread' | 'process', { slots = 1, module = file } = {}) => {
  const pool = createPool({ places: slots });
  pools.push(pool);
  const open = (isolation === 'thread' ? rooms.threadRoom : rooms.processRoom)({ file: module, heapMb: 32, onOutput });
  const bench = startBench({ slots, limitBytes: 500, handlers: new Map([['API_CALL', pool.isolated(open)]]) });
  return {
    ...bench,
    does: (what: string, other: Partial<Dispatch> = {}) => bench.hand([dispatchOf(0, { payload: JSON.stringify({ does: what }), ...other })]),
    said: (line: string) => until(() => bench.logged.some(({ message }) => message === line), { what: `the handler to say "${line}"` }),
    end: async () => {
      await until(() => bench.reports.some(({ type }) => ['completed', 'failed', 'released', 'withdrawn'].includes(type)), { what: 'the end' });
      return bench.reports.at(-1)!;
    },
    later: async (ms: number) => {
      await bench.clock.advance(ms);
      bench.executor.tick();
      await turns();
    },
  };
};

describe.each(['thread', 'process'] as const)('in a %s', (isolation) => {
  test('a handler gets the whole context, and its result comes back', async () => {
    const bench = start(isolation);
    await bench.does('echo', { upstream: { a: '[1]' }, checkpoint: '{"line":3}', attempt: 2, tags: ['x'] });
    expect(await bench.end()).toMatchObject({ type: 'completed' });
    expect(JSON.parse((bench.reports[0] as { result: string }).result)).toEqual({
      task: { dagId: DAG, taskId: expect.any(String) as string, name: 't0', type: 'API_CALL', tags: ['x'], simulate: null },
      payload: { does: 'echo' },
      upstream: { a: [1] },
      restored: { line: 3 },
      attempt: 2,
      fence: '1',
    });
  });

  test('the time that its handler takes to be loaded is not that of a task', async () => {
    const bench = start(isolation, { module: path.join(__dirname, 'slowToLoad.mjs') });
    await bench.does('soon', { timeoutSeconds: 1, progressTimeoutSeconds: 1 });
    await bench.later(30_000);
    expect(await bench.end()).toMatchObject({ type: 'completed', result: '"loaded"' });
  });

  test('a handler that is never loaded is given up, as one that is called and goes on for ever', async () => {
    const bench = start(isolation, { module: path.join(__dirname, 'neverLoaded.mjs') });
    await bench.does('anything', { timeoutSeconds: 1 });
    await bench.later(60_000);
    await bench.later(999);
    expect(bench.types()).toEqual(['started']);
    await bench.later(1);
    await bench.later(GRACE_MS);
    expect(await bench.end()).toMatchObject({ type: 'failed', error: { kind: 'TIMEOUT', evidence: { end: 'by force' } } });
  });

  test('a place is kept for the next attempt', async () => {
    const bench = start(isolation);
    await bench.does('where');
    await bench.end();
    await bench.does('where', { task: 1 });
    await until(() => bench.reports.length === 2, { what: 'both to end' });
    const [first, second] = bench.reports.map((report) => (report as { result: string }).result);
    expect(first).toBe(second);
    expect((JSON.parse(first!) as { pid: number }).pid === process.pid).toBe(isolation === 'thread');
  });

  test('checkpoints, progress and log lines travel', async () => {
    const bench = start(isolation);
    await bench.does('keep');
    await until(() => bench.types().includes('checkpointed'), { what: 'the checkpoint' });
    await bench.later(1000);
    expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'progressed', fraction: 0.5, message: 'half' }));
    expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'checkpointed', sequence: 1, state: '{"line":7}' }));
    await bench.hand([], { acknowledged: [{ dispatch: { dag: DAG, task: 0, dispatch: 1 }, sequence: 1 }] });
    expect(await bench.end()).toMatchObject({ type: 'completed', result: '"kept"' });
    expect(bench.logged).toEqual([{ level: 'warn', message: 'kept', details: { line: 7 } }]);
  });

  test.each([
    ['throw', { retryable: false, error: { kind: 'HANDLER', name: 'TypeError', message: 'wrong', code: 'E_WRONG', retryAfterMs: 3000 } }],
    ['keep too much', { error: { kind: 'HANDLER', name: 'RangeError' } }],
    ['large', { retryable: false, error: { message: expect.stringContaining('bytes') as string } }],
    ['throw later', { error: { kind: 'HANDLER', message: 'nobody catches this', evidence: { exitCode: 1, signal: null } } }],
    ['reject later', { error: { kind: 'HANDLER', message: 'nobody awaits this' } }],
    ['leave', { retryable: true, error: { kind: 'KILLED', evidence: { exitCode: 7, signal: null } } }],
  ])('one that does "%s" fails so, and the slot is free', async (what, failure) => {
    const bench = start(isolation);
    await bench.does(what);
    expect(await bench.end()).toMatchObject({ type: 'failed', ...failure });
    await bench.does('where', { task: 1 });
    await until(() => bench.types().at(-1) === 'completed', { what: 'the next task to run' });
  });

  test.each([
    ['spin', 'spinning'],
    ['ignore', 'ignoring'],
  ])('one that does "%s" past its timeout is ended at the hard limit', async (what, line) => {
    const bench = start(isolation);
    await bench.does(what, { timeoutSeconds: 1 });
    await bench.said(line);
    await bench.later(1000);
    await bench.later(GRACE_MS - 1);
    expect(bench.types()).toEqual(['started']);
    await bench.later(1);
    const { error } = (await bench.end()) as Failed;
    expect(error).toMatchObject({ kind: 'TIMEOUT', evidence: { end: 'by force' } });
    expect(bench.finished).toEqual(['0#1']);
    await bench.does('where', { task: 1 });
    await until(() => bench.types().at(-1) === 'completed', { what: 'the next task to run' });
  });

  test.each([
    ['yield', 'withdrawn'],
    ['finish', 'completed'],
  ])('one that is revoked and does "%s" is %s', async (what, type) => {
    const bench = start(isolation);
    await bench.does(what);
    await bench.said('waiting');
    await bench.hand([], { revoked: [{ dag: DAG, task: 0, dispatch: 1 }] });
    expect(await bench.end()).toMatchObject({ type });
  });

  test('one that is revoked while its module is being loaded is never called', async () => {
    const bench = start(isolation);
    await bench.does('yield');
    await bench.hand([], { revoked: [{ dag: DAG, task: 0, dispatch: 1 }] });
    expect(await bench.end()).toMatchObject({ type: 'withdrawn' });
    expect(bench.logged).toEqual([]);
  });

  test('one that is revoked and spins is ended, and withdrawn', async () => {
    const bench = start(isolation);
    await bench.does('spin');
    await bench.said('spinning');
    await bench.hand([], { revoked: [{ dag: DAG, task: 0, dispatch: 1 }] });
    await bench.later(GRACE_MS);
    expect(await bench.end()).toEqual({ type: 'withdrawn', session: 's1', tasks: [{ dag: DAG, task: 0, dispatch: 1 }] });
  });

  test('one that spins when the session ends is ended and given back', async () => {
    const bench = start(isolation);
    await bench.does('spin');
    await bench.said('spinning');
    bench.executor.abandon('the session ended');
    await bench.later(200);
    expect(await bench.end()).toMatchObject({ type: 'released' });
  });

  test('closing ends every place with what runs in it', async () => {
    const bench = start(isolation, { slots: 2 });
    await bench.does('spin');
    await bench.does('ignore', { task: 1 });
    await bench.said('spinning');
    await bench.said('ignoring');
    await pools.splice(0)[0]!.close();
    await until(() => bench.types().length === 2, { what: 'both to be told' });
    expect(bench.reports).toMatchObject([{ error: { kind: 'KILLED' } }, { error: { kind: 'KILLED' } }]);
  });
});

// V8 can take the whole process along when a thread's heap is full: test/integration/userHandlers.test.ts has that in a worker of its own.
test('a process whose heap is full fails as OUT_OF_MEMORY', async () => {
  const bench = start('process');
  await bench.does('eat');
  expect(await bench.end()).toMatchObject({ type: 'failed', retryable: true, error: { kind: 'OUT_OF_MEMORY', evidence: { signal: 'SIGABRT' } } });
  expect(bench.logged.map(({ message }) => message).join()).toContain('heap out of memory');
});

test("what a process printed last is its call's, however busy the worker is when it comes", async () => {
  const busyUntil = (at: number): void => {
    while (performance.now() < at);
  };
  const bench = start('process');
  await bench.does('where');
  await bench.end();
  // The loop asks once what can be read: the neighbour's word and the line of the log. While it is busy with the former, the rest comes.
  const from = performance.now();
  const neighbour = spawn('sh', ['-c', 'sleep 0.15; echo now']);
  neighbour.stdout.once('data', () => {
    busyUntil(from + 1000);
  });
  await bench.does('print at the end', { task: 1 });
  busyUntil(from + 400);
  await until(() => bench.reports.length === 2, { what: 'the end' });
  expect(bench.logged.map(({ message }) => message)).toEqual(['soon over', 'last words']);
});

test('a process that is killed from outside leaves its signal as evidence', async () => {
  const bench = start('process');
  await bench.does('kill');
  expect(await bench.end()).toMatchObject({
    error: { kind: 'KILLED', message: expect.stringContaining('SIGKILL') as string, evidence: { signal: 'SIGKILL' } },
  });
});

test('what a handler has started ends with its process', async () => {
  const bench = start('process');
  await bench.does('start another', { timeoutSeconds: 1 });
  await bench.said('started');
  const { pid } = bench.logged[0]!.details as { pid: number };
  process.kill(pid, 0);
  await bench.later(1000);
  await bench.later(GRACE_MS);
  expect(await bench.end()).toMatchObject({ type: 'failed', error: { kind: 'TIMEOUT', evidence: { signal: 'SIGKILL' } } });
  const isGone = () => /^(Z.*)?$/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());
  await until(isGone, { what: 'what it started to end' });
});

test('there are never more places than slots: the one that is idle for longest makes room', async () => {
  const pool = createPool({ places: 1 });
  pools.push(pool);
  const isolated = () => pool.isolated(rooms.threadRoom({ file, heapMb: 32, onOutput }));
  const bench = startBench({
    slots: 1,
    handlers: new Map([
      ['API_CALL', isolated()],
      ['NOTIFICATION', isolated()],
    ]),
  });
  const payload = '{"does":"where"}';
  for (const [task, type] of ['API_CALL', 'NOTIFICATION', 'API_CALL'].entries()) {
    await bench.hand([dispatchOf(task, { type, payload })]);
    await until(() => bench.reports.length === task + 1, { what: `task ${task} to end` });
  }
  expect(bench.types()).toEqual(['completed', 'completed', 'completed']);
});

test('without files left for a process the attempt fails, and nothing else', () => {
  const script = path.join(__dirname, 'withoutFiles.cjs');
  const { stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -n 64; exec "$@"', 'bash', process.execPath, script, home], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([JSON.stringify([`crashed: spawn ${process.execPath} EMFILE`, 'exit']), '']);
});

test.each([
  ['a module that is not there', path.join(__dirname, 'nowhere.mjs'), 'Cannot find module'],
  ['a module without a handler', path.join(__dirname, '../../jest.config.js'), 'its default export must be an async function'],
])('%s is refused when its first place is opened', async (_what, wrong, words) => {
  const pool = createPool({ places: 1 });
  pools.push(pool);
  for (const room of [rooms.threadRoom, rooms.processRoom]) {
    await expect(pool.warm(room({ file: wrong, heapMb: 32, onOutput }))).rejects.toThrow(words);
  }
});
