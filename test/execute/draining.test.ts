/** How an executor ends: what runs goes on for a while, and what has not begun is given back. */
import type { ClaimAnswer } from '../../src/ports/leases';
import { VITALS } from '../../src/ports/leases';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, gate, startBench } from './bench';

test('draining gives back what has not started and waits for what runs', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0), dispatchOf(1)]);
  let drained = false;
  void bench.executor.drain(10_000).then(() => {
    drained = true;
  });
  await turns();
  expect(bench.back).toEqual([{ dag: DAG, task: 1, dispatch: 1 }]);
  expect(bench.reports).toMatchObject([{ type: 'released', tasks: [{ task: 1 }] }]);
  expect([drained, Atomics.load(bench.vitals.cells, VITALS.draining)]).toEqual([false, 1]);
  await bench.calls[0]!.end();
  expect([drained, bench.reports.at(-1)?.type]).toEqual([true, 'completed']);
});

test('what comes in while it drains is given back unclaimed, what it has is not', async () => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  void bench.executor.drain(10_000);
  await bench.hand([dispatchOf(0), dispatchOf(1)]);
  await bench.hand([dispatchOf(2)], { session: 'another' });
  expect(bench.claimed.map(({ task }) => task)).toEqual([0]);
  expect(bench.reports).toEqual([{ type: 'released', session: 's1', leaving: true, tasks: [{ dag: DAG, task: 1, dispatch: 1 }] }]);
});

test('what does not end in time is aborted and given back before draining is over', async () => {
  const bench = startBench();
  const durable = gate<undefined>();
  await bench.hand([dispatchOf(0)]);
  bench.reportWith(() => durable.promise);
  let drained = false;
  void bench.executor.drain(500).then(() => {
    drained = true;
  });
  await bench.clock.advance(500);
  expect([bench.calls[0]?.context.signal.aborted, drained]).toEqual([true, false]);
  durable.open(undefined);
  await turns();
  expect([drained, bench.types()]).toEqual([true, ['released']]);
});

test.each(['drain', 'abandon'] as const)('a claim that is granted after %s starts no handler and is given back', async (end) => {
  const bench = startBench();
  const granted = gate<ClaimAnswer>();
  bench.answerWith(() => granted.promise);
  await bench.hand([dispatchOf(0)]);
  if (end === 'drain') void bench.executor.drain(1000);
  else bench.executor.abandon('the session ended');
  granted.open({ kind: 'granted', fence: '1' });
  await turns();
  expect([bench.names(), bench.back]).toEqual([[], [{ dag: DAG, task: 0, dispatch: 1 }]]);
});
