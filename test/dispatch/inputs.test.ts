import { runOfPlan } from '../../src/core/run';
import { dispatchOf } from '../../src/dispatch/inputs';
import { planOf } from '../core/model';
import { tasks } from './stage';

test('a dispatch tells what its worker must know of the deaths of others: whether one had it, and how many died while it ran', () => {
  const run = runOfPlan(planOf(tasks(3)));
  run.losses[1] = 2;
  run.budgets.set(2, { deaths: 2 });
  const known = [0, 1, 2].map((task) => dispatchOf(run, task, undefined)).map(({ suspect, deaths }) => [suspect, deaths]);
  expect(known).toEqual([
    [false, 0],
    [true, 0],
    [true, 2],
  ]);
});
