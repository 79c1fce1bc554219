import type { ClaimAnswer } from '../../src/ports/leases';
import { VITALS } from '../../src/ports/leases';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, gate, startBench } from './bench';

test('a task is claimed, run, reported and only then finished', async () => {
  const bench = startBench();
  const durable = gate<undefined>();
  bench.reportWith(() => durable.promise);
  await bench.hand([dispatchOf(0, { payload: '{"a":1}', upstream: { parent: '[2]' } })]);
  expect(bench.calls[0]?.context).toMatchObject({ payload: { a: 1 }, upstream: { parent: [2] }, attempt: 1, fence: 1n, restored: null });
  await bench.calls[0]!.end({ n: 1 });
  expect([bench.types(), bench.finished]).toEqual([[], []]);
  durable.open(undefined);
  await turns();
  expect(bench.reports[0]).toMatchObject({ type: 'completed', dag: DAG, task: 0, dispatch: 1, fence: '1', session: 's1', result: '{"n":1}' });
  expect(bench.finished).toEqual(['0#1']);
});

test('the same message twice runs once: while it runs, and after it', async () => {
  const bench = startBench({ slots: 2 });
  await bench.hand([dispatchOf(0), dispatchOf(0)]);
  await bench.hand([dispatchOf(0)]);
  expect(bench.names()).toEqual(['t0']);
  await bench.calls[0]!.end();
  await bench.hand([dispatchOf(0)]);
  expect([bench.names(), bench.claimed.length]).toEqual([['t0'], 1]);
  await bench.hand([dispatchOf(0, { dispatch: 2 })]);
  expect(bench.names()).toEqual(['t0', 't0']);
});

test('what matters most runs before the claims of the many that came with it are answered', async () => {
  const bench = startBench({ slots: 2 });
  const others = gate<ClaimAnswer>();
  bench.answerWith(({ task }) => (task === 99 ? { kind: 'granted', fence: '1' } : others.promise));
  await bench.hand(Array.from({ length: 100 }, (_, task) => dispatchOf(task, { priority: task === 99 ? 9 : 0 })));
  expect(bench.claimed.map(({ task }) => task)).toEqual([99, ...Array(99).keys()]);
  expect(bench.names()).toEqual(['t99']);
  others.open({ kind: 'granted', fence: '2' });
  await turns();
  expect(bench.names()).toEqual(['t99', 't0']);
});

test('a later number that is refused makes nobody forget the earlier one, which runs', async () => {
  const bench = startBench({ slots: 2 });
  await bench.hand([dispatchOf(0)]);
  bench.answerWith(() => ({ kind: 'held', session: 's1', dispatch: 1 }));
  await bench.hand([dispatchOf(0, { dispatch: 2 })]);
  bench.answerWith(() => ({ kind: 'granted', fence: '1' }));
  await bench.hand([dispatchOf(0)]);
  expect(bench.names()).toEqual(['t0']);
});

test.each([
  ['another session', { session: 's2' }],
  ['an older epoch', { epoch: 4 }],
  ['a minute ago', { sentAt: 1_700_000_000_000 - 60_001 }],
])('what is meant for, or comes from, %s is dropped unclaimed', async (_what, other) => {
  const bench = startBench();
  await bench.hand([dispatchOf(9)], { epoch: 5 });
  await bench.hand([dispatchOf(0)], { epoch: 5, ...other });
  expect(bench.claimed).toHaveLength(1);
});

test('an epoch counts for its own shard only', async () => {
  const bench = startBench();
  await bench.hand([], { epoch: 5, shard: 0 });
  await bench.hand([dispatchOf(0)], { epoch: 1, shard: 1 });
  expect(bench.claimed).toHaveLength(1);
});

test('a number that is over is given back: where its report went with its topic, nobody else would tell', async () => {
  const bench = startBench();
  bench.answerWith(() => ({ kind: 'stale' }));
  await bench.hand([dispatchOf(0)]);
  expect([bench.names(), bench.reports]).toEqual([[], [{ type: 'released', session: 's1', tasks: [{ dag: DAG, task: 0, dispatch: 1 }] }]]);
});

test.each<ClaimAnswer>([{ kind: 'held', session: 's2', dispatch: 1 }, { kind: 'ended' }])('a claim answered $kind runs nothing', async (answer) => {
  const bench = startBench();
  bench.answerWith(() => answer);
  await bench.hand([dispatchOf(0)]);
  expect([bench.names(), bench.types()]).toEqual([[], []]);
});

test('a task whose slot is another’s by now goes back to its scheduler, and what comes of it again is known', async () => {
  const bench = startBench();
  const slots = [{ key: 'pool:db', max: 1 }];
  bench.answerWith(({ task }) => (task === 0 ? { kind: 'full', key: 'pool:db' } : { kind: 'granted', fence: '7' }));
  for (let i = 0; i < 2; i++) await bench.hand([dispatchOf(0, { slots }), dispatchOf(1, { slots })]);
  expect(bench.claimed).toEqual([0, 1].map((task) => ({ dag: DAG, task, dispatch: 1, slots })));
  expect(bench.reports).toEqual([{ type: 'released', session: 's1', tasks: [{ dag: DAG, task: 0, dispatch: 1 }] }]);
  expect(bench.names()).toEqual(['t1']);
  // Its slots are said again with its claim.
  expect(bench.executor.holds()).toEqual([{ dag: DAG, task: 1, dispatch: 1, slots, fence: '7' }]);
});

test('while the leases say wait, they are asked again', async () => {
  const bench = startBench();
  bench.answerWith(() => ({ kind: 'wait' }));
  await bench.hand([dispatchOf(0)]);
  bench.answerWith(() => ({ kind: 'granted', fence: '7' }));
  await bench.clock.advance(200);
  expect(bench.names()).toEqual(['t0']);
});

test('a free slot takes the most important of what is held, and the first of those', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0), dispatchOf(1, { priority: 3 }), dispatchOf(2, { priority: 9 }), dispatchOf(3, { priority: 9 })]);
  for (let i = 0; i < 4; i++) await bench.calls[i]!.end();
  expect(bench.names()).toEqual(['t2', 't3', 't0', 't1']);
  expect(Atomics.load(bench.vitals.cells, VITALS.freeSlots)).toBe(1);
});

test('a task that takes too long is aborted and fails as TIMEOUT', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0, { timeoutSeconds: 2 })]);
  await bench.clock.advance(1999);
  bench.executor.tick();
  await turns();
  expect(bench.types()).toEqual(['started']);
  await bench.clock.advance(1);
  bench.executor.tick();
  await turns();
  expect(bench.reports.at(-1)).toMatchObject({ type: 'failed', retryable: true, error: { kind: 'TIMEOUT' } });
});

test.each([
  ['too large', 'x'.repeat(1000), 'bytes'],
  ['no JSON', 1n, 'no JSON'],
])('a result that is %s fails for good', async (_what, result, words) => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  await bench.calls[0]!.end(result);
  expect(bench.reports[0]).toMatchObject({ type: 'failed', retryable: false, error: { message: expect.stringContaining(words) as string } });
});

test('a thrown error is reported with its class, and says whether another try helps', async () => {
  const bench = startBench({ slots: 2 });
  await bench.hand([dispatchOf(0), dispatchOf(1)]);
  await bench.calls[0]!.fail(new TypeError('wrong'));
  await bench.calls[1]!.fail(Object.assign(new Error('never'), { retryable: false }));
  expect(bench.reports).toMatchObject([{ retryable: true, error: { kind: 'HANDLER', name: 'TypeError', message: 'wrong' } }, { retryable: false }]);
});

test('everything that was granted is held: what runs and what waits for a slot', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0), dispatchOf(1)]);
  expect(bench.executor.holds()).toMatchObject([
    { task: 0, fence: '1' },
    { task: 1, fence: '1' },
  ]);
});

test('where reports wait to be durable, no further handler starts beyond the limit', async () => {
  const bench = startBench({ slots: 20 });
  const durable = gate<undefined>();
  bench.reportWith(() => durable.promise);
  for (let task = 0; task < 10; task++) {
    await bench.hand([dispatchOf(task)]);
    await bench.calls[task]!.end();
  }
  await bench.hand([dispatchOf(10)]);
  expect(bench.calls).toHaveLength(10);
  durable.open(undefined);
  await turns();
  expect(bench.calls).toHaveLength(11);
});

test('a checkpoint resolves when it is acknowledged, and is told again while it is not', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  let kept = false;
  void bench.calls[0]!.context.checkpoint({ row: 7 }).then(() => {
    kept = true;
  });
  await turns();
  expect(bench.reports).toMatchObject([{ type: 'checkpointed', sequence: 1, state: '{"row":7}' }]);
  await bench.clock.advance(2000);
  bench.executor.tick();
  await turns();
  expect([bench.types().filter((type) => type === 'checkpointed').length, kept]).toEqual([2, false]);
  await bench.hand([], { acknowledged: [{ dispatch: { dag: DAG, task: 0, dispatch: 1 }, sequence: 1 }] });
  expect(kept).toBe(true);
});

test('nobody waits for a checkpoint of an attempt that was given up', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  const { context } = bench.calls[0]!;
  const open = context.checkpoint(1);
  bench.executor.abandon('the session ended');
  await expect(open).rejects.toThrow('the attempt is over');
  await turns();
  await expect(context.checkpoint(2)).rejects.toThrow('the attempt is over');
});

test('a checkpoint too large for the log is refused where it is made', async () => {
  const bench = startBench({ limitBytes: 100 });
  await bench.hand([dispatchOf(0)]);
  await expect(bench.calls[0]!.context.checkpoint('x'.repeat(101))).rejects.toThrow('bytes');
  expect(bench.types()).toEqual([]);
});

test('progress leaves at most once a second, the newest of it', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  for (let i = 1; i <= 20; i++) {
    bench.calls[0]!.context.progress(i / 20, 'on');
    bench.calls[0]!.context.progress(NaN);
    bench.executor.tick();
    await bench.clock.advance(100);
  }
  const told = bench.reports.filter(({ type }) => type === 'progressed');
  expect(told).toMatchObject([{ fraction: 0.05 }, { fraction: 0.55 }]);
});

test('inputs that did not travel are fetched', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0, { inputs: 'fetch' })]);
  expect(bench.calls[0]?.context.payload).toBe('fetched');
});

test('a type without a handler fails for good', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0, { type: 'NOTIFICATION' })]);
  expect(bench.reports[0]).toMatchObject({ type: 'failed', retryable: false });
});

test('a handler is not called once the lease is over by the own clock, though nobody has said so yet', async () => {
  let leftMs = 1000;
  const bench = startBench({ leaseLeftMs: () => leftMs });
  await bench.hand([dispatchOf(0), dispatchOf(1)]);
  expect(bench.calls.map(({ name }) => name)).toEqual(['t0']);
  leftMs = 0;
  await bench.calls[0]!.end(null);
  await turns();
  expect(bench.calls).toHaveLength(1);
  expect(bench.types()).toContain('released');
});

test('what begins while the lease is about to end is told before its handler is called: the log keeps others off then', async () => {
  let leftMs = 1000;
  const bench = startBench({ slots: 2, leaseLeftMs: () => leftMs });
  await bench.hand([dispatchOf(0)]);
  leftMs = 500;
  await bench.hand([dispatchOf(1)]);
  expect(bench.reports).toMatchObject([{ type: 'started', task: 1 }]);
  expect(bench.calls).toHaveLength(2);
});

test('what is given back while the leases are away is told all the same', async () => {
  const bench = startBench({ leaseLeftMs: () => 0 });
  bench.releaseWith(() => Promise.reject(new Error('away')));
  await bench.hand([dispatchOf(0)]);
  await turns();
  expect([bench.calls.length, bench.types()]).toEqual([0, ['started', 'released']]);
  // Its claim is given up once they are back, or its slots would be taken as long as this session lives.
  await bench.clock.advance(1000);
  bench.releaseWith(() => Promise.resolve());
  expect(bench.back).toHaveLength(2);
  await bench.clock.advance(5000);
  expect(bench.back).toHaveLength(3);
  expect(bench.types()).toEqual(['started', 'released']);
});

test('what waits while no slot comes free for a second is given back, and what comes again after twice as long', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0), dispatchOf(1), dispatchOf(2)]);
  const pass = async (ms: number): Promise<void> => {
    await bench.clock.advance(ms);
    bench.executor.tick();
    await turns();
  };
  await pass(900);
  expect(bench.back).toEqual([]);
  await pass(200);
  expect(bench.back.map(({ task }) => task)).toEqual([1, 2]);
  expect(bench.types().filter((type) => type === 'released')).toHaveLength(2);
  await bench.hand([dispatchOf(1, { dispatch: 2 })]);
  await pass(1500);
  expect(bench.back).toHaveLength(2);
  await pass(600);
  expect(bench.back).toHaveLength(3);
  // Who has given a slot away since is patient anew.
  await bench.hand([dispatchOf(2, { dispatch: 2 })]);
  await bench.calls[0]!.end();
  expect(bench.names()).toEqual(['t0', 't2']);
  await bench.hand([dispatchOf(1, { dispatch: 3 })]);
  await pass(900);
  expect(bench.back).toHaveLength(3);
  await pass(200);
  expect(bench.back).toHaveLength(4);
});
