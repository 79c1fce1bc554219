import type { PlannedTask } from '../../src/core/dag';
import { expectedEnd, type Capacity } from '../../src/core/expectedEnd';
import { runOfPlan, type Run } from '../../src/core/run';
import { atOnce } from './atOnce';
import { applyAll, commanded, completed, failed, planOf, plannedTask, started, T0 } from './model';

/** Tasks that take their index + 1 times 100 ms. */
const runOf = (dependencies: readonly (readonly number[])[], other: Partial<PlannedTask> = {}): Run =>
  runOfPlan(planOf(dependencies.map((of, i) => plannedTask(String(i), of, other))));
const slots = (count: number, perSlot = 1): Capacity => ({ slotsOf: () => count, perSlot: () => perSlot });
const endIn = (run: Run, capacity = slots(10), at = 0): number | null => {
  const end = atOnce(expectedEnd(run, { now: T0 + at, expected: ({ name }) => (Number(name) + 1) * 100, capacity }));
  return end === null ? null : end - T0;
};

test('with slots enough it is the longest path of what is left, of what runs only the rest', () => {
  const run = runOf([[], [0], [0], [1, 2]]);
  expect(endIn(run)).toBe(100 + 300 + 400);
  applyAll(run, [started(0)], T0);
  expect(endIn(run, slots(10), 60)).toBe(60 + 40 + 700);
  applyAll(run, [completed(0, 1, { at: T0 + 150 })], T0 + 150);
  expect(endIn(run, slots(10), 150)).toBe(150 + 700);
  applyAll(run, [completed(2, 1, { at: T0 + 200 }), started(1, 1, { at: T0 + 150 })], T0 + 200);
  // It should have ended: it may any moment.
  expect(endIn(run, slots(10), 900)).toBe(900 + 400);
});

test('a task that runs before all that it depends on has ended is one task', () => {
  const run = runOf([[], [], [0, 1]], { options: { triggerRule: 'one_success' } });
  applyAll(run, [started(0), started(1), completed(0, 1, { at: T0 + 50 })], T0 + 50);
  applyAll(run, [started(2, 1, { at: T0 + 60 })], T0 + 60);
  expect(endIn(run, slots(10), 60)).toBe(60 + 300);
});

test('with fewer, tasks take them in the order of the DAG, which may use no more than its own limit', () => {
  const run = runOf([[], [], [], []]);
  // 100 and 300 in one, 200 and 400 in the other.
  expect(endIn(run, slots(2))).toBe(600);
  expect(endIn(Object.assign(runOf([[], [], [], []]), { order: 'critical-path' }), slots(2))).toBe(500);
  expect(endIn(run, slots(1, 4))).toBe(400);
  run.maxRunning = 1;
  expect(endIn(run, slots(2))).toBe(1000);
});

test('workers of one type alone limit its tasks', () => {
  const run = runOfPlan(
    planOf([plannedTask('4', []), plannedTask('9', [], { type: 'NOTIFICATION' }), plannedTask('9', [], { type: 'NOTIFICATION' })]),
  );
  const capacity: Capacity = { slotsOf: (types) => (types.has('API_CALL') ? 20 : 1), perSlot: () => 1 };
  expect(endIn(run, capacity)).toBe(2000);
});

test('a wait for a retry counts, too', () => {
  const retry = { maxRetries: 3, backoff: { type: 'fixed', initialMs: 5000, factor: 1, maxMs: 5000, jitter: 0 } } as const;
  const run = runOf([[], [0]], { retry });
  applyAll(run, [failed(0)], T0);
  expect(endIn(run, slots(10), 1000)).toBe(5000 + 100 + 200);
});

test('it is unknown where a task or a worker is, where somebody has to act first, and where it is over', () => {
  const run = runOf([[], [0]]);
  expect(atOnce(expectedEnd(run, { now: T0, expected: ({ name }) => (name === '1' ? undefined : 5), capacity: slots(1) }))).toBeNull();
  expect(endIn(run, slots(0))).toBeNull();
  applyAll(run, [commanded({ kind: 'hold', tasks: [1], resumeAt: null })], T0);
  expect(endIn(run)).toBeNull();
  applyAll(run, [commanded({ kind: 'hold', tasks: [1], resumeAt: T0 + 9000 }, { id: '2' })], T0);
  expect(endIn(run)).toBe(9200);
  applyAll(run, [commanded({ kind: 'pause' }, { id: '3' })], T0);
  expect(endIn(run)).toBeNull();
  applyAll(run, [commanded({ kind: 'resume' }, { id: '4' }), commanded({ kind: 'cancel', tasks: null }, { id: '5' })], T0);
  expect(endIn(run)).toBeNull();
});

describe('of many tasks', () => {
  const layers = (): Run =>
    runOf(Array.from({ length: 12_000 }, (_, task) => (task < 100 ? [] : [task - 100, (Math.floor(task / 100) - 1) * 100 + ((task * 7) % 100)])));
  const looked = (run: Run, meanwhile: (pause: number) => void): { readonly end: number | null; readonly pauses: number } => {
    const computation = expectedEnd(run, { now: T0, expected: () => 10, capacity: slots(40) });
    let pauses = 0;
    let step = computation.next();
    for (; step.done !== true; step = computation.next()) meanwhile((pauses += 1));
    return { end: step.value === null ? null : step.value - T0, pauses };
  };

  test('it pauses after some thousand', () => {
    // 120 layers of 100 tasks that take 40 slots.
    const { end, pauses } = looked(layers(), () => undefined);
    expect(end).toBe((12_000 / 40) * 10);
    expect(pauses).toBeGreaterThan(12_000 / 500);
  });

  test('it comes to an end where the DAG goes on meanwhile, and where its graph is changed', () => {
    const run = layers();
    const { end } = looked(run, (pause) => {
      if (pause === 1) applyAll(run, [completed(0), started(1)], T0 + 5);
      if (pause === 2)
        applyAll(
          run,
          [commanded({ kind: 'edit', edit: { version: run.version, added: [plannedTask('12000', [11_999])], replaced: [], removed: [] } })],
          T0 + 5,
        );
    });
    expect(run.specs).toHaveLength(12_001);
    expect(end).toBe((12_000 / 40) * 10);
  });
});
