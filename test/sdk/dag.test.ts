import { defineDag } from '../../src/sdk';

test('handles become names', () => {
  const dag = defineDag('Nightly', { priority: 7 });
  const a = dag.task('a', 'API_CALL', { payload: { page: 1 } });
  const b = dag.task('b', 'DATA_PROCESSING', { after: [a], maxRetries: 1 });
  dag.task('c', 'NOTIFICATION', { after: [a, b], requiresApproval: true });
  expect(dag.submission()).toEqual({
    dagName: 'Nightly',
    priority: 7,
    tasks: [
      { taskName: 'a', type: 'API_CALL', dependencies: [], payload: { page: 1 } },
      { taskName: 'b', type: 'DATA_PROCESSING', dependencies: ['a'], maxRetries: 1 },
      { taskName: 'c', type: 'NOTIFICATION', dependencies: ['a', 'b'], requiresApproval: true },
    ],
  });
});

test('a name is given once, and a handle stays in its DAG', () => {
  const dag = defineDag('Nightly');
  const a = dag.task('a', 'API_CALL');
  expect(() => dag.task('a', 'API_CALL')).toThrow('there is a task "a" in "Nightly" already');
  expect(() => defineDag('Other').task('b', 'API_CALL', { after: [a] })).toThrow('"a", which "b" is put after, is no task of "Other"');
});
