/** From a change of a DAG's graph, as it was submitted, to one that the law can apply, or to everything that is wrong with it. */
import type { DagRecord } from '../core/change';
import type { GraphEdit } from '../core/command';
import { wayToChange } from '../core/edit';
import type { PlannedTask, TaskDefaults } from '../core/dag';
import type { Problem } from '../core/refusal';
import { findCycles } from './cycles';
import { CYCLES_SHOWN, namesOf, parentsOf, quoted, spell, type Names } from './graph';
import { deploymentDefaults } from './policy';
import { createProblems, type Problems } from './problems';
import type { PlanSettings, SubmittedTask } from './submitted';
import { checkTotal, checkTypes, planTask, type TaskContext } from './task';

/** Tasks are meant by their names. */
export interface SubmittedEdit {
  readonly add: readonly SubmittedTask[];
  readonly replace: readonly SubmittedTask[];
  readonly remove: readonly string[];
}

export type EditPlan =
  | { readonly kind: 'planned'; readonly edit: GraphEdit }
  | { readonly kind: 'refused'; readonly reason: 'wrong' | 'too large'; readonly problems: readonly Problem[] };

/** A submitted task, where it stands in the request, and the place that it has or gets in the DAG. */
interface Placed {
  readonly task: SubmittedTask;
  readonly path: string;
  readonly index: number;
}

/** The index of a task that may be changed; what can't be is a problem. */
const changeable = (dag: DagRecord, byName: ReadonlyMap<string, number>, name: string, { path, problems }: { path: string; problems: Problems }) => {
  const index = byName.get(name);
  if (index === undefined || index >= dag.tasks.length) {
    problems.add(path, `no task ${quoted(name)} in this DAG`);
    return undefined;
  }
  const { status } = dag.tasks[index]!;
  if (status === 'PENDING') return index;
  problems.add(path, `the task ${quoted(name)} is ${status}: only what waits for its dependencies, or is held, can be changed${wayToChange(status)}`);
  return undefined;
};

const placeAdded = (dag: DagRecord, add: readonly SubmittedTask[], byName: Map<string, number>, problems: Problems): Placed[] =>
  add.map((task, i) => {
    const index = dag.tasks.length + i;
    if (byName.has(task.taskName)) problems.add(`add[${i}].taskName`, `the name ${quoted(task.taskName)} is taken: names are unique within a DAG`);
    else byName.set(task.taskName, index);
    return { task, path: `add[${i}]`, index };
  });

const placeChanged = (dag: DagRecord, { replace, remove }: SubmittedEdit, byName: ReadonlyMap<string, number>, problems: Problems) => {
  const seen = new Set<number>();
  const place = (name: string, path: string): number | undefined => {
    const index = changeable(dag, byName, name, { path, problems });
    if (index === undefined) return undefined;
    if (seen.has(index)) problems.add(path, `the task ${quoted(name)} is to be replaced or removed twice: say it once`);
    seen.add(index);
    return index;
  };
  const replaced: Placed[] = [];
  replace.forEach((task, i) => {
    const index = place(task.taskName, `replace[${i}].taskName`);
    if (index !== undefined) replaced.push({ task, path: `replace[${i}]`, index });
  });
  const removed = remove.map((name, i) => place(name, `remove[${i}]`)).filter((index) => index !== undefined);
  return { replaced, removed };
};

/** The graph as it will be; tasks that are gone have no dependencies in it. */
const graphAfter = (
  dag: DagRecord,
  placed: readonly Placed[],
  gone: ReadonlySet<number>,
  { names, problems }: { names: Names; problems: Problems },
) => {
  const graph = dag.tasks.map(({ dependencies }, index) => (gone.has(index) ? [] : dependencies));
  for (const { task, path, index } of placed) {
    const parents = parentsOf(task.dependencies ?? [], { self: index, path, problems }, names);
    graph[index] = parents;
    for (const parent of parents)
      if (gone.has(parent)) problems.add(`${path}.dependencies`, `the task ${quoted(dag.tasks[parent]!.name)} is removed: nothing can depend on it`);
  }
  return graph;
};

const checkLeftBehind = (
  dag: DagRecord,
  { removed, replaced }: { removed: readonly number[]; replaced: readonly Placed[] },
  problems: Problems,
): void => {
  const leaving = new Map(removed.map((index, i) => [index, i]));
  const changed = new Set([...removed, ...replaced.map(({ index }) => index)]);
  for (const { task, name, dependencies } of dag.tasks) {
    if (changed.has(task)) continue;
    for (const parent of dependencies) {
      const at = leaving.get(parent);
      if (at !== undefined) problems.add(`remove[${at}]`, `the task ${quoted(name)} depends on it: replace or remove that one too`);
    }
  }
};

const checkSize = (graph: readonly (readonly number[])[], { limits }: PlanSettings, problems: Problems): void => {
  const edges = graph.reduce((sum, { length }) => sum + length, 0);
  if (graph.length > limits.tasksPerDag) problems.tooLarge('add', `${graph.length} tasks are more than the limit of ${limits.tasksPerDag}`);
  if (edges > limits.edgesPerDag) problems.tooLarge('add', `${edges} dependencies are more than the limit of ${limits.edgesPerDag}`);
};

const checkCycles = (dag: DagRecord, graph: readonly (readonly number[])[], placed: readonly Placed[], problems: Problems): void => {
  const byIndex = new Map(placed.map((each) => [each.index, each]));
  const nameOf = (index: number): string => byIndex.get(index)?.task.taskName ?? dag.tasks[index]!.name;
  for (const cycle of findCycles(graph, CYCLES_SHOWN)) {
    // What was there had no cycle: one of them is new.
    const at = cycle.map((index) => byIndex.get(index)).find((each) => each !== undefined);
    problems.add(`${at?.path ?? 'add'}.dependencies`, `these tasks would wait for each other in a cycle: ${spell(cycle, nameOf)}`);
  }
};

const planPlaced = (placed: readonly Placed[], graph: readonly (readonly number[])[], context: TaskContext): PlannedTask[] => {
  const { settings, problems } = context;
  checkTypes(
    placed.map(({ task }) => task),
    (i) => placed[i]!.path,
    { types: settings.types, problems },
  );
  const tasks = placed.map(({ task, path, index }) => ({ ...planTask(task, path, context), dependencies: graph[index]! }));
  checkTotal(tasks, settings.limits.dagBytes, problems);
  return tasks;
};

const isGoneAlready = ({ status, reason }: DagRecord['tasks'][number]): boolean => status === 'CANCELLED' && reason?.code === 'REMOVED';

/**
 * Plans a change of the DAG that `dag` is now. What a task doesn't say is what its DAG said when it was submitted, or the
 * deployment's where that said nothing. All problems come together, each with its path in the request. The law applies
 * the answer only to this version of the graph, and only where its tasks still haven't begun.
 */
export const planEdit = (
  { dag, defaults }: { readonly dag: DagRecord; readonly defaults: TaskDefaults | undefined },
  submitted: SubmittedEdit,
  settings: PlanSettings,
): EditPlan => {
  const problems = createProblems();
  const byName = new Map(dag.tasks.map(({ name }, index) => [name, index]));
  const { replaced, removed } = placeChanged(dag, submitted, byName, problems);
  const added = placeAdded(dag, submitted.add, byName, problems);
  if (submitted.add.length + submitted.replace.length + submitted.remove.length === 0)
    problems.add('', 'nothing is to be changed: give add, replace or remove');
  const gone = new Set(removed);
  for (const task of dag.tasks) if (isGoneAlready(task)) gone.add(task.task);
  const placed = [...replaced, ...added];
  const graph = graphAfter(dag, placed, gone, { names: namesOf(byName, dag.tasks.length + added.length), problems });
  checkLeftBehind(dag, { removed, replaced }, problems);
  checkSize(graph, settings, problems);
  checkCycles(dag, graph, placed, problems);
  const { payload: basePayload, ...base } = defaults ?? { ...deploymentDefaults(settings.retry), payload: null };
  const tasks = planPlaced(placed, graph, { base, basePayload, settings, problems });
  if (problems.count > 0) {
    const end = problems.end();
    return { kind: 'refused', reason: end.onlySize ? 'too large' : 'wrong', problems: end.problems };
  }
  const replacements = replaced.map(({ index }, i) => ({ task: index, as: tasks[i]! }));
  return { kind: 'planned', edit: { version: dag.version, added: tasks.slice(replaced.length), replaced: replacements, removed } };
};
