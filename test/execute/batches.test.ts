/** Many tasks in one call: what a batch handler gets, when it is called, and how each of its tasks ends. */
import { turns } from '../lifecycle/virtualClock';
import { startBatchBench } from './batchBench';
import { dispatchOf } from './bench';

test('tasks that come together are one call in one slot, each with a context, a claim and a report of its own', async () => {
  const bench = startBatchBench({ slots: 2 });
  await bench.hand([
    dispatchOf(0, { type: 'ROW', payload: '{"a":1}', upstream: { parent: '[2]', ['__proto__']: '{"approved":true}' } }),
    dispatchOf(1, { type: 'ROW', payload: '{"a":2}', checkpoint: '3' }),
  ]);
  expect(bench.called()).toEqual(['t0 t1']);
  expect(bench.calls[0]!.contexts).toMatchObject([
    { payload: { a: 1 }, upstream: { parent: [2] }, restored: null, attempt: 1, fence: 1n },
    { payload: { a: 2 }, upstream: {}, restored: 3, attempt: 1, fence: 1n },
  ]);
  const { upstream } = bench.calls[0]!.contexts[0]!;
  expect([Object.keys(upstream), 'approved' in upstream]).toEqual([['parent', '__proto__'], false]);
  expect(bench.shown()).toEqual([1, 2]);
  await bench.calls[0]!.answer([{ n: 1 }, undefined]);
  expect(bench.reports).toMatchObject([
    { type: 'completed', task: 0, result: '{"n":1}', fence: '1' },
    { type: 'completed', task: 1, result: null },
  ]);
  expect([bench.finished, bench.shown()]).toEqual([
    ['0#1', '1#1'],
    [2, 0],
  ]);
  expect(bench.happenings.filter((name) => name === 'batch.called')).toHaveLength(1);
});

test('a handler without batches is called for each task, also beside one with them', async () => {
  const bench = startBatchBench({ slots: 3 });
  await bench.hand([dispatchOf(0), dispatchOf(1), ...bench.rows(2, 3)]);
  expect(bench.called()).toEqual(['t2 t3']);
  expect(bench.reports).toMatchObject([{ result: '"single t0"' }, { result: '"single t1"' }]);
});

describe('one bad task fails alone', () => {
  test('by an Error in its place, or by a promise that rejects', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 3));
    const wrong = Object.assign(new TypeError('wrong'), { code: 'E_WRONG', retryable: false });
    await bench.calls[0]!.answer(['a', wrong, Promise.reject(new RangeError('later')), Promise.resolve('d')]);
    expect(bench.reports).toMatchObject([
      { type: 'completed', task: 0, result: '"a"' },
      { type: 'failed', task: 1, retryable: false, error: { kind: 'HANDLER', name: 'TypeError', message: 'wrong', code: 'E_WRONG' } },
      { type: 'failed', task: 2, retryable: true, error: { name: 'RangeError', message: 'later' } },
      { type: 'completed', task: 3, result: '"d"' },
    ]);
    expect(bench.finished).toHaveLength(4);
  });

  test('by a result that is too large', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 1));
    await bench.calls[0]!.answer(['x'.repeat(1000), 'b']);
    expect(bench.ends()).toEqual([
      ['failed', 0],
      ['completed', 1],
    ]);
  });

  test('and is tried again by itself, as is one that two workers died of', async () => {
    const bench = startBatchBench({ slots: 5 });
    const lost = { suspect: true };
    const bad = [bench.rows(2, 2, { attempt: 2 }), bench.rows(3, 3, { ...lost, deaths: 2 }), bench.rows(4, 4, lost)].flat();
    await bench.hand([...bench.rows(0, 1), ...bad]);
    expect(bench.called().sort()).toEqual(['t0 t1', 't2', 't3', 't4']);
  });

  test('and after the first death of a worker none is taken for the bad one, but each is known to run before the call', async () => {
    const bench = startBatchBench();
    let open: () => void = () => undefined;
    bench.reportWith(() => new Promise((resolve) => (open = resolve)));
    await bench.hand([...bench.rows(0, 0), ...bench.rows(1, 1, { suspect: true, deaths: 1 })]);
    expect(bench.called()).toEqual([]);
    open();
    await turns();
    expect([bench.called(), bench.ends()]).toEqual([['t0 t1'], [['started', 1]]]);
  });

  test('and nobody waits for inputs that have to be fetched for another', async () => {
    const bench = startBatchBench({ slots: 2 });
    await bench.hand([...bench.rows(0, 1), ...bench.rows(2, 2, { inputs: 'fetch' })]);
    expect(bench.called()).toEqual(['t0 t1', 't2']);
    expect(bench.calls[1]!.contexts[0]!.payload).toBe('fetched');
  });
});

describe('a call that fails fails each of its tasks, and says that it was the whole batch', () => {
  const whole = 'the whole batch of 3 tasks failed: ';
  const form = `${whole}a batch handler must return an array with one entry for each of its 3 tasks: a result, an Error, or a promise of either; it returned `;

  test('with what it threw', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 2));
    await bench.calls[0]!.fail(Object.assign(new TypeError('no connection'), { code: 'E_AWAY', retryAfterMs: 3000 }));
    const error = { kind: 'HANDLER', name: 'TypeError', message: `${whole}no connection`, code: 'E_AWAY', retryAfterMs: 3000 };
    expect(bench.reports).toMatchObject([0, 1, 2].map((task) => ({ type: 'failed', task, retryable: true, error })));
  });

  test.each([
    ['no array', { length: 3 }, 'a value of type object'],
    ['nothing', undefined, 'a value of type undefined'],
    ['too few entries', ['a', 'b'], '2 entries'],
    ['too many entries', ['a', 'b', 'c', 'd'], '4 entries'],
    [
      'what Promise.allSettled gives',
      [{ status: 'fulfilled', value: 1 }, { status: 'rejected', reason: new Error('x') }, 3],
      'what Promise.allSettled gives: return the promises themselves',
    ],
  ])('with the form of an answer, where it returns %s', async (_what, answer, words) => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 2));
    await bench.calls[0]!.answer(answer);
    expect(bench.reports).toMatchObject([0, 1, 2].map((task) => ({ type: 'failed', task, retryable: true, error: { message: form + words } })));
  });

  test('a task that was by itself has the error for itself', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 0));
    await bench.calls[0]!.fail(new Error('wrong'));
    expect(bench.reports).toMatchObject([{ type: 'failed', error: { message: 'wrong' } }]);
  });
});

describe('when a batch is called', () => {
  test('at once while no handler of its type is at work, and with what has gathered when that one ends', async () => {
    const bench = startBatchBench({ slots: 2 });
    await bench.hand(bench.rows(0, 0));
    await bench.hand(bench.rows(1, 1));
    await bench.hand(bench.rows(2, 2));
    expect([bench.called(), bench.shown()]).toEqual([['t0'], [0, 3]]);
    await bench.calls[0]!.answer(['a']);
    expect([bench.called(), bench.shown()]).toEqual([
      ['t0', 't1 t2'],
      [1, 2],
    ]);
  });

  test('beside one that is at work, when the first has waited long enough', async () => {
    const bench = startBatchBench({ slots: 2 });
    await bench.hand(bench.rows(0, 0));
    await bench.hand(bench.rows(1, 1));
    await bench.clock.advance(10);
    await bench.hand(bench.rows(2, 2));
    await bench.clock.advance(9);
    expect(bench.called()).toEqual(['t0']);
    await bench.clock.advance(1);
    expect(bench.called()).toEqual(['t0', 't1 t2']);
  });

  test('beside one that is at work, when as many are there as one call takes', async () => {
    const bench = startBatchBench({ slots: 3 });
    await bench.hand(bench.rows(0, 0));
    await bench.hand(bench.rows(1, 3));
    expect(bench.called()).toEqual(['t0']);
    await bench.hand(bench.rows(4, 4));
    expect(bench.called()).toEqual(['t0', 't1 t2 t3 t4']);
    await bench.hand(bench.rows(5, 5));
    await bench.clock.advance(20);
    expect(bench.called()).toEqual(['t0', 't1 t2 t3 t4', 't5']);
  });

  test('not for the end of one of several that are at work', async () => {
    const bench = startBatchBench({ slots: 3 });
    await bench.hand(bench.rows(0, 3));
    await bench.hand(bench.rows(4, 7));
    await bench.hand(bench.rows(8, 8));
    await bench.calls[0]!.answer(['a', 'b', 'c', 'd']);
    expect(bench.called()).toEqual(['t0 t1 t2 t3', 't4 t5 t6 t7']);
    await bench.calls[1]!.answer(['a', 'b', 'c', 'd']);
    expect(bench.called().slice(2)).toEqual(['t8']);
  });

  test('without any wait where it asks for none', async () => {
    const bench = startBatchBench({ slots: 3, batch: { maxSize: 4, maxWaitMs: 0 } });
    await bench.hand(bench.rows(0, 0));
    await bench.hand(bench.rows(1, 1));
    expect(bench.called()).toEqual(['t0', 't1']);
  });

  test('the most important first, within and across calls', async () => {
    const bench = startBatchBench();
    await bench.hand(bench.rows(0, 0));
    await bench.hand([...bench.rows(1, 2, { priority: 1 }), ...bench.rows(3, 5, { priority: 9 }), ...bench.rows(6, 6)]);
    await bench.calls[0]!.answer(['a']);
    await bench.calls[1]!.answer(['a', 'b', 'c', 'd']);
    expect(bench.called()).toEqual(['t0', 't3 t4 t5 t6', 't1 t2']);
  });

  test('at once rather than that something less important takes the slot, and later rather than before an equal', async () => {
    const busy = startBatchBench({ slots: 2 });
    await busy.hand(busy.rows(0, 0));
    await busy.hand([dispatchOf(1, { priority: 3 }), ...busy.rows(2, 2)]);
    expect([busy.called(), busy.types()]).toEqual([['t0', 't2'], []]);
    const equal = startBatchBench({ slots: 2 });
    await equal.hand(equal.rows(0, 0));
    await equal.hand([...equal.rows(1, 1), dispatchOf(2)]);
    expect([equal.called(), equal.ends()]).toEqual([['t0'], [['completed', 2]]]);
  });

  test('once, where a message comes twice', async () => {
    const bench = startBatchBench({ slots: 2 });
    await bench.hand([...bench.rows(0, 1), ...bench.rows(0, 1)]);
    await bench.hand(bench.rows(0, 1));
    await bench.clock.advance(20);
    expect(bench.called()).toEqual(['t0 t1']);
  });
});
