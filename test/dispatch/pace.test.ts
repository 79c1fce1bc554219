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
    ['moderate', 0.6, 0],
    ['more than moderate', 0.7, 12.5],
    ['high', 0.8, 25],
    ['full', 1, 25],
  ])('is by the load, here %s', (_, load, ms) => {
    const pace = startPace(load);
    pace.sent(8, 5, false);
    expect(pace.waitMs()).toBeCloseTo(ms);
  });

  test('begins with the send before', () => {
    const pace = startPace(1);
    expect(pace.waitMs()).toBe(0);
    pace.sent(8, 5, false);
    pace.pass(15);
    expect(pace.waitMs()).toBeCloseTo(10);
    pace.pass(10);
    expect(pace.waitMs()).toBe(0);
  });

  test('is nothing where few leave at a time', () => {
    const pace = startPace(1);
    pace.sent(7, 5, false);
    expect(pace.waitMs()).toBe(0);
  });

  test('outlasts a small send between large ones, not a second one', () => {
    const pace = startPace(1);
    pace.sent(16, 5, false);
    pace.sent(2, 5, false);
    expect(pace.waitMs()).toBe(25);
    pace.sent(2, 5, false);
    expect(pace.waitMs()).toBe(0);
  });

  test('is nothing while more are ready than there is room for', () => {
    const pace = startPace(1);
    pace.sent(8, 5, true);
    expect(pace.waitMs()).toBe(0);
  });

  test('is over once enough have gathered since the last send', () => {
    const pace = startPace(1);
    pace.sent(8, 5, false);
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
  pace.sent(8, 5, false);
  pace.gather(1, 5);
  expect(pace.waitMs()).toBe(25);
  pace.gather(1, 6);
  expect(pace.waitMs()).toBe(0);
  pace.sent(8, 6, false);
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
    await enqueue(0, 8);
    expect(stage.sent).toHaveLength(8);
    await enqueue(8, 4);
    await stage.clock.advance(24);
    await enqueue(12, 4);
    expect(stage.sent).toHaveLength(8);
    await stage.clock.advance(1);
    await turns();
    expect(stage.sent).toHaveLength(16);
  });

  test('waits no longer once enough are there', async () => {
    const { stage, enqueue } = await started(() => 1);
    await enqueue(0, 8);
    await enqueue(8, 40);
    expect(stage.sent).toHaveLength(8);
    await enqueue(48, 40);
    expect(stage.sent).toHaveLength(88);
  });

  test('sends at once again when it is idle', async () => {
    let load = 1;
    const { stage, enqueue } = await started(() => load);
    await enqueue(0, 8);
    load = 0.3;
    await enqueue(8, 8);
    expect(stage.sent).toHaveLength(16);
  });

  test('and sends at once what had no room before', async () => {
    const stage = startStage([worker('w1', { slots: 9, freeSlots: 9 })], { load: () => 1 });
    await stage.look();
    const run = runOfPlan(planOf(tasks(12)));
    await stage.enqueue(run, ...Array.from({ length: 12 }, (_, i) => i));
    expect(stage.sent).toHaveLength(10);
    stage.dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
    await turns();
    expect(stage.sent).toHaveLength(11);
  });
});
