/** Reads the graph of a submission: names become indexes, and whatever is no graph of tasks becomes a problem with its path. */
import { findCycles } from './cycles';
import { createNearest } from './nearest';
import type { Problems } from './problems';
import type { SubmittedTask } from './submitted';

const NAMES_COMPARED = 200_000;
export const CYCLES_SHOWN = 10;
const NAMES_IN_A_CYCLE = 20;
const LONGEST_QUOTED = 80;

/** A name as it stands in a sentence: in quotes, and cut where it would bury the sentence. */
export const quoted = (name: string): string => JSON.stringify(name.length > LONGEST_QUOTED ? `${name.slice(0, LONGEST_QUOTED)}…` : name);

const indexNames = (tasks: readonly SubmittedTask[], problems: Problems): Map<string, number> => {
  const byName = new Map<string, number>();
  tasks.forEach(({ taskName }, i) => {
    const earlier = byName.get(taskName);
    if (earlier === undefined) byName.set(taskName, i);
    else problems.add(`tasks[${i}].taskName`, `the name ${quoted(taskName)} is taken by tasks[${earlier}]: names are unique within a DAG`);
  });
  return byName;
};

type Nearest = (wrong: string) => string | undefined;

const noSuchTask = (name: string, nearest: Nearest): string => {
  const meant = nearest(name);
  return `no task ${quoted(name)} in this DAG${meant === undefined ? '' : ` (did you mean ${quoted(meant)}?)`}`;
};

/** What reading dependencies needs: the names that there are, and a place to note which parent was seen last by whom. */
export interface Names {
  readonly byName: ReadonlyMap<string, number>;
  readonly nearest: Nearest;
  /** For each task the last one that named it, plus 1: it finds repeats without a set for each task. */
  readonly lastSeen: Uint32Array;
}

export const namesOf = (byName: ReadonlyMap<string, number>, size: number): Names => ({
  byName,
  nearest: createNearest([...byName.keys()], NAMES_COMPARED),
  lastSeen: new Uint32Array(size),
});

/** Turns the dependencies of the task with index `self` into indexes. */
export const parentsOf = (
  dependencies: readonly string[],
  { self, path, problems }: { readonly self: number; readonly path: string; readonly problems: Problems },
  { byName, nearest, lastSeen }: Names,
): number[] => {
  const parents: number[] = [];
  for (let d = 0; d < dependencies.length; d++) {
    const name = dependencies[d]!;
    const parent = byName.get(name);
    const at = (): string => `${path}.dependencies[${d}]`;
    if (parent === undefined) problems.add(at(), problems.wanted ? noSuchTask(name, nearest) : '');
    else if (parent === self) problems.add(at(), `the task ${quoted(name)} depends on itself`);
    else if (lastSeen[parent] === self + 1) problems.add(at(), `the dependency ${quoted(name)} is there twice`);
    else {
      lastSeen[parent] = self + 1;
      parents.push(parent);
    }
  }
  return parents;
};

const resolve = (tasks: readonly SubmittedTask[], byName: Map<string, number>, problems: Problems): number[][] => {
  const names = namesOf(byName, tasks.length);
  return tasks.map((task, self) => parentsOf(task.dependencies ?? [], { self, path: `tasks[${self}]`, problems }, names));
};

/** A cycle in words, cut in its middle where it is long. */
export const spell = (cycle: readonly number[], nameOf: (task: number) => string): string => {
  const names = [...cycle, cycle[0]!].map(nameOf).map((name) => (name.length > LONGEST_QUOTED ? `${name.slice(0, LONGEST_QUOTED)}…` : name));
  const middle = names.length - NAMES_IN_A_CYCLE;
  const shown = middle <= 0 ? names : [...names.slice(0, NAMES_IN_A_CYCLE - 2), `(${middle} more)`, ...names.slice(-2)];
  return shown.join(' → ');
};

const reportCycles = (tasks: readonly SubmittedTask[], dependencies: readonly (readonly number[])[], problems: Problems): void => {
  for (const cycle of findCycles(dependencies, CYCLES_SHOWN)) {
    problems.add(`tasks[${cycle[0]!}].dependencies`, `these tasks wait for each other in a cycle: ${spell(cycle, (i) => tasks[i]!.taskName)}`);
  }
};

/** The dependencies of each task as indexes; what is wrong is added to `problems`, and the answer is of use only if nothing was. */
export const readGraph = (tasks: readonly SubmittedTask[], problems: Problems): number[][] => {
  const dependencies = resolve(tasks, indexNames(tasks, problems), problems);
  reportCycles(tasks, dependencies, problems);
  return dependencies;
};
