/** What comes late, or twice, when a task's or a DAG's end was decided already. */
import { DEFAULT_LAW } from '../../src/core/law';
import { runOfRecord } from '../../src/core/restore';
import { runOfPlan } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import {
  applyAll,
  changesOf,
  commanded,
  completed,
  DAG,
  due,
  failed,
  lost,
  planOf,
  plannedTask,
  released,
  rowsOf,
  started,
  T0,
  withdrawn,
} from './model';

const errorOf = (step: Parameters<typeof changesOf>[0]): string | null | undefined => changesOf(step).tasks.find(({ task }) => task === 0)?.error;

test('a task that was marked as completed while it ran shows no error, also where its handler failed first', () => {
  const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  applyAll(run, [started(0)], T0);
  applyAll(run, [commanded({ kind: 'mark', task: 0, as: 'COMPLETED', result: '1' })], T0 + 1);
  const step = applyAll(run, [failed(0)], T0 + 2);
  expect(step.attempts).toHaveLength(1);
  expect([changesOf(step).tasks[0]!.status, errorOf(step)]).toEqual(['COMPLETED', undefined]);
});

test('a task whose whole time is over fails for that, whatever its handler threw meanwhile', () => {
  const run = runOfPlan(planOf([plannedTask('a', [], { options: { totalTimeoutSeconds: 10 } })]));
  applyAll(run, [started(0)], T0);
  const over = applyAll(run, [due(0, 1)], T0 + 10_000);
  expect(errorOf(over)).toContain('its total time');
  const step = applyAll(run, [failed(0)], T0 + 10_001);
  expect(step.deadLetters).toMatchObject([{ kind: 'TIMEOUT', dispatch: 1 }]);
  expect(errorOf(step)).toBeUndefined();
});

test('a DAG that ends, and whose end a mark changes in the same step, ends once', () => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  const step = applyAll(run, [failed(0), commanded({ kind: 'mark', task: 0, as: 'COMPLETED' })], T0);
  expect(run.status).toBe('COMPLETED');
  expect(step.settled).toHaveLength(1);
});

test('a mark keeps what completes after it from counting', () => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  applyAll(run, [started(0), commanded({ kind: 'mark', task: 0, as: 'FAILED' })], T0);
  const step = applyAll(run, [completed(0, 1, { result: '2' })], T0);
  expect([changesOf(step).tasks[0]!.status, changesOf(step).tasks[0]!.result]).toEqual(['FAILED', undefined]);
});

test('a task that a cut-off cascade has not come to yet is not ready after a takeover either', () => {
  const plan = planOf([
    plannedTask('a', []),
    plannedTask('b', [0]),
    plannedTask('c', [0]),
    plannedTask('after', [1, 2], { options: { triggerRule: 'all_done' } }),
  ]);
  const rows = rowsOf(plan);
  const run = runOfPlan(plan);
  const step = applyAll(run, [failed(0)], T0, { ...DEFAULT_LAW, cascadeLimit: 2 });
  rows.apply(changesOf(step));
  expect(statusOf(run.state[3]!)).toBe('PENDING');
  const restored = runOfRecord(rows.record(), T0);
  const cancel = commanded({ kind: 'cancel', tasks: [3] });
  const committed = [run, restored].map((one) => changesOf(applyAll(one, [cancel], T0 + 1)).tasks);
  expect(committed[0]!.find(({ task }) => task === 3)).toMatchObject({ status: 'CANCELLED' });
  expect(committed[1]).toEqual(committed[0]);
});

test('a cut-off cascade goes on in the same order after a takeover, whichever of several failures came first', () => {
  const plan = planOf([
    plannedTask('a', []),
    plannedTask('b', []),
    plannedTask('c', [1]),
    plannedTask('d', [0]),
    plannedTask('e', [1]),
    plannedTask('f', [0]),
  ]);
  const law = { ...DEFAULT_LAW, cascadeLimit: 1 };
  const rows = rowsOf(plan);
  const run = runOfPlan(plan);
  for (const failure of [failed(1), failed(0)]) rows.apply(changesOf(applyAll(run, [failure], T0, law)));
  const restored = runOfRecord(rows.record(), T0);
  const next = [run, restored].map((one) => changesOf(applyAll(one, [{ type: 'continued', dag: DAG }], T0 + 1, law)).tasks);
  expect(next[0]).toMatchObject([{ task: 4, status: 'SKIPPED' }]);
  expect(next[1]).toEqual(next[0]);
});

test('what became ready is written where its DAG begins to end, also where the clock of its creation was ahead of the log', () => {
  const plan = { ...planOf([plannedTask('a', []), plannedTask('b', [0]), plannedTask('c', [0])]), createdAt: T0 + 50 };
  const rows = rowsOf(plan);
  const run = runOfPlan(plan);
  const law = { ...DEFAULT_LAW, cascadeLimit: 1 };
  rows.apply(changesOf(applyAll(run, [completed(0)], T0, law)));
  rows.apply(changesOf(applyAll(run, [commanded({ kind: 'drain' })], T0 + 1, law)));
  expect(rows.record().tasks.map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLING', 'QUEUED']);
});

test.each([
  ['lost', lost(0)],
  ['given back', released(0)],
])('a task that is %s while its DAG is drained ends only once nobody can start its number any more', (_how, event) => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  applyAll(run, [started(0), commanded({ kind: 'drain' })], T0);
  const step = applyAll(run, [event], T0 + 1);
  expect(statusOf(run.state[0]!)).toBe('CANCELLING');
  expect(step.revoked).toMatchObject([{ task: 0, dispatch: 1 }]);
  expect(step.over).toMatchObject([{ task: 0, dispatch: 1 }]);
  applyAll(run, [withdrawn(0)], T0 + 2);
  expect([statusOf(run.state[0]!), run.status]).toEqual(['CANCELLED', 'CANCELLED']);
});
