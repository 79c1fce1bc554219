import { createFairLevel, type FairLevel } from '../../src/core/fairLevel';
import type { DagId } from '../../src/core/ids';
import { runOfPlan } from '../../src/core/run';
import { createShares, flowsOf, NOTHING_WAITS, waitingOf, type FlowStanding, type Standing } from '../../src/core/standing';
import { planOf, plannedTask } from './model';

const flow = (name: string, weight: number, waiting: Record<string, number>): FlowStanding => ({ flow: name, weight, waiting });
const stands = (highest: number | null, flows: readonly FlowStanding[] = [], more: Partial<Standing> = {}): Standing => ({
  ...NOTHING_WAITS,
  highest,
  flows,
  ...more,
});
const A = new Set(['A']);
/** What each of these works out for itself. */
const sharesOf = (standings: readonly Standing[], types = A): number[] =>
  standings.map((here) =>
    createShares(
      here,
      standings.filter((other) => other !== here),
    ).of(types),
  );

test('who has the tenant of weight 3 gets three times as much as who has the one of weight 1', () => {
  const [three, one] = sharesOf([stands(5, [flow('t', 3, { A: 100 })]), stands(5, [flow('o', 1, { A: 9000 })])]);
  expect([three, one]).toEqual([1, 1 / 3]);
});

test('a tenant that is spread over schedulers gets no more than one that is in one place', () => {
  const here = stands(5, [flow('spread', 1, { A: 50 }), flow('alone', 3, { A: 10 })]);
  const there = stands(5, [flow('spread', 1, { A: 150 })]);
  // 3 + 1/4 here, 3/4 there.
  expect(sharesOf([here, there])).toEqual([1, 0.75 / 3.25]);
  const shares = createShares(here, [there]);
  expect([...shares.elsewhere.parts]).toEqual([['spread', 0.25]]);
  expect(shares.elsewhere.schedulers).toBe(2);
});

test('nobody is held back for tasks that its workers do not run, nor for another priority', () => {
  const here = stands(5, [flow('t', 1, { A: 10 })]);
  expect(createShares(here, [stands(5, [flow('o', 9, { B: 10 })])]).of(A)).toBe(1);
  expect(createShares(here, [stands(5, [flow('o', 9, { B: 10 })])]).of(new Set(['A', 'B']))).toBe(1 / 9);
  expect(createShares(here, [stands(4, [flow('o', 9, { A: 10 })])]).of(A)).toBe(1);
  expect(createShares(here, [stands(6, [flow('o', 9, { A: 10 })])])).toMatchObject({ floor: 6 });
  expect(createShares(stands(null), [stands(6, [flow('o', 9, { A: 10 })])]).of(A)).toBe(1);
  expect(createShares(here, [stands(null), stands(2)]).floor).toBe(2);
  expect(createShares(here, [stands(null)]).floor).toBeNull();
  const [one, other] = [stands(7, [], { highestOf: { A: 7, B: 3 } }), stands(8, [], { highestOf: { B: 8, C: 1 } })];
  expect(createShares(here, [one, other])).toMatchObject({ floor: 8, floors: { A: 7, B: 8, C: 1 } });
  // What is more important elsewhere is no reason to share less fairly what isn't.
  expect(createShares(here, [stands(5, [flow('o', 3, { A: 10 })]), stands(6)]).of(A)).toBe(1 / 3);
});

test('flows that are not listed by themselves are one, and nobody takes them for another', () => {
  const rest = flow('', 7, { A: 10 });
  expect(sharesOf([stands(5, [rest]), stands(5, [rest, flow('t', 7, { A: 1 })])])).toEqual([0.5, 1]);
});

test('a reserved share is divided by what waits, whatever its priority', () => {
  const here = stands(5, [], { reserved: { kept: 10, other: 3 } });
  const there = stands(9, [], { reserved: { kept: 30 } });
  expect([...createShares(here, [there]).elsewhere.reservedParts]).toEqual([['kept', 0.25]]);
});

const levelWith = (flows: number): FairLevel => {
  const level = createFairLevel(() => 1);
  let sequence = 0;
  for (let f = 0; f < flows; f++) {
    const id = `018bcfe5-6800-8000-8000-${String(f).padStart(12, '0')}` as DagId;
    const tasks = ['A', 'A', 'B'].map((type, i) => plannedTask(`t${String(i)}`, [], { type }));
    const run = runOfPlan({ ...planOf(tasks, id), tenant: `f${String(f)}` });
    for (const task of [0, 1, 2]) level.push({ run, task, dispatch: 1, sequence: sequence++ });
  }
  return level;
};

test('what is told has a bounded size, and leaves nothing out', () => {
  const told = flowsOf(
    levelWith(250),
    ({ type }) => type === 'A',
    () => 1,
  );
  expect(told).toHaveLength(101);
  expect(told[0]).toEqual({ flow: 'f0', weight: 1, waiting: { A: 2 } });
  expect(told.at(-1)).toEqual({ flow: '', weight: 150, waiting: { A: 300 } });
  expect(
    flowsOf(
      levelWith(3),
      () => true,
      (name) => (name === 'f1' ? 4 : 1),
    ),
  ).toEqual([
    { flow: 'f0', weight: 1, waiting: { A: 2, B: 1 } },
    { flow: 'f1', weight: 4, waiting: { A: 2, B: 1 } },
    { flow: 'f2', weight: 1, waiting: { A: 2, B: 1 } },
  ]);
  expect([waitingOf([levelWith(3), levelWith(2)], 'f1'), waitingOf([levelWith(3)], 'none')]).toEqual([6, 0]);
});
