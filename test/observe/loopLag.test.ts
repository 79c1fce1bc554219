import { loopLagMetrics } from '../../src/observe/loopLagMetrics';
import { createMeters } from '../../src/observe/meters';

/** A loop that comes to what is due as late as it is told. */
const startLoop = () => {
  let now = 1000;
  let due = { at: 0, then: (): void => undefined };
  const meters = createMeters(new Set(['process']));
  loopLagMetrics(meters, {
    monotonic: () => now,
    after: (ms, then) => {
      due = { at: now + ms, then };
      return () => undefined;
    },
  });
  return {
    late: (ms: number): void => {
      now = due.at + ms;
      due.then();
    },
    shown: async (): Promise<Record<string, number>> => {
      const text = await meters.registry.metrics();
      return Object.fromEntries([...text.matchAll(/^nodejs_eventloop_lag_(\w+)_seconds (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
    },
  };
};

test('tells by how much the loop was late, without the pauses between the looks', async () => {
  const loop = startLoop();
  for (const ms of [0, 1, 2, 3, 4, 5, 6, 7, 8, 200]) loop.late(ms);
  expect(await loop.shown()).toEqual({ p50: 0.004, p90: 0.008, p99: 0.2, max: 0.2 });
});

test('forgets what was longer than a minute ago', async () => {
  const loop = startLoop();
  loop.late(900);
  for (let look = 0; look < 119; look++) loop.late(1);
  expect(await loop.shown()).toMatchObject({ max: 0.9 });
  loop.late(1);
  expect(await loop.shown()).toEqual({ p50: 0.001, p90: 0.001, p99: 0.001, max: 0.001 });
});
