/** Commands on DAGs of 100,000 tasks: no step takes long, and what is cut off goes on. */
import { isFinalDag } from '../../src/core/dag';
import { DEFAULT_LAW } from '../../src/core/law';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { applyAll, commanded, completed, DAG, failed, planOf, plannedTask, T0, withdrawn } from './model';

const SIZE = 100_000;

/** A root, and all others after it and after the one before them. */
const ladder = (): Run =>
  runOfPlan(planOf(Array.from({ length: SIZE }, (_, i) => plannedTask(String(i), i < 2 ? (i === 0 ? [] : [0]) : [0, i - 1]))));

/** Goes on until nothing is cut off any more; the answer is the number of steps. */
const carryOn = (run: Run): number => {
  for (let steps = 1; ; steps++) {
    const before = run.cancelled + run.skipped;
    const step = applyAll(run, [{ type: 'continued', dag: DAG }], T0);
    expect(run.cancelled + run.skipped - before).toBeLessThanOrEqual(DEFAULT_LAW.cascadeLimit);
    if (!step.continued.has(DAG)) return steps;
  }
};

test('a cancel takes its share a step, and nothing starts meanwhile', () => {
  const run = ladder();
  const step = applyAll(run, [commanded({ kind: 'cancel', tasks: null })], T0);
  expect(step.commands).toMatchObject([{ outcome: 'APPLIED', affected: SIZE }]);
  // The root's result came first: what depends on it doesn't start all the same.
  const after = applyAll(run, [completed(0)], T0);
  expect([after.ready, run.completed]).toEqual([[], 1]);
  expect(carryOn(run)).toBe(SIZE / DEFAULT_LAW.cascadeLimit - 1);
  expect([run.status, run.cancelled]).toEqual(['CANCELLED', SIZE - 1]);
  expect(run.state.includes(CODE.PENDING)).toBe(false);
});

test('a retry with all that was skipped, a rerun and a drain take no step of quadratic cost', () => {
  const run = ladder();
  applyAll(run, [failed(0)], T0);
  carryOn(run);
  expect([run.status, run.skipped]).toEqual(['FAILED', SIZE - 1]);
  const began = performance.now();
  applyAll(run, [commanded({ kind: 'retry', tasks: null, downstream: true })], T0);
  expect([run.status, run.skipped, run.failed]).toEqual(['RUNNING', 0, 0]);
  const step = applyAll(run, [completed(0, 2), commanded({ kind: 'drain' })], T0);
  expect(step.revoked).toMatchObject([{ task: 1 }]);
  applyAll(run, [withdrawn(1, 2)], T0);
  carryOn(run);
  expect(isFinalDag(run.status)).toBe(true);
  applyAll(run, [commanded({ kind: 'rerun', task: 0 })], T0);
  expect([run.status, run.cancelled, run.completed]).toEqual(['RUNNING', 0, 0]);
  // A second or less on a quiet machine; quadratic work would take hours.
  expect(performance.now() - began).toBeLessThan(20_000);
});
