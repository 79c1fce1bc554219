import { setTimeout as pause } from 'node:timers/promises';
import { createLoad } from '../../../src/adapters/system/load';

const busyFor = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

test('the load is the part of the time that the event loop was busy', async () => {
  const load = createLoad();
  await pause(150);
  expect(load()).toBeLessThan(0.5);
  const until = performance.now() + 300;
  while (performance.now() < until) {
    busyFor(20);
    await pause(0);
  }
  expect(load()).toBeGreaterThan(0.7);
  await pause(400);
  expect(load()).toBeLessThan(0.5);
});
