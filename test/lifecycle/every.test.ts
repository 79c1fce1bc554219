import { every } from '../../src/lifecycle/every';
import { createVirtualClock, turns } from './virtualClock';

const gate = (): { readonly opened: Promise<void>; open(): void } => {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

test('runs right after the start and then a period after each end', async () => {
  const clock = createVirtualClock();
  let runs = 0;
  const loop = every({
    name: 'loop',
    ms: 100,
    clock,
    once: () => {
      runs++;
    },
    onError: () => undefined,
  });
  await loop.start();
  await turns();
  expect(runs).toBe(1);
  await clock.advance(99);
  expect(runs).toBe(1);
  await clock.advance(1);
  expect(runs).toBe(2);
  await loop.stop();
  await clock.advance(1_000);
  expect(runs).toBe(2);
});

test('a run that fails is told of, and the loop goes on', async () => {
  const clock = createVirtualClock();
  const errors: unknown[] = [];
  const loop = every({
    name: 'loop',
    ms: 10,
    clock,
    once: () => Promise.reject(new Error('no')),
    onError: (error) => {
      errors.push(error);
      throw error;
    },
  });
  await loop.start();
  await clock.advance(30);
  expect(errors).toHaveLength(4);
  await loop.stop();
});

test('a nudge runs at once, and once more after the run under way', async () => {
  const clock = createVirtualClock();
  const first = gate();
  let runs = 0;
  const loop = every({ name: 'loop', ms: 1_000, clock, once: () => (++runs === 1 ? first.opened : undefined), onError: () => undefined });
  await loop.start();
  loop.nudge();
  loop.nudge();
  await turns();
  expect(runs).toBe(1);
  first.open();
  await turns();
  expect(runs).toBe(2);
  loop.nudge();
  await turns();
  expect(runs).toBe(3);
  await loop.stop();
  loop.nudge();
  await turns();
  expect(runs).toBe(3);
});

test('stop waits for the run under way', async () => {
  const clock = createVirtualClock();
  const run = gate();
  const order: string[] = [];
  const loop = every({
    name: 'loop',
    ms: 10,
    clock,
    once: () =>
      run.opened.then(() => {
        order.push('ran');
      }),
    onError: () => undefined,
  });
  await loop.start();
  const stopped = loop.stop().then(() => {
    order.push('stopped');
  });
  await turns();
  expect(order).toEqual([]);
  run.open();
  await stopped;
  expect(order).toEqual(['ran', 'stopped']);
});
