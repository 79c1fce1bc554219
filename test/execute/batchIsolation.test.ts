/** Batches in real threads and processes, as an executor runs them; only time is the test's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Dispatch } from '../../src/core/event';
import type * as PoolModule from '../../src/execute/isolation/pool';
import type * as RoomsModule from '../../src/execute/isolation/rooms';
import { atEnd } from '../harness/cleanup';
import { compiled } from '../harness/compiled';
import { until } from '../harness/until';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, GRACE_MS, startBench } from './bench';

const home = compiled(['core', 'execute', 'lifecycle', 'ports']);
const load = (name: string): unknown => jest.requireActual(path.join(home, 'execute/isolation', name));
const { createPool } = load('pool.js') as typeof PoolModule;
const rooms = load('rooms.js') as typeof RoomsModule;

const file = path.join(__dirname, 'batchPlaces.mjs');
const onOutput = (): void => undefined;

const pools: PoolModule.Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const roomOf = (isolation: 'thread' | 'process', module: string) =>
  (isolation === 'thread' ? rooms.threadRoom : rooms.processRoom)({ file: module, heapMb: 32, onOutput });

const start = async (isolation: 'thread' | 'process') => {
  const pool = createPool({ places: 1 });
  pools.push(pool);
  const open = roomOf(isolation, file);
  const batch = await pool.warm(open);
  const bench = startBench({ slots: 1, handlers: new Map([['ROW', pool.isolated(open, batch)]]) });
  const row = (task: number, payload: object, other: Partial<Dispatch> = {}): Dispatch =>
    dispatchOf(task, { type: 'ROW', payload: JSON.stringify(payload), ...other });
  const ends = () => bench.reports.filter(({ type }) => ['completed', 'failed', 'released', 'withdrawn'].includes(type));
  return {
    ...bench,
    batch,
    ends,
    does: (...whats: readonly (readonly [string, Partial<Dispatch>?])[]) => bench.hand(whats.map(([does, other], i) => row(i, { does }, other))),
    row,
    said: (line: string) => until(() => bench.logged.some(({ message }) => message === line), { what: `the handler to say "${line}"` }),
    untilEnded: async (count: number) => {
      await until(() => ends().length === count, { what: `${count} tasks to end` });
      return ends();
    },
    later: async (ms: number) => {
      await bench.clock.advance(ms);
      bench.executor.tick();
      await turns();
    },
  };
};

describe.each(['thread', 'process'] as const)('in a %s', (isolation) => {
  test('each task gets its context and ends for itself', async () => {
    const bench = await start(isolation);
    expect(bench.batch).toEqual({ maxSize: 4, maxWaitMs: 20 });
    await bench.does(['echo'], ['throw'], ['echo']);
    expect(await bench.untilEnded(3)).toMatchObject([
      { type: 'completed', task: 0, result: JSON.stringify({ payload: { does: 'echo' }, fence: '1', name: 't0' }) },
      { type: 'failed', task: 1, retryable: false, error: { name: 'TypeError', message: 'wrong', code: 'E_WRONG' } },
      { type: 'completed', task: 2, result: JSON.stringify({ payload: { does: 'echo' }, fence: '1', name: 't2' }) },
    ]);
    expect(bench.happenings.filter((name) => name === 'batch.called')).toHaveLength(1);
  });

  test('checkpoints, progress and log lines are those of their task', async () => {
    const bench = await start(isolation);
    await bench.does(['echo'], ['keep'], ['keep']);
    await until(() => bench.types().filter((type) => type === 'checkpointed').length === 2, { what: 'the checkpoints' });
    await bench.later(1000);
    for (const task of [1, 2]) {
      expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'checkpointed', task, state: `{"line":"t${String(task)}"}` }));
      expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'progressed', task, message: `t${String(task)}` }));
      await bench.hand([], { acknowledged: [{ dispatch: { dag: DAG, task, dispatch: 1 }, sequence: 1 }] });
    }
    const ends = await bench.untilEnded(3);
    expect(ends.slice(1)).toMatchObject([{ result: '"t1 kept"' }, { result: '"t2 kept"' }]);
    expect(bench.logged.map(({ details }) => details)).toEqual([{ line: 't1' }, { line: 't2' }]);
  });

  test('a call that throws fails all of them', async () => {
    const bench = await start(isolation);
    await bench.hand([bench.row(0, { whole: 'no connection' }), bench.row(1, { does: 'echo' })]);
    const error = { kind: 'HANDLER', message: 'the whole batch of 2 tasks failed: no connection' };
    expect(await bench.untilEnded(2)).toMatchObject([{ error }, { error }]);
  });

  test('a cancel reaches its task alone', async () => {
    const bench = await start(isolation);
    await bench.does(['echo'], ['yield'], ['yield']);
    await bench.said('waiting');
    await bench.hand([], { revoked: [1, 2].map((task) => ({ dag: DAG, task, dispatch: 1 })) });
    expect(await bench.untilEnded(3)).toMatchObject([
      { type: 'completed', task: 0 },
      { type: 'withdrawn', tasks: [{ task: 1 }] },
      { type: 'withdrawn', tasks: [{ task: 2 }] },
    ]);
  });

  test('one that is cancelled before the call is never called', async () => {
    const bench = await start(isolation);
    let open: () => void = () => undefined;
    bench.reportWith(() => new Promise((resolve) => (open = resolve)));
    await bench.does(['echo'], ['yield', { suspect: true, deaths: 1 }]);
    await bench.hand([], { revoked: [{ dag: DAG, task: 1, dispatch: 1 }] });
    bench.reportWith(() => Promise.resolve());
    open();
    expect(await bench.untilEnded(2)).toMatchObject([{ type: 'completed', task: 0 }, { type: 'withdrawn' }]);
    expect(bench.logged).toEqual([]);
  });

  test('one that ignores its signal is ended with its place, and the others are given back', async () => {
    const bench = await start(isolation);
    await bench.does(['ignore', { timeoutSeconds: 1 }], ['echo'], ['echo']);
    await bench.said('ignoring');
    await bench.later(1000);
    await bench.later(GRACE_MS);
    const ends = await bench.untilEnded(3);
    expect(ends).toContainEqual(expect.objectContaining({ type: 'failed', task: 0, error: expect.objectContaining({ kind: 'TIMEOUT' }) as object }));
    expect(ends.filter(({ type }) => type === 'released')).toMatchObject([{ tasks: [{ task: 1 }] }, { tasks: [{ task: 2 }] }]);
    expect(bench.executor.isStuck()).toBe(false);
    await bench.hand([bench.row(1, { does: 'echo' }, { dispatch: 2 }), bench.row(2, { does: 'echo' }, { dispatch: 2 })]);
    expect((await bench.untilEnded(5)).slice(3)).toMatchObject([{ type: 'completed' }, { type: 'completed' }]);
  });

  test('a place that ends under a batch fails all of them, with its evidence', async () => {
    const bench = await start(isolation);
    await bench.does(['echo'], ['leave']);
    const error = { kind: 'KILLED', message: "the whole batch of 2 tasks failed: the handler's place ended with code 7", evidence: { exitCode: 7 } };
    expect(await bench.untilEnded(2)).toMatchObject([
      { task: 0, error },
      { task: 1, error },
    ]);
  });

  const warm = (text: string) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'batch-'));
    atEnd(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const module = path.join(folder, 'handler.cjs');
    writeFileSync(module, text);
    const pool = createPool({ places: 1 });
    pools.push(pool);
    return pool.warm(roomOf(isolation, module));
  };

  test.each([
    'exports.default = () => []; exports.batch = { maxSize: 7, maxWaitMs: 0 };',
    'module.exports = Object.assign(() => [], { batch: { maxSize: 7, maxWaitMs: 0 } });',
    'const made = { default: () => [], batch: { maxSize: 7, maxWaitMs: 0 } }; module.exports = made;',
  ])('a CommonJS module may say it, too: %s', async (text) => {
    expect(await warm(text)).toEqual({ maxSize: 7, maxWaitMs: 0 });
  });

  test('a module whose batch is wrong is refused when its first place is opened', async () => {
    await expect(warm('exports.default = () => []; exports.batch = { maxSize: 0, size: 1 };')).rejects.toThrow(
      'batch.size is unknown: there are maxSize and maxWaitMs; batch.maxSize must be a whole number from 1 to 10000, not 0; batch.maxWaitMs must',
    );
  });
});
