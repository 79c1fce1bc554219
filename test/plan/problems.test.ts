import { planOf, problemsOf, tasksOf } from './planning';

const problems = (...lines: string[]): string[] => problemsOf(planOf({ tasks: tasksOf(...lines) }));

describe('what is wrong with a graph', () => {
  test('no tasks', () => {
    expect(problems()).toEqual(['tasks: a DAG needs at least one task']);
  });

  test('a duplicate name', () => {
    expect(problems('a', 'b', 'a')).toEqual(['tasks[2].taskName: the name "a" is taken by tasks[0]: names are unique within a DAG']);
  });

  test('a task that depends on itself', () => {
    expect(problems('a < a')).toEqual(['tasks[0].dependencies[0]: the task "a" depends on itself']);
  });

  test('a dependency that does not exist, with the nearest name', () => {
    expect(problems('extract', 'load < extarct')).toEqual(['tasks[1].dependencies[0]: no task "extarct" in this DAG (did you mean "extract"?)']);
    expect(problems('extract', 'load < nothing-like-it')).toEqual(['tasks[1].dependencies[0]: no task "nothing-like-it" in this DAG']);
  });

  test('a dependency that is there twice', () => {
    expect(problems('a', 'b < a a')).toEqual(['tasks[1].dependencies[1]: the dependency "a" is there twice']);
  });

  test('a cycle, spelt out in the order in which its tasks would run', () => {
    expect(problems('a < c', 'b < a', 'c < b', 'd < c')).toEqual([
      'tasks[0].dependencies: these tasks wait for each other in a cycle: a → b → c → a',
    ]);
  });

  test('each of several cycles', () => {
    expect(problems('a < b', 'b < a', 'x < y', 'y < x', 'free')).toEqual([
      'tasks[0].dependencies: these tasks wait for each other in a cycle: a → b → a',
      'tasks[2].dependencies: these tasks wait for each other in a cycle: x → y → x',
    ]);
  });

  test('a long cycle is cut in the middle', () => {
    const names = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const [problem] = problems(...names.map((name, i) => `${name} < ${names[(i + 49) % 50]}`));
    expect(problem).toMatch(/: t0 → t1 → .* → t17 → \(31 more\) → t49 → t0$/);
  });

  test('an unknown type', () => {
    const tasks = [
      { taskName: 'a', type: 'API_CAL' },
      { taskName: 'b', type: 'COFFEE' },
    ];
    expect(problemsOf(planOf({ tasks }))).toEqual([
      'tasks[0].type: no task type "API_CAL" (did you mean "API_CALL"?)',
      'tasks[1].type: no task type "COFFEE" (there are DATA_PROCESSING, API_CALL)',
    ]);
  });

  test('all problems come together', () => {
    expect(problems('a', 'a', 'b < b zzz', 'c < d', 'd < c')).toHaveLength(4);
  });

  test('beyond a hundred problems the rest is counted', () => {
    const found = problems(...Array.from({ length: 150 }, (_, i) => `t${i} < missing-${i}`));
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toBe(': and 50 more problems');
  });
});

describe('what is too large', () => {
  const reasonOf = (planned: ReturnType<typeof planOf>): string => (planned.kind === 'refused' ? planned.reason : planned.kind);

  test('too many tasks, too many dependencies', () => {
    const tasks = tasksOf('a', 'b < a', 'c < a b');
    const planned = planOf({ tasks }, { tasksPerDag: 2, edgesPerDag: 2 });
    expect(problemsOf(planned)).toEqual(['tasks: 3 tasks are more than the limit of 2', 'tasks: 3 dependencies are more than the limit of 2']);
    expect(reasonOf(planned)).toBe('too large');
    expect(reasonOf(planOf({ tasks }, { tasksPerDag: 3, edgesPerDag: 3 }))).toBe('planned');
  });

  test('a payload, counted in bytes of UTF-8', () => {
    const tasks = [{ taskName: 'a', type: 'API_CALL', payload: 'ü'.repeat(10) }];
    expect(reasonOf(planOf({ tasks }, { payloadBytes: 22 }))).toBe('planned');
    expect(problemsOf(planOf({ tasks }, { payloadBytes: 21 }))).toEqual(['tasks[0].payload: the payload of 22 bytes is larger than the limit of 21']);
  });

  test('a default payload that multiplies', () => {
    const planned = planOf({ payload: 'x'.repeat(98), tasks: tasksOf('a', 'b', 'c') }, { dagBytes: 250 });
    expect(problemsOf(planned)).toEqual([expect.stringContaining('come to 300 bytes: more than the limit of 250')]);
    expect(reasonOf(planned)).toBe('too large');
  });

  test('something wrong beside it makes the DAG wrong', () => {
    const tasks = [{ taskName: 'a', type: 'COFFEE', payload: 'x'.repeat(100) }];
    expect(reasonOf(planOf({ tasks }, { payloadBytes: 50 }))).toBe('wrong');
  });

  test('a payload that is nested too deeply to be written', () => {
    const payload: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    expect(problemsOf(planOf({ tasks: [{ taskName: 'a', type: 'API_CALL', payload }] }))).toEqual([
      'tasks[0].payload: the payload is nested too deeply',
    ]);
  });
});
