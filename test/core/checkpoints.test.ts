/** Checkpoints: the newest one of the newest grant stays, in whatever order the log has them. */
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan } from '../../src/core/run';
import { applyAll, changesOf, completed, due, execution, failed, planOf, plannedTask, rowsOf, T0, type LawEvent } from './model';

const retry = { maxRetries: 1, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } } as const;
const plan = planOf([plannedTask('a', [], { retry })]);

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

test('an execution that nothing counts of is given up: nobody would ever acknowledge its checkpoints', () => {
  const chain = planOf([plannedTask('a', []), plannedTask('b', [0], { retry })]);
  const ofChild = (dispatch: number): LawEvent => ({ type: 'checkpointed', ...execution(1, dispatch), sequence: 1, state: '{}' });
  const run = runOfPlan(chain);
  const { session } = execution(1, 1);
  // It was sent before the commit that made it ready, and the log was lost with the end of what is before it.
  expect(applyAll(run, [ofChild(1)], T0).givenUp).toEqual([{ session, run, task: 1, dispatch: 1 }]);
  applyAll(run, [completed(0)], T0);
  expect(applyAll(run, [ofChild(1)], T0).givenUp).toEqual([]);
  applyAll(run, [failed(1, 1), due(1, 2)], T0 + 100_000);
  expect(applyAll(run, [ofChild(1)], T0 + 100_000).givenUp).toEqual([{ session, run, task: 1, dispatch: 1 }]);
  // Ends need no answer, and another grant of the same dispatch may be that session's, too.
  expect(applyAll(run, [completed(1, 1)], T0 + 100_000).givenUp).toEqual([]);
  const regranted = applyAll(run, [{ ...ofChild(2), fence: '21' } as LawEvent, { ...ofChild(2), fence: '20' } as LawEvent], T0 + 100_000);
  expect([regranted.givenUp, regranted.refused]).toEqual([[], [{ type: 'checkpointed', reason: 'an older grant' }]]);
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
