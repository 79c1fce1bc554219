import { createRunTimes, type Ran, type RunTimes } from '../../src/core/runTimes';

const ran = (ms: number, taskName = 'load', other: Partial<Ran> = {}): Ran => ({ dagName: 'nightly', taskName, type: 'API_CALL', ms, ...other });
const learned = (...all: readonly Ran[]): RunTimes => {
  const times = createRunTimes();
  for (const each of all) times.learn(each);
  return times;
};
const expected = (times: RunTimes, name = 'load', dagName = 'nightly', type = 'API_CALL') => times.expectationIn(dagName)({ name, type });

test('a task is expected to take what it took in DAGs of the same name, else what its type takes, else nobody knows', () => {
  const times = learned(ran(100), ran(300, 'store'), ran(50, 'load', { dagName: 'hourly' }));
  expect(expected(times)).toBe(100);
  expect(expected(times, 'never seen')).toBe(150);
  expect(expected(times, 'load', 'never seen')).toBe(150);
  expect(expected(times, 'load', 'never seen', 'never seen')).toBeUndefined();
});

test('what changed is followed within some runs, and one odd run hardly counts', () => {
  const times = learned(...Array.from({ length: 20 }, () => ran(100)));
  times.learn(ran(1000));
  expect(expected(times)).toBeLessThan(300);
  for (let i = 0; i < 15; i++) times.learn(ran(1000));
  expect(expected(times)).toBeGreaterThan(950);
});

test('the spread of a type is told within 5 %, and of its newest thousands', () => {
  const times = learned(...Array.from({ length: 1000 }, (_, i) => ran(i + 1)));
  const { p50Ms, p95Ms, meanMs, samples } = times.ofType('API_CALL')!;
  expect(samples).toBe(1000);
  expect(meanMs).toBeCloseTo(500.5);
  expect(Math.abs(p50Ms - 500) / 500).toBeLessThan(0.05);
  expect(Math.abs(p95Ms - 950) / 950).toBeLessThan(0.05);
  for (let i = 0; i < 20_000; i++) times.learn(ran(20));
  expect(times.ofType('API_CALL')!.p95Ms).toBeLessThan(22);
  expect(times.ofType('API_CALL')!.samples).toBeLessThanOrEqual(2000);
  expect(times.ofType('never seen')).toBeUndefined();
});

test('where it is full, the DAG names that ended longest ago are forgotten; one that fills it alone gets no more', () => {
  const times = createRunTimes({ types: 2, tasks: 4 });
  const of = (dagName: string, ...names: readonly string[]): void => {
    for (const name of names) times.learn(ran(10, name, { dagName, type: `${dagName}s` }));
  };
  of('a', '1', '2');
  of('b', '1', '2');
  of('a', '1');
  of('c', '1');
  expect(times.size()).toEqual({ types: 2, tasks: 3 });
  const known = (dagName: string, name: string): boolean => times.expectationIn(dagName)({ name, type: 'none' }) !== undefined;
  expect([known('a', '2'), known('b', '1'), known('c', '1')]).toEqual([true, false, true]);
  of('d', '1', '2', '3', '4', '5');
  expect([known('a', '1'), known('d', '4'), known('d', '5')]).toEqual([false, true, false]);
  expect(times.size()).toEqual({ types: 2, tasks: 4 });
});

test('what was learned is taken in portions, once, and comes back where it could not be kept', () => {
  const times = learned(ran(1, 'a'), ran(2, 'b'), ran(3, 'c'));
  const first = times.changed(3);
  expect(first.map(({ name }) => name)).toEqual(['API_CALL', 'a', 'b']);
  expect(times.changed(3).map(({ name }) => name)).toEqual(['c']);
  expect(times.changed(3)).toEqual([]);
  times.keepBack(first);
  expect(times.changed(9)).toEqual(first);
  times.learn(ran(4, 'c'));
  expect(times.changed(9).map(({ name }) => name)).toEqual(['API_CALL', 'c']);
});

test('another adopts it whole, but not over what it learned itself meanwhile', () => {
  const times = learned(...Array.from({ length: 50 }, (_, i) => ran(i * 10)), ran(7, 'store'));
  const kept = JSON.parse(JSON.stringify(times.changed(99))) as ReturnType<RunTimes['changed']>;
  const other = createRunTimes();
  other.learn(ran(5));
  other.adopt(kept);
  expect([expected(other), expected(other, 'store')]).toEqual([5, 7]);
  expect(other.ofType('API_CALL')).toMatchObject({ samples: 1 });
  const third = createRunTimes();
  third.adopt(kept);
  expect(third.ofType('API_CALL')).toEqual(times.ofType('API_CALL'));
  expect(third.changed(99)).toEqual([]);
});

test('names that come once each cost no more where it is full', () => {
  const times = createRunTimes({ types: 1, tasks: 50_000 });
  const began = process.cpuUsage();
  for (let i = 0; i < 200_000; i++) times.learn(ran(1, 'only', { dagName: `single ${i}` }));
  // A tenth of it on a quiet machine; looking for the oldest name each time took forty times as long.
  expect(process.cpuUsage(began).user).toBeLessThan(3_000_000);
  expect(times.size().tasks).toBeGreaterThan(40_000);
});
