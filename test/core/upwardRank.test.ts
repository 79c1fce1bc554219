import { runOfPlan } from '../../src/core/run';
import { upwardRank } from '../../src/core/upwardRank';
import { planOf, plannedTask } from './model';

const runOf = (...dependencies: readonly (readonly number[])[]) => runOfPlan(planOf(dependencies.map((of, i) => plannedTask(String(i), of))));
const taking =
  (...ms: readonly number[]) =>
  ({ name }: { name: string }) =>
    ms[Number(name)];

test('a task ranks with its own time and the longest way behind it, in whatever order the tasks were submitted', () => {
  //  4 ─▶ 2 ─▶ 0,  4 ─▶ 3 ─▶ 0,  1 alone
  const run = runOf([2, 3], [], [4], [4], []);
  expect([...upwardRank(run, taking(10, 500, 20, 300, 4))]).toEqual([10, 500, 30, 310, 314]);
  expect([...upwardRank(run, taking(10, 500, 300, 20, 4))]).toEqual([10, 500, 310, 30, 314]);
  // The same in the order of the dependencies.
  expect([...upwardRank(runOf([], [0], [0], [1, 2]), taking(4, 300, 20, 10))]).toEqual([314, 310, 30, 10]);
});

test('what nothing is known of counts as a second, and what takes no time as a moment', () => {
  expect([...upwardRank(runOf([], [0], [1]), taking(0, 0))]).toEqual([1002, 1001, 1000]);
});

test('100,000 tasks and 300,000 edges are ranked in under 50 ms', () => {
  const size = 100_000;
  const run = runOfPlan(
    planOf(
      Array.from({ length: size }, (_, i) =>
        plannedTask(String(i), i < 1000 ? [] : [i - 1000, i - 1 - (i % 7), i - 500].slice(0, i % 100 === 0 ? 2 : 3)),
      ),
    ),
  );
  const own = new Float64Array(size).map((_, i) => i % 50);
  const times = new Map(run.specs.map(({ name }, i) => [name, own[i]!]));
  const expected = ({ name }: { name: string }) => times.get(name);
  const took = [0, 1, 2, 3, 4].map(() => {
    const began = process.cpuUsage();
    upwardRank(run, expected);
    return process.cpuUsage(began).user / 1000;
  });
  expect(run.children.length).toBeGreaterThan(290_000);
  expect(Math.min(...took)).toBeLessThan(50);
});
