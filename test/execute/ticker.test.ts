import { createTicker } from '../../src/execute/ticker';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const start = async () => {
  const clock = createVirtualClock();
  const stage = { clock, isIdle: true, beats: 0 };
  const ticker = createTicker({
    clock,
    announce: () => undefined,
    isIdle: () => stage.isIdle,
    once: () => {
      stage.beats += 1;
    },
  });
  await ticker.start();
  await turns();
  const during = async (ms: number): Promise<number> => {
    const before = stage.beats;
    await clock.advance(ms);
    return stage.beats - before;
  };
  return { stage, ticker, during };
};

test('beats four times a second while it is idle, and ten times while it is busy', async () => {
  const { stage, ticker, during } = await start();
  expect(await during(1000)).toBe(4);
  stage.isIdle = false;
  ticker.roused();
  expect(await during(1000)).toBe(10);
  stage.isIdle = true;
  expect(await during(1100)).toBe(5);
  await ticker.stop();
  expect(await during(1000)).toBe(0);
});

test('beats at once when it is roused, and no oftener than it is due while it is busy', async () => {
  const { stage, ticker, during } = await start();
  await during(100);
  stage.isIdle = false;
  const before = stage.beats;
  ticker.roused();
  expect(stage.beats).toBe(before + 1);
  await turns();
  ticker.roused();
  expect(stage.beats).toBe(before + 1);
  expect(await during(99)).toBe(0);
  expect(await during(1)).toBe(1);
  await ticker.stop();
});
