/** What a picture of a DAG needs to know of its edges. */
import type { TaskView } from '../../sdk';

/** The length of the longest way to each task, from 0, by name. */
export const levelsOf = (tasks: readonly TaskView[]): ReadonlyMap<string, number> => {
  const waiting = new Map(tasks.map((task) => [task.taskName, task.dependencies.length]));
  const dependents = new Map<string, string[]>(tasks.map((task) => [task.taskName, []]));
  for (const { taskName, dependencies } of tasks) for (const parent of dependencies) dependents.get(parent)?.push(taskName);
  return inOrder(waiting, dependents);
};

const inOrder = (waiting: Map<string, number>, dependents: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> => {
  const levels = new Map<string, number>();
  let ready = [...waiting].filter(([, left]) => left === 0).map(([name]) => name);
  for (let level = 0; ready.length > 0; level++) {
    const next: string[] = [];
    for (const name of ready) levels.set(name, level);
    for (const name of ready) {
      for (const dependent of dependents.get(name) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1;
        waiting.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    ready = next;
  }
  return levels;
};

export interface Branch {
  readonly task: TaskView;
  /** Dependencies beside the one that it hangs from. */
  readonly also: readonly string[];
  readonly children: readonly Branch[];
}

/** A DAG as a tree: each task hangs from its deepest dependency, the last to be complete as a rule. */
export const treeOf = (tasks: readonly TaskView[]): readonly Branch[] => {
  const levels = levelsOf(tasks);
  const deepest = ({ dependencies }: TaskView): string | undefined =>
    dependencies.reduce<string | undefined>(
      (best, name) => (best === undefined || (levels.get(name) ?? 0) > (levels.get(best) ?? 0) ? name : best),
      undefined,
    );
  const childrenOf = new Map(tasks.map((task): [string | undefined, Branch[]] => [task.taskName, []]));
  const roots: Branch[] = [];
  for (const task of tasks) {
    const parent = deepest(task);
    const branch = { task, also: task.dependencies.filter((name) => name !== parent), children: childrenOf.get(task.taskName) ?? [] };
    (childrenOf.get(parent) ?? roots).push(branch);
  }
  return roots;
};
