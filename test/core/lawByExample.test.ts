/** Sentences about the law that one example shows. */
import { runOfPlan } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import { applyAll, changesOf, completed, DAG, due, failed, lost, planOf, plannedTask, released, rowsOf, started, T0, type Rows } from './model';

const LAW = { maxLosses: 2, maxDeaths: 2, maxKills: 1, cascadeLimit: 3 };

const nothingBelowZero = (rows: Rows): void => {
  for (const row of rows.record().tasks) {
    for (const ms of [row.blockedMs, row.queuedMs, row.dispatchedMs, row.runningMs, row.retryWaitMs]) expect(ms).toBeGreaterThanOrEqual(0);
  }
};

test('a wide cascade settles at most its share a step and ends through events of its own', () => {
  const plan = planOf([plannedTask('root', []), ...Array.from({ length: 50 }, (_, i) => plannedTask(`leaf${String(i)}`, [0]))]);
  const run = runOfPlan(plan);
  let step = applyAll(run, [failed(0)], T0, LAW);
  let steps = 1;
  for (let before = 0; step.continued.has(DAG); steps++) {
    expect(run.skipped - before).toBeLessThanOrEqual(LAW.cascadeLimit);
    before = run.skipped;
    step = applyAll(run, [{ type: 'continued', dag: DAG }], T0, LAW);
  }
  expect({ skipped: run.skipped, status: run.status, steps }).toEqual({ skipped: 50, status: 'FAILED', steps: 17 });
});

test('losses use a budget of their own, and its end fails the task', () => {
  const run = runOfPlan(
    planOf([plannedTask('a', [], { retry: { maxRetries: 0, backoff: { type: 'fixed', initialMs: 0, factor: 1, maxMs: 0, jitter: 0 } } })]),
  );
  applyAll(run, [lost(0, 1), lost(0, 2)], T0, LAW);
  expect({ state: statusOf(run.state[0]!), losses: run.losses[0], failures: run.failures[0], dispatch: run.dispatch[0] }).toEqual({
    state: 'QUEUED',
    losses: 2,
    failures: 0,
    dispatch: 3,
  });
  const step = applyAll(run, [lost(0, 3)], T0, LAW);
  expect(run.status).toBe('FAILED');
  expect(JSON.parse(changesOf(step).tasks[0]!.error!)).toMatchObject({ kind: 'NEVER_STARTED' });
  expect(step.deadLetters).toEqual([{ dag: DAG, task: 0, dispatch: 3, failedAt: T0, kind: 'NEVER_STARTED' }]);
});

test('a session that does not have the task can not lose it', () => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  const step = applyAll(run, [started(0, 1, { session: 's1' }), lost(0, 1, 's2')], T0);
  expect(statusOf(run.state[0]!)).toBe('RUNNING');
  expect(step.refused).toEqual([{ type: 'lost', reason: 'another dispatch' }]);
});

test('of two grants of one dispatch the later one counts', () => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  const step = applyAll(run, [started(0, 1, { fence: '100' }), completed(0, 1, { fence: '99' })], T0);
  expect(step.refused).toEqual([{ type: 'completed', reason: 'an older grant' }]);
  applyAll(run, [completed(0, 1, { fence: '101' })], T0);
  expect(run.status).toBe('COMPLETED');
});

test('times are booked once each and never below nothing, whatever the clocks say', () => {
  const plan = planOf([
    plannedTask('a', [], { retry: { maxRetries: 1, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } } }),
  ]);
  const run = runOfPlan(plan);
  const rows = rowsOf(plan);
  // The log's clock is behind the one that stored the DAG.
  rows.apply(changesOf(applyAll(run, [released(0)], T0 - 5000)));
  nothingBelowZero(rows);
  rows.apply(changesOf(applyAll(run, [failed(0, 2, { at: T0 - 4000 })], T0 - 3000)));
  rows.apply(changesOf(applyAll(run, [due(0, 3)], T0 - 3900)));
  rows.apply(changesOf(applyAll(run, [completed(0, 3, { at: T0 + 99_999 })], T0)));
  nothingBelowZero(rows);
  expect(rows.record()).toMatchObject({ status: 'COMPLETED', tasks: [{ status: 'COMPLETED', attempt: 2, dispatch: 3 }] });
});

test('a DAG spans all its tasks, in whatever order their ends are heard of', () => {
  const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [])]));
  applyAll(run, [completed(0, 1, { at: T0 + 70 })], T0 + 80);
  // On another worker it began and ended earlier, and its report came later.
  applyAll(run, [completed(1, 1, { at: T0 + 50 })], T0 + 90);
  expect([run.startedAt, run.completedAt]).toEqual([T0 + 50, T0 + 90]);
});
