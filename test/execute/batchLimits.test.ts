/** What ends tasks of a batch one by one, and all of them: their own limits, draining, the end of the session and of the lease. */
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { startBatchBench } from './batchBench';
import { GRACE_MS } from './bench';

describe('the limits of one task of a batch', () => {
  test('a timeout fires its own signal alone, and it ends with the call, by that or by its result', async () => {
    const bench = startBatchBench();
    await bench.hand([...bench.rows(0, 1, { timeoutSeconds: 1 }), ...bench.rows(2, 2)]);
    await bench.later(1000);
    expect(bench.calls[0]!.contexts.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
    await bench.calls[0]!.answer([new Error('stopped'), 'done all the same', 'c']);
    expect(bench.reports.filter(({ type }) => type !== 'started')).toMatchObject([
      { type: 'failed', task: 0, error: { kind: 'TIMEOUT', message: 'the attempt took longer than its timeout of 1 s' } },
      { type: 'completed', task: 1 },
      { type: 'completed', task: 2 },
    ]);
  });

  test('whoever threw for all, it ends by its own signal where that had fired', async () => {
    const bench = startBatchBench();
    await bench.hand([...bench.rows(0, 0, { timeoutSeconds: 1 }), ...bench.rows(1, 1)]);
    await bench.later(1000);
    await bench.calls[0]!.fail(new Error('aborted'));
    expect(bench.reports.filter(({ type }) => type !== 'started')).toMatchObject([
      { type: 'failed', task: 0, error: { kind: 'TIMEOUT', message: 'the attempt took longer than its timeout of 1 s' } },
      { type: 'failed', task: 1, error: { kind: 'HANDLER', message: 'the whole batch of 2 tasks failed: aborted' } },
    ]);
  });

  test('past its hard limit it is told as timed out, once; the others end with the call, which keeps its slot', async () => {
    const bench = startBatchBench();
    await bench.hand([...bench.rows(0, 0, { timeoutSeconds: 1 }), ...bench.rows(1, 1)]);
    await bench.later(1000);
    await bench.later(GRACE_MS);
    expect(bench.reports.at(-1)).toMatchObject({
      type: 'failed',
      task: 0,
      error: { kind: 'TIMEOUT', evidence: { end: expect.any(String) as string } },
    });
    expect([bench.happenings.includes('stuck'), bench.executor.isStuck(), bench.finished, bench.shown()]).toEqual([true, true, [], [0, 2]]);
    await bench.calls[0]!.answer(['late', 'b']);
    expect(bench.ends().filter(([type]) => type !== 'started')).toEqual([
      ['failed', 0],
      ['completed', 1],
    ]);
    expect([bench.executor.isStuck(), bench.finished, bench.shown()]).toEqual([false, ['0#1', '1#1'], [1, 0]]);
  });

  test('a cancel fires its signal alone, or takes it out before the call', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 1));
    await bench.hand(bench.rows(2, 3));
    await bench.hand([], {
      revoked: [
        { dag: DAG, task: 1, dispatch: 1 },
        { dag: DAG, task: 2, dispatch: 1 },
      ],
    });
    expect(bench.calls[0]!.contexts.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    await bench.calls[0]!.answer(['a', new Error('stopped')]);
    expect(bench.reports).toMatchObject([
      { type: 'withdrawn', tasks: [{ task: 2 }] },
      { type: 'completed', task: 0 },
      { type: 'withdrawn', tasks: [{ task: 1 }] },
    ]);
    expect(bench.called()).toEqual(['t0 t1', 't3']);
  });

  test('checkpoints and progress are its own', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 1));
    bench.calls[0]!.contexts[1]!.progress(0.5, 'half');
    void bench.calls[0]!.contexts[1]!.checkpoint(7);
    await bench.later(1000);
    expect(bench.reports.filter(({ type }) => type !== 'started')).toMatchObject([
      { type: 'checkpointed', task: 1, state: '7' },
      { type: 'progressed', task: 1, fraction: 0.5 },
    ]);
  });
});

test('draining gives back what waits for company and lets the call end', async () => {
  const bench = startBatchBench({ slots: 2 });
  await bench.hand(bench.rows(0, 1));
  await bench.hand(bench.rows(2, 2));
  void bench.executor.drain(10_000);
  await turns();
  expect(bench.back).toEqual([{ dag: DAG, task: 2, dispatch: 1 }]);
  await bench.clock.advance(20);
  await bench.calls[0]!.answer(['a', 'b']);
  expect([bench.called(), bench.ends().slice(-2)]).toEqual([
    ['t0 t1'],
    [
      ['completed', 0],
      ['completed', 1],
    ],
  ]);
});

test('the end of the session fires every signal, and what did not end by itself is given back', async () => {
  const bench = startBatchBench();
  await bench.hand(bench.rows(0, 1));
  bench.executor.abandon('the session ended');
  await bench.calls[0]!.fail(new Error('aborted'));
  expect(bench.reports.map(({ type }) => type)).toEqual(['released', 'released']);
  expect(bench.back.map(({ task }) => task)).toEqual([0, 1]);
});

test('nothing of a batch is called once the lease is over', async () => {
  let left = 1600;
  const bench = startBatchBench({ leaseLeftMs: () => left });
  await bench.hand(bench.rows(0, 0));
  await bench.hand(bench.rows(1, 2));
  left = 0;
  await bench.calls[0]!.answer(['a']);
  expect([bench.called(), bench.back.map(({ task }) => task)]).toEqual([['t0'], [1, 2]]);
});
