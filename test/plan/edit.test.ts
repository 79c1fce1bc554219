import type { DagRecord } from '../../src/core/change';
import type { TaskStatus } from '../../src/core/dag';
import { planEdit, type SubmittedEdit } from '../../src/plan/edit';
import { planOf as coreplan, plannedTask, rowsOf } from '../core/model';
import { planOf, settings, tasksOf } from './planning';

/** extract → transform → load, and audit beside load. */
const dagWith = (statuses: Partial<Record<string, TaskStatus>> = {}): DagRecord => {
  const tasks = [plannedTask('extract', []), plannedTask('transform', [0]), plannedTask('load', [1]), plannedTask('audit', [1])];
  const record = rowsOf(coreplan(tasks)).record();
  return { ...record, version: 3, tasks: record.tasks.map((task) => ({ ...task, status: statuses[task.name] ?? task.status })) };
};

const edit = (submitted: Partial<SubmittedEdit>, dag = dagWith(), limits: Partial<(typeof settings)['limits']> = {}) =>
  planEdit(
    { dag, defaults: undefined },
    { add: [], replace: [], remove: [], ...submitted },
    { ...settings, limits: { ...settings.limits, ...limits } },
  );
const problemsOf = (answer: ReturnType<typeof edit>): string[] =>
  answer.kind === 'planned' ? [] : answer.problems.map(({ path, message }) => `${path}: ${message}`);

test('names become the indexes of the graph as it will be', () => {
  const answer = edit({ add: tasksOf('check < transform', 'notify < check load'), replace: tasksOf('load < check'), remove: ['audit'] });
  expect(answer).toMatchObject({
    kind: 'planned',
    edit: {
      version: 3,
      added: [
        { name: 'check', dependencies: [1], retry: settings.retry },
        { name: 'notify', dependencies: [4, 2] },
      ],
      replaced: [{ task: 2, as: { name: 'load', dependencies: [4], options: null } }],
      removed: [3],
    },
  });
});

test('what a task does not say is what its DAG said, and the rest is the deployment’s', () => {
  const submitted = planOf({ priority: 8, maxRetries: 7, tags: ['nightly'], pool: 'db', payload: { n: 1 }, tasks: tasksOf('a') });
  const { defaults } = submitted.kind === 'planned' ? submitted.dag : {};
  const add = [
    { taskName: 'quiet', type: 'API_CALL' },
    { taskName: 'loud', type: 'API_CALL', priority: 1, tags: ['own'], payload: null, pool: 'web' },
  ];
  const answer = planEdit({ dag: dagWith(), defaults }, { add, replace: tasksOf('load < transform'), remove: [] }, settings);
  const retry = { maxRetries: 7, backoff: settings.retry.backoff };
  const inherited = { priority: 8, retry, tags: ['nightly'], options: { pool: 'db' }, payload: '{"n":1}' };
  expect(answer).toMatchObject({
    edit: {
      added: [inherited, { priority: 1, retry, tags: ['own'], options: { pool: 'web' }, payload: null }],
      replaced: [{ task: 2, as: inherited }],
    },
  });
});

test('a DAG that said nothing for its tasks keeps nothing', () => {
  const plain = planOf({ description: 'what is no default', dagTimeoutSeconds: 5, tasks: [{ taskName: 'a', type: 'API_CALL', priority: 9 }] });
  expect(plain).toMatchObject({ kind: 'planned' });
  expect(plain).not.toHaveProperty('dag.defaults');
});

test('what waits for no one any more may be removed with all that depends on it', () => {
  expect(edit({ remove: ['transform', 'load', 'audit'] })).toMatchObject({ kind: 'planned', edit: { removed: [1, 2, 3] } });
});

test.each([
  ['nothing at all', {}, [': nothing is to be changed: give add, replace or remove']],
  ['a name that is taken', { add: tasksOf('load') }, ['add[0].taskName: the name "load" is taken: names are unique within a DAG']],
  ['a new name twice', { add: tasksOf('x', 'x') }, ['add[1].taskName: the name "x" is taken: names are unique within a DAG']],
  [
    'a task that is not there',
    { replace: tasksOf('laod'), remove: ['nobody'] },
    ['replace[0].taskName: no task "laod" in this DAG', 'remove[0]: no task "nobody" in this DAG'],
  ],
  [
    'a task that has begun',
    { replace: tasksOf('extract') },
    ['replace[0].taskName: the task "extract" is QUEUED: only what waits for its dependencies, or is held, can be changed; hold it first'],
  ],
  [
    'twice the same',
    { replace: tasksOf('load < transform'), remove: ['load'] },
    ['remove[0]: the task "load" is to be replaced or removed twice: say it once'],
  ],
  [
    'a dependency on what is removed',
    { add: tasksOf('x < load'), remove: ['load'] },
    ['add[0].dependencies: the task "load" is removed: nothing can depend on it'],
  ],
  [
    'leaving a task behind',
    { remove: ['transform'], replace: tasksOf('load < extract') },
    ['remove[0]: the task "audit" depends on it: replace or remove that one too'],
  ],
  [
    'a dependency that is nowhere',
    { add: tasksOf('x < transfrom') },
    ['add[0].dependencies[0]: no task "transfrom" in this DAG (did you mean "transform"?)'],
  ],
  [
    'a cycle through old and new tasks',
    { replace: tasksOf('transform < x'), add: tasksOf('x < load') },
    ['replace[0].dependencies: these tasks would wait for each other in a cycle: transform → load → x → transform'],
  ],
  ['a task that waits for itself', { add: tasksOf('x < x') }, ['add[0].dependencies[0]: the task "x" depends on itself']],
  ['a type that nobody runs', { add: [{ taskName: 'x', type: 'API_CAL' }] }, ['add[0].type: no task type "API_CAL" (did you mean "API_CALL"?)']],
] as const)('%s is refused with its place', (_what, submitted, problems) => {
  expect(problemsOf(edit(submitted as Partial<SubmittedEdit>))).toEqual(problems);
});

test('limits count the whole DAG as it will be', () => {
  const answer = edit({ add: tasksOf('x < extract') }, dagWith(), { tasksPerDag: 4, edgesPerDag: 3 });
  expect(answer).toMatchObject({ kind: 'refused', reason: 'too large' });
  expect(problemsOf(answer)).toEqual(['add: 5 tasks are more than the limit of 4', 'add: 4 dependencies are more than the limit of 3']);
});

test('nothing can depend on what was removed before', () => {
  const dag = dagWith({ load: 'CANCELLED' });
  const removed = {
    ...dag,
    tasks: dag.tasks.map((task) => (task.name === 'load' ? { ...task, reason: { code: 'REMOVED' as const, at: 1 } } : task)),
  };
  expect(problemsOf(edit({ add: tasksOf('x < load') }, removed))).toEqual([
    'add[0].dependencies: the task "load" is removed: nothing can depend on it',
  ]);
});
