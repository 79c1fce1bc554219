/** Changes of a graph, as the law has them. */
import { runOfPlan } from '../../src/core/run';
import { applyAll, changesOf, completed, DAG, execution, planOf, plannedTask, started, T0 } from './model';

test('a task that is replaced is another dispatch: what was sent of its old definition counts for nothing and is given up', () => {
  const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  const edit = { version: 0, added: [], replaced: [{ task: 1, as: plannedTask('b', [0], { payload: '"new"' }) }], removed: [] };
  const step = applyAll(run, [{ type: 'commanded', id: '1', dag: DAG, command: { kind: 'edit', edit }, by: null, reason: null }], T0);
  expect(step.commands).toMatchObject([{ outcome: 'APPLIED', affected: 1 }]);
  expect(changesOf(step).tasks).toMatchObject([{ task: 1, status: 'PENDING', dispatch: 2 }]);

  expect(applyAll(run, [completed(0)], T0).ready).toMatchObject([{ task: 1, dispatch: 2 }]);
  // Sent when a commit that failed had made it ready, before the change.
  const late = applyAll(run, [started(1, 1), completed(1, 1)], T0);
  expect(late.refused.map(({ reason }) => reason)).toEqual(['another dispatch', 'another dispatch']);
  expect(late.givenUp).toEqual([{ session: execution(1, 1).session, run, task: 1, dispatch: 1 }]);
  const own = applyAll(run, [completed(1, 2)], T0);
  expect([own.refused, run.status]).toEqual([[], 'COMPLETED']);
});
