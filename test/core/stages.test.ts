/** Where a task's time went, as its row tells it. */
import { runOfPlan } from '../../src/core/run';
import { applyAll, changesOf, completed, failed, planOf, plannedTask, T0 } from './model';

const stageOf = (events: Parameters<typeof applyAll>[1], task: number) => {
  const run = runOfPlan(planOf([plannedTask('parent', []), plannedTask('child', [0])]));
  const changes = [T0 + 5000, T0 + 9000].flatMap((now, i) => (events[i] === undefined ? [] : changesOf(applyAll(run, [events[i]], now)).tasks));
  return changes.findLast((change) => change.task === task);
};

test('a task that is skipped was blocked to its end', () => {
  expect(stageOf([failed(0, 1, { retryable: false })], 1)).toMatchObject({ status: 'SKIPPED', blockedMs: 5000, queuedMs: 0 });
});

test('a task that ran was blocked until its dependencies were met', () => {
  expect(stageOf([completed(0), completed(1, 1, { at: T0 + 6000 })], 1)).toMatchObject({ status: 'COMPLETED', blockedMs: 5000, queuedMs: 1000 });
});
