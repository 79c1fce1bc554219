import type { ClaimAnswer } from '../../src/ports/leases';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, startBench } from './bench';

const named = (task: number, dispatch = 1) => ({ dag: DAG, task, dispatch });
const withdrawn = (...tasks: number[]) => ({ type: 'withdrawn', session: 's1', tasks: tasks.map((task) => named(task)) });

test('what waits for a slot is dropped, its claim given back', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0), dispatchOf(1), dispatchOf(2)]);
  await bench.hand([], { revoked: [named(1), named(2)] });
  expect([bench.back, bench.reports]).toEqual([[named(1), named(2)], [withdrawn(1, 2)]]);
  await bench.calls[0]!.end();
  expect(bench.names()).toEqual(['t0']);
});

test('what runs gets its signal, and is withdrawn when its handler has thrown', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  await bench.hand([], { revoked: [named(0)] });
  expect(bench.calls[0]!.context.signal.reason).toEqual({ kind: 'revoked' });
  expect([bench.reports, bench.finished]).toEqual([[withdrawn(0)], ['0#1']]);
});

test('a result that was there before the handler noticed counts', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  const ending = bench.calls[0]!.end('done');
  await bench.hand([], { revoked: [named(0)] });
  await ending;
  expect(bench.reports[0]).toMatchObject({ type: 'completed', result: '"done"' });
});

test('what never came is answered, and not run when it comes late', async () => {
  const bench = startBench();
  await bench.hand([], { revoked: [named(0)] });
  expect(bench.reports).toEqual([withdrawn(0)]);
  await bench.hand([dispatchOf(0)]);
  expect([bench.claimed, bench.names()]).toEqual([[], []]);
  await bench.hand([dispatchOf(0, { dispatch: 2 })]);
  expect(bench.names()).toEqual(['t0']);
});

test('a revocation of another number leaves what runs alone', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0, { dispatch: 2 })]);
  await bench.hand([], { revoked: [named(0, 1)] });
  expect([bench.calls[0]!.context.signal.aborted, bench.reports]).toEqual([false, [withdrawn(0)]]);
});

test.each<ClaimAnswer>([{ kind: 'granted', fence: '1' }, { kind: 'stale' }, { kind: 'wait' }])(
  'what is being claimed is withdrawn when the claim is answered $kind',
  async (answer) => {
    const bench = startBench();
    let open: () => void = () => undefined;
    bench.answerWith(
      () =>
        new Promise((resolve) => {
          open = () => {
            resolve(answer);
          };
        }),
    );
    await bench.hand([dispatchOf(0)]);
    await bench.hand([], { revoked: [named(0)] });
    expect(bench.reports).toEqual([]);
    open();
    await turns();
    expect([bench.names(), bench.back, bench.reports]).toEqual([[], [named(0)], [withdrawn(0)]]);
  },
);

test('each repetition is answered', async () => {
  const bench = startBench();
  for (let i = 0; i < 3; i++) await bench.hand([], { revoked: [named(0)] });
  expect(bench.reports).toEqual([withdrawn(0), withdrawn(0), withdrawn(0)]);
});

test('a worker that drains answers, too', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  void bench.executor.drain(10_000);
  await bench.hand([], { revoked: [named(0), named(1)] });
  expect(bench.reports).toEqual(expect.arrayContaining([withdrawn(0), withdrawn(1)]));
});

test('what was revoked is withdrawn even where its claim cannot be given back', async () => {
  const bench = startBench();
  bench.releaseWith(() => Promise.reject(new Error('away')));
  await bench.hand([], { revoked: [named(0)] });
  expect(bench.reports).toEqual([withdrawn(0)]);
});

test('what is withdrawn can be claimed by nobody else any more, and what another worker has is for that one to answer', async () => {
  const bench = startBench();
  const asked: unknown[] = [];
  bench.floorWith((wanted) => {
    asked.push(wanted);
    return wanted.task === 0 ? { kind: 'raised' } : { kind: 'held', session: `s${String(wanted.task)}`, dispatch: 1 };
  });
  // The bench's own session is s1.
  await bench.hand([], { revoked: [named(0), named(1), named(2)] });
  expect(asked).toEqual([named(0), named(1), named(2)].map((each) => ({ ...each, dispatch: 2 })));
  expect(bench.reports).toMatchObject([{ type: 'withdrawn', tasks: [named(0), named(1)] }]);
});

test.each([
  ['another session', { session: 's2' }],
  ['an older epoch', { epoch: 4 }],
])('what %s revokes is not', async (_what, other) => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)], { epoch: 5 });
  await bench.hand([], { revoked: [named(0)], epoch: 5, ...other });
  expect([bench.calls[0]!.context.signal.aborted, bench.reports]).toEqual([false, []]);
});
