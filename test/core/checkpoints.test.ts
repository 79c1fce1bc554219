/** Checkpoints: the newest one of the newest grant stays, in whatever order the log has them. */
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan } from '../../src/core/run';
import { applyAll, changesOf, due, execution, failed, planOf, plannedTask, rowsOf, T0, type LawEvent } from './model';

const plan = planOf([
  plannedTask('a', [], { retry: { maxRetries: 1, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } } }),
]);

const checkpointed = (sequence: number, { dispatch = 1, fence = String(dispatch * 10) } = {}): LawEvent => ({
  type: 'checkpointed',
  ...execution(0, dispatch, { fence }),
  sequence,
  state: `{"at":${String(sequence)},"by":${fence}}`,
});

test('an older one that comes late is refused, counted and not acknowledged', () => {
  const step = applyAll(runOfPlan(plan), [checkpointed(2), checkpointed(1)], T0);
  expect(step.refused).toEqual([{ type: 'checkpointed', reason: 'an older checkpoint' }]);
  expect(step.acknowledged.map(({ sequence }) => sequence)).toEqual([2]);
  expect(changesOf(step).tasks).toMatchObject([{ checkpoint: '{"at":2,"by":10}', checkpointMark: { fence: '10', sequence: 2 } }]);
});

test('one that is sent again is acknowledged again', () => {
  const step = applyAll(runOfPlan(plan), [checkpointed(1), checkpointed(1)], T0);
  expect(step.refused).toEqual([]);
  expect(step.acknowledged.map(({ sequence }) => sequence)).toEqual([1, 1]);
});

test('the next grant counts from 1 again', () => {
  const run = runOfPlan(plan);
  applyAll(run, [checkpointed(5)], T0);
  const again = applyAll(run, [checkpointed(1, { fence: '11' })], T0);
  expect(changesOf(again).tasks).toMatchObject([{ checkpoint: '{"at":1,"by":11}' }]);
  applyAll(run, [failed(0, 1, { fence: '11' })], T0);
  const retried = applyAll(run, [due(0, 2), checkpointed(1, { dispatch: 2 })], T0 + 100);
  expect(retried.refused).toEqual([]);
  expect(changesOf(retried).tasks).toMatchObject([{ checkpoint: '{"at":1,"by":20}' }]);
});

test('a takeover forgets nothing of it, and rows of an earlier version let the first one in', () => {
  const rows = rowsOf(plan);
  rows.apply(changesOf(applyAll(runOfPlan(plan), [checkpointed(5)], T0)));
  const late = applyAll(runOfRecord(rows.record(), T0), [checkpointed(4)], T0);
  expect(late.refused).toEqual([{ type: 'checkpointed', reason: 'an older checkpoint' }]);
  const record = rows.record();
  const unmarked = runOfRecord({ ...record, tasks: record.tasks.map((task) => ({ ...task, checkpointMark: null })) }, T0);
  expect(applyAll(unmarked, [checkpointed(4)], T0).refused).toEqual([]);
});
