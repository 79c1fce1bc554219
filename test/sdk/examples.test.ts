import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BUILT_IN_TASK_TYPES } from '../../src/core/dag';
import { simulatedDraw } from '../../src/execute/handlers/simulated';
import type { DagSubmission } from '../../src/sdk';

const root = path.resolve(__dirname, '../..');
const read = (file: string): DagSubmission => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as DagSubmission;

const attemptsOf = (dag: DagSubmission, taskName: string): number => {
  const simulate = { ...dag.simulate, seed: dag.simulate?.seed ?? NaN };
  const tries = [1, 2, 3, 4, 5].map((attempt) => simulatedDraw(simulate, taskName, attempt));
  return tries.findIndex(({ failed }) => !failed) + 1;
};

describe('sample-dag.json', () => {
  const sample = read('sample-dag.json');

  test('has 7 tasks of all five types', () => {
    expect(sample.dagName).toBe('Data Pipeline Example');
    expect(sample.tasks).toHaveLength(7);
    expect(new Set(sample.tasks.map(({ type }) => type))).toEqual(new Set(BUILT_IN_TASK_TYPES));
  });

  test('shows one retry by its seed, of one task in a branch', () => {
    expect(Object.fromEntries(sample.tasks.map(({ taskName }) => [taskName, attemptsOf(sample, taskName)]))).toEqual({
      'extract-orders': 1,
      'extract-customers': 1,
      validate: 1,
      transform: 2,
      aggregate: 1,
      load: 1,
      notify: 1,
    });
  });
});

test.each(['linear-pipeline', 'parallel-processing', 'complex-dag'])('examples/%s.json completes by its seed', (name) => {
  const dag = read(`examples/${name}.json`);
  const attempts = dag.tasks.map(({ taskName }) => attemptsOf(dag, taskName));
  // 0 stands for a task that never succeeds; the default policy allows 4 attempts.
  expect(Math.min(...attempts)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...attempts)).toBeLessThanOrEqual(4);
});

test('there is no example beside those that the tests know', () => {
  expect(readdirSync(path.join(root, 'examples')).sort()).toEqual([
    'complex-dag.json',
    'failure-handling.json',
    // test/integration/userHandlers.test.ts
    'handlers',
    'linear-pipeline.json',
    'parallel-processing.json',
  ]);
});
