import { createPace } from '../../src/dispatch/pace';
import { runOfPlan } from '../../src/core/run';
import { planOf } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { startStage, tasks, worker } from './stage';

const startPace = (load: number | undefined) => {
  let now = 1000;
  const pace = createPace({ clock: { monotonic: () => now }, load: load === undefined ? undefined : () => load });
  return {
    ...pace,
    pass: (ms: number) => {
      now += ms;
    },
  };
};

describe('the wait before a send', () => {
  test.each([
    ['unknown', undefined, 0],
    ['none', 0, 0],
    ['moderate', 0.4, 0],
    ['more than moderate', 0.6, 12.5],
    ['high', 0.8, 25],
    ['full', 1, 25],
  ])('is by the load, here %s', (_, load, ms) => {
    const pace = startPace(load);
    pace.sent(24, 5, false);
    expect(pace.waitMs()).toBeCloseTo(ms);
  });

  test('begins with the send before', () => {
    const pace = startPace(1);
    expect(pace.waitMs()).toBe(0);
    pace.sent(24, 5, false);
    pace.pass(15);
    expect(pace.waitMs()).toBeCloseTo(10);
    pace.pass(10);
    expect(pace.waitMs()).toBe(0);
  });

  test('is nothing where few leave', () => {
    const pace = startPace(1);
    pace.sent(23, 5, false);
    expect(pace.waitMs()).toBe(0);
  });

  test('counts what left in two of the longest waits, in however many sends', () => {
    const pace = startPace(1);
    for (let sends = 0; sends < 6; sends++) {
      pace.sent(3, 5, false);
      pace.pass(7);
    }
    expect(pace.waitMs()).toBe(0);
    pace.sent(3, 5, false);
    expect(pace.waitMs()).toBe(0);
    pace.sent(3, 5, false);
    expect(pace.waitMs()).toBe(25);
    pace.pass(50);
    pace.sent(3, 5, false);
    expect(pace.waitMs()).toBe(0);
  });

  test('is nothing while more are ready than there is room for', () => {
    const pace = startPace(1);
    pace.sent(24, 5, true);
    expect(pace.waitMs()).toBe(0);
  });

  test('is over once enough have gathered since the last send', () => {
    const pace = startPace(1);
    pace.sent(24, 5, false);
    pace.gather(63, 5);
    expect(pace.waitMs()).toBe(25);
    pace.gather(1, 5);
    expect(pace.waitMs()).toBe(0);
    pace.sent(64, 5, false);
    expect(pace.waitMs()).toBe(25);
  });
});

test('what is more important than all that left last waits for nobody', () => {
  const pace = startPace(1);
  pace.sent(24, 5, false);
  pace.gather(1, 5);
  expect(pace.waitMs()).toBe(25);
  pace.gather(1, 6);
  expect(pace.waitMs()).toBe(0);
  pace.sent(24, 6, false);
  pace.gather(1, 6);
  expect(pace.waitMs()).toBe(25);
});

describe('a dispatcher under load', () => {
  const roomy = worker('w1', { slots: 500, freeSlots: 500 });
  const started = async (load: () => number) => {
    const stage = startStage([roomy], { load });
    await stage.look();
    const run = runOfPlan(planOf(tasks(200)));
    const enqueue = (from: number, count: number) => stage.enqueue(run, ...Array.from({ length: count }, (_, i) => from + i));
    return { stage, enqueue };
  };

  test('sends what becomes ready in the next 25 ms together', async () => {
    const { stage, enqueue } = await started(() => 1);
    await enqueue(0, 24);
    expect(stage.sent).toHaveLength(24);
    await enqueue(24, 4);
    await stage.clock.advance(24);
    await enqueue(28, 4);
    expect(stage.sent).toHaveLength(24);
    await stage.clock.advance(1);
    await turns();
    expect(stage.sent).toHaveLength(32);
  });

  test('waits no longer once enough are there', async () => {
    const { stage, enqueue } = await started(() => 1);
    await enqueue(0, 24);
    await enqueue(24, 40);
    expect(stage.sent).toHaveLength(24);
    await enqueue(64, 40);
    expect(stage.sent).toHaveLength(104);
  });

  test('sends at once again when it is idle', async () => {
    let load = 1;
    const { stage, enqueue } = await started(() => load);
    await enqueue(0, 24);
    load = 0.3;
    await enqueue(24, 8);
    expect(stage.sent).toHaveLength(32);
  });

  test('and sends at once what had no room before', async () => {
    const stage = startStage([worker('w1', { slots: 29, freeSlots: 29 })], { load: () => 1 });
    await stage.look();
    const run = runOfPlan(planOf(tasks(40)));
    await stage.enqueue(run, ...Array.from({ length: 40 }, (_, i) => i));
    const room = stage.sent.length;
    expect(room).toBeGreaterThanOrEqual(24);
    expect(room).toBeLessThan(40);
    stage.dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
    await turns();
    expect(stage.sent).toHaveLength(room + 1);
  });
});
