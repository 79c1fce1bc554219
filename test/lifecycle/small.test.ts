import { EventEmitter } from 'node:events';
import { createEmitter } from '../../src/lifecycle/emitter';
import { rarely } from '../../src/lifecycle/rarely';
import { backoffMs, retrying } from '../../src/lifecycle/retry';
import { shutdownInTwoGears } from '../../src/lifecycle/shutdown';
import { firstAborted } from '../../src/lifecycle/timing';
import { systemClock } from '../../src/adapters/system/clock';
import type { Announce, Happenings, Listen } from '../../src/ports/happenings';
import { createVirtualClock, turns } from './virtualClock';

describe('the emitter', () => {
  test('a listener that throws disturbs neither the announcer nor the others', () => {
    const errors: unknown[] = [];
    const emitter = createEmitter<Happenings>((name, error) => errors.push([name, error]));
    const announce: Announce = emitter.announce;
    const listen: Listen = emitter.listen;
    const heard: number[] = [];
    const broken = new Error('listener');
    listen('report.sent', () => {
      throw broken;
    });
    listen('report.sent', (what) => heard.push(what.events));
    announce('report.sent', { events: 3, tookMs: 1 });
    announce('dispatch.failed', { count: 1, error: null });
    expect(heard).toEqual([3]);
    expect(errors).toEqual([['report.sent', broken]]);
  });
});

describe('retrying', () => {
  test('waits ever longer, never beyond the bounds, and answers the first success', async () => {
    const clock = createVirtualClock();
    let calls = 0;
    const done = retrying({ clock, attempts: 5, firstMs: 100, maxMs: 300 }, (attempt) => {
      calls = attempt;
      return attempt < 4 ? Promise.reject(new Error('not yet')) : Promise.resolve('there');
    });
    await clock.advance(100 + 200 + 300);
    await expect(done).resolves.toBe('there');
    expect(calls).toBe(4);
    const longest = { random: () => 0.999_999 };
    expect([1, 2, 3, 60].map((n) => Math.round(backoffMs({ clock: longest, firstMs: 100, maxMs: 300 }, n)))).toEqual([100, 200, 300, 300]);
    expect(backoffMs({ clock: { random: () => 0 }, firstMs: 100, maxMs: 300 }, 3)).toBe(0);
  });

  test('gives up on the last try, on what no retry helps, and on a signal', async () => {
    const clock = createVirtualClock();
    const failing = (): Promise<never> => Promise.reject(new Error('away'));
    const used = retrying({ clock, attempts: 2, firstMs: 10, maxMs: 10 }, failing);
    const stopped = new AbortController();
    const aborted = retrying({ clock, attempts: 100, firstMs: 1e9, maxMs: 1e9, signal: stopped.signal }, failing);
    const final = retrying({ clock, attempts: 100, firstMs: 1, maxMs: 1, retryable: () => false }, failing);
    const all = Promise.allSettled([used, aborted, final]);
    await clock.advance(10);
    stopped.abort();
    expect((await all).map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});

describe('what happens again and again', () => {
  test('is told at first and once in a while, with how often it was kept back', async () => {
    const clock = createVirtualClock();
    const tell = rarely(clock, 1_000);
    expect([tell('a'), tell('a'), tell('b'), tell('a')]).toEqual([0, undefined, 0, undefined]);
    await clock.advance(1_000);
    expect([tell('a'), tell('a'), tell('b')]).toEqual([2, undefined, 0]);
  });

  test('is told again rather than remembered without a bound', () => {
    const tell = rarely(createVirtualClock(), 1_000);
    tell('first');
    for (let i = 0; i < 1_000; i++) tell(`text ${i}`);
    expect(tell('first')).toBe(0);
  });
});

describe('shutdown', () => {
  const world = (stop: () => Promise<void>) => {
    const signals = new EventEmitter();
    const clock = createVirtualClock();
    const left: number[] = [];
    const steps: string[] = [];
    const shutdown = shutdownInTwoGears({
      signals,
      clock,
      graceMs: 1_000,
      stop,
      leave: (code) => left.push(code),
      onStep: (step) => steps.push(step),
    });
    return { signals, clock, left, steps, shutdown };
  };

  test('leaves with 0 after a clean stop, also when asked twice', async () => {
    const { signals, left, steps, shutdown } = world(() => Promise.resolve());
    signals.emit('SIGTERM');
    shutdown.request('again');
    await turns();
    expect(left).toEqual([0]);
    expect(steps).toEqual(['stopping', 'stopped']);
    shutdown.dispose();
    expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
  });

  test('a second signal leaves at once, whatever still runs', async () => {
    const { signals, left, steps } = world(() => new Promise(() => undefined));
    signals.emit('SIGTERM');
    signals.emit('SIGINT');
    signals.emit('SIGINT');
    await turns();
    expect(left).toEqual([130]);
    expect(steps).toEqual(['stopping', 'forced']);
  });

  test('a stop that fails or takes too long leaves with 1', async () => {
    const failed = world(() => Promise.reject(new Error('stuck')));
    failed.signals.emit('SIGINT');
    const late = world(() => new Promise(() => undefined));
    late.signals.emit('SIGTERM');
    await late.clock.advance(999);
    expect(late.left).toEqual([]);
    await late.clock.advance(1);
    expect([failed.left, late.left]).toEqual([[1], [1]]);
    expect([failed.steps[1], late.steps[1]]).toEqual(['failed', 'late']);
  });
});

test("the system's clock waits beyond what one of Node's timers can, and its waits can be cancelled", async () => {
  let early = false;
  const cancelLong = systemClock.after(2 ** 40, () => {
    early = true;
  });
  const cancelled = systemClock.after(0, () => {
    early = true;
  });
  cancelled();
  const before = systemClock.monotonic();
  await new Promise<void>((resolve) => {
    systemClock.after(5, resolve);
  });
  cancelLong();
  expect(early).toBe(false);
  expect(systemClock.monotonic() - before).toBeGreaterThan(3);
  expect(systemClock.now()).toBeGreaterThan(1_700_000_000_000);
  expect(systemClock.random()).toBeLessThan(1);
});

test('the wait for the first of several signals ends with any of them, also with one that is aborted already, and leaves no listener', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const listeners = jest.spyOn(one.signal, 'removeEventListener');
  const waiting = firstAborted([one.signal, other.signal]);
  other.abort('over');
  await waiting;
  expect(listeners).toHaveBeenCalledTimes(1);
  await firstAborted([one.signal, other.signal]);
});
