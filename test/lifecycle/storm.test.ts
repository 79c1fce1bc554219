import { every } from '../../src/lifecycle/every';
import type { Service } from '../../src/lifecycle/service';
import { together } from '../../src/lifecycle/together';
import { createVirtualClock } from './virtualClock';

/** 500 starts and stops, most of them not awaited, then one last stop. */
const storm = async (service: Service, random: () => number): Promise<void> => {
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 500; i++) {
    const call = random() < 0.5 ? service.start() : service.stop();
    calls.push(call.catch(() => undefined));
    if (random() < 0.3) await Promise.resolve();
    if (random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
  }
  await service.stop();
  await Promise.all(calls);
  await service.stop();
};

interface Living {
  readonly service: Service;
  alive(): boolean;
  clashes(): number;
}

/** A service that takes turns to start and stop, and counts starts while it lives. */
const slow = (random: () => number): Living => {
  let alive = 0;
  let clashes = 0;
  const turn = (): Promise<void> => new Promise((resolve) => (random() < 0.5 ? setImmediate(resolve) : queueMicrotask(resolve)));
  return {
    alive: () => alive > 0,
    clashes: () => clashes,
    service: {
      name: 'slow',
      start: async () => {
        await turn();
        if (random() < 0.1) throw new Error('no luck');
        if (++alive > 1) clashes++;
      },
      stop: async () => {
        await turn();
        alive = Math.max(0, alive - 1);
      },
    },
  };
};

test.each([1, 2, 3, 4, 5])('together survives 500 interleaved starts and stops (seed %i)', async (seed) => {
  const { random } = createVirtualClock(0, seed * 7_919);
  const parts = [slow(random), slow(random), slow(random)];
  const all = together(
    'all',
    parts.map((part) => part.service),
  );
  await storm(all, random);
  expect(parts.map((part) => part.alive())).toEqual([false, false, false]);
  expect(parts.map((part) => part.clashes())).toEqual([0, 0, 0]);
  let started = false;
  while (!started)
    started = await all.start().then(
      () => true,
      () => false,
    );
  expect(parts.map((part) => part.alive())).toEqual([true, true, true]);
  await all.stop();
  expect(parts.map((part) => part.alive())).toEqual([false, false, false]);
});

test.each([1, 2, 3, 4, 5])('every survives 500 interleaved starts and stops without two runs at once (seed %i)', async (seed) => {
  const clock = createVirtualClock(0, seed * 104_729);
  let running = 0;
  let most = 0;
  let runs = 0;
  const once = async (): Promise<void> => {
    runs++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  };
  const loop = every({ name: 'loop', ms: 0, clock, once, onError: () => undefined });
  await storm(loop, clock.random);
  expect(running).toBe(0);
  expect(most).toBe(1);
  const before = runs;
  await clock.advance(100);
  expect(runs).toBe(before);
  expect(runs).toBeGreaterThan(10);
});
