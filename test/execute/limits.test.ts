import { isEvent } from '../../src/core/decode';
import type { Handler } from '../../src/core/handler';
import { VITALS } from '../../src/ports/leases';
import { DAG } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { dispatchOf, GRACE_MS, startBench } from './bench';

type Bench = ReturnType<typeof startBench>;

const later = async (bench: Bench, ms: number): Promise<void> => {
  await bench.clock.advance(ms);
  bench.executor.tick();
  await turns();
};

describe('a handler without a sign of progress', () => {
  test('is timed out when its time is over, and not before', async () => {
    const bench = startBench();
    await bench.hand([dispatchOf(0, { progressTimeoutSeconds: 2 })]);
    await later(bench, 1999);
    expect(bench.types()).toEqual(['started']);
    await later(bench, 1);
    expect(bench.reports.at(-1)).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { kind: 'TIMEOUT', message: 'the handler told of no progress for 2 s' },
    });
  });

  test('gains time by progress, by a checkpoint, and as long as that is not durable', async () => {
    const bench = startBench();
    await bench.hand([dispatchOf(0, { progressTimeoutSeconds: 2 })]);
    const { context } = bench.calls[0]!;
    await later(bench, 1500);
    context.progress(0.1);
    await later(bench, 1500);
    void context.checkpoint(1);
    await later(bench, 10_000);
    expect(context.signal.aborted).toBe(false);
    await bench.hand([], { acknowledged: [{ dispatch: { dag: DAG, task: 0, dispatch: 1 }, sequence: 1 }] });
    await later(bench, 1999);
    expect(context.signal.aborted).toBe(false);
    await later(bench, 1);
    expect(context.signal.reason).toEqual({ kind: 'silent', seconds: 2 });
  });
});

/** Ignores its signal; `end` lets it return. */
const stubborn = () => {
  let end: () => void = () => undefined;
  const handler: Handler = () =>
    new Promise((resolve) => {
      end = () => {
        resolve('late');
      };
    });
  return {
    handlers: new Map([['API_CALL', handler]]),
    end: async () => {
      end();
      await turns();
    },
  };
};

describe('a handler that ignores its signal where it cannot be ended', () => {
  test('is told as timed out at the hard limit, and keeps its slot and its claim until it returns', async () => {
    const { handlers, end } = stubborn();
    const bench = startBench({ handlers });
    await bench.hand([dispatchOf(0, { timeoutSeconds: 1 })]);
    await later(bench, 1000);
    await bench.hand([dispatchOf(1)]);
    await later(bench, GRACE_MS - 1);
    expect(bench.types()).toEqual(['started']);
    await later(bench, 1);
    expect(bench.reports.at(-1)).toMatchObject({
      type: 'failed',
      task: 0,
      error: { kind: 'TIMEOUT', evidence: { end: expect.any(String) as string } },
    });
    expect(bench.happenings).toEqual(expect.arrayContaining(['execution.stuck', 'stuck']));
    expect([bench.executor.isStuck(), bench.finished, Atomics.load(bench.vitals.cells, VITALS.freeSlots)]).toEqual([true, [], 0]);
    await end();
    expect([bench.executor.isStuck(), bench.finished, bench.types()]).toEqual([false, ['0#1'], ['started', 'failed']]);
    await end();
    expect(bench.reports.at(-1)).toMatchObject({ type: 'completed', task: 1 });
  });

  test('does not keep a leaving worker waiting', async () => {
    const { handlers } = stubborn();
    const bench = startBench({ handlers });
    await bench.hand([dispatchOf(0, { timeoutSeconds: 1 })]);
    await later(bench, 1000);
    await later(bench, GRACE_MS);
    let drained = false;
    void bench.executor.drain(60_000).then(() => {
      drained = true;
    });
    await turns();
    expect(drained).toBe(true);
  });

  test('is not said to be stuck when it returns within its grace', async () => {
    const { handlers, end } = stubborn();
    const bench = startBench({ handlers });
    await bench.hand([dispatchOf(0, { timeoutSeconds: 1 })]);
    await later(bench, 1000);
    await end();
    await later(bench, GRACE_MS);
    expect([bench.happenings.includes('stuck'), bench.reports.at(-1)]).toMatchObject([false, { type: 'completed', result: '"late"' }]);
  });
});

describe('a task that was with a worker that died', () => {
  test('has its start durable before its handler is called', async () => {
    const bench = startBench();
    let durable: () => void = () => undefined;
    bench.reportWith(
      () =>
        new Promise((resolve) => {
          durable = resolve;
        }),
    );
    await bench.hand([dispatchOf(0, { suspect: true })]);
    expect(bench.names()).toEqual([]);
    durable();
    await turns();
    expect([bench.types(), bench.names()]).toEqual([['started'], ['t0']]);
  });

  test('is given back, its handler never called, when the session ends meanwhile', async () => {
    const bench = startBench();
    let durable: () => void = () => undefined;
    bench.reportWith(
      () =>
        new Promise((resolve) => {
          durable = resolve;
        }),
    );
    await bench.hand([dispatchOf(0, { suspect: true })]);
    bench.executor.abandon('the session ended');
    bench.reportWith(() => Promise.resolve());
    durable();
    await turns();
    expect([bench.names(), bench.types()]).toEqual([[], ['started', 'released']]);
  });
});

test.each([
  ['a code', { code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }],
  ['a numeric code', { code: 503 }, { code: '503' }],
  ['a wish in milliseconds', { retryAfterMs: 1500.4 }, { retryAfterMs: 1500 }],
  ['a wish in seconds', { retryAfterSeconds: 30 }, { retryAfterMs: 30_000 }],
  ['a wish for next year', { retryAfterSeconds: 31_536_000 }, { retryAfterMs: 604_800_000 }],
])('%s of a thrown error is carried', async (_what, fields, carried) => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  await bench.calls[0]!.fail(Object.assign(new Error('no'), fields));
  expect(bench.reports[0]).toMatchObject({ type: 'failed', retryable: true, error: { kind: 'HANDLER', message: 'no', ...carried } });
});

class OrderClosed extends Error {}
class Renamed extends Error {
  override readonly name = 'ByAnotherName';
}

test.each([
  [new Error('no'), 'Error'],
  [new TypeError('no'), 'TypeError'],
  [new OrderClosed('no'), 'OrderClosed'],
  [new Renamed('no'), 'ByAnotherName'],
  [new (class extends Error {})('no'), 'Error'],
  [Object.assign(Object.create(Error.prototype) as Error, { constructor: undefined, message: 'no' }), 'Error'],
])('of %o the name of its class is carried: %s', async (thrown, name) => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  await bench.calls[0]!.fail(thrown);
  expect(bench.reports[0]).toMatchObject({ type: 'failed', error: { kind: 'HANDLER', name, message: 'no' } });
});

const unreadable = {
  get message(): string {
    throw new Error('not you');
  },
};

test.each([
  ['nothing', undefined, 'undefined'],
  ['an object without a text', Object.create(null), 'what was thrown has no words'],
  ['an error whose message is none', Object.assign(new Error(), { message: { a: 1 }, name: 7, stack: [] }), '[object Object]'],
  ['an error that will not be read', Object.defineProperties(new Error(), Object.getOwnPropertyDescriptors(unreadable)), 'undefined'],
])('a handler may throw %s', async (_what, thrown, message) => {
  const bench = startBench();
  await bench.hand([dispatchOf(0)]);
  await bench.calls[0]!.fail(thrown as Error);
  expect(bench.reports).toMatchObject([{ type: 'failed', retryable: true, error: { kind: 'HANDLER', message } }]);
  expect(isEvent(bench.reports[0])).toBe(true);
});

test.each([{ code: {} }, { retryAfterMs: -1 }, { retryAfterMs: NaN }, { retryAfterSeconds: 'soon' }])(
  '%j of a thrown error is not carried',
  async (fields) => {
    const bench = startBench();
    await bench.hand([dispatchOf(0)]);
    await bench.calls[0]!.fail(Object.assign(new Error('no'), fields));
    expect((bench.reports[0] as { error: object }).error).not.toHaveProperty(Object.keys(fields)[0] === 'code' ? 'code' : 'retryAfterMs');
  },
);

test('the vitals say how long the main loop may stand still until a task in it is past its hard limit', async () => {
  const bench = startBench({ slots: 3 });
  const allowance = () => Atomics.load(bench.vitals.cells, VITALS.allowanceMs);
  await bench.hand([dispatchOf(0)]);
  expect(allowance()).toBe(0);
  await bench.hand([dispatchOf(1, { timeoutSeconds: 9 }), dispatchOf(2, { timeoutSeconds: 4 })]);
  expect(allowance()).toBe(4000 + GRACE_MS);
  await later(bench, 1000);
  expect(allowance()).toBe(3000 + GRACE_MS);
  await bench.calls.find(({ name }) => name === 't2')!.end();
  await later(bench, 1000);
  expect(allowance()).toBe(7000 + GRACE_MS);
});
