import { createCutOffs } from '../../src/advance/cutOffs';
import type { Event } from '../../src/core/event';
import { runOfPlan } from '../../src/core/run';
import { DAG, planOf, plannedTask } from '../core/model';
import { createVirtualClock } from '../lifecycle/virtualClock';

const start = () => {
  const clock = createVirtualClock();
  const told: Event[] = [];
  const state = { fails: false, current: true };
  const cutOffs = createCutOffs({
    clock,
    announce: () => undefined,
    isCurrent: () => state.current,
    log: {
      append: (events) => {
        if (state.fails) return Promise.reject(new Error('away'));
        told.push(...[...events.values()].flat());
        return Promise.resolve();
      },
    },
  });
  const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  run.cascade.add(0);
  return { clock, told, state, cutOffs, run };
};

test('one that got lost is told again, until it has gone on', async () => {
  const { clock, told, state, cutOffs, run } = start();
  state.fails = true;
  cutOffs.goOn(run);
  state.fails = false;
  await clock.advance(1999);
  cutOffs.goOnAgain();
  expect(told).toEqual([]);
  await clock.advance(1);
  cutOffs.goOnAgain();
  cutOffs.goOnAgain();
  expect(told).toEqual([{ type: 'continued', dag: DAG }]);
  run.cascade.clear();
  await clock.advance(5000);
  cutOffs.goOnAgain();
  expect(told).toHaveLength(1);
});

test('a run that is advanced elsewhere is left alone', async () => {
  const { clock, told, state, cutOffs, run } = start();
  cutOffs.goOn(run);
  state.current = false;
  await clock.advance(5000);
  cutOffs.goOnAgain();
  state.current = true;
  cutOffs.goOnAgain();
  expect(told).toHaveLength(1);
});
