/** The graph of a DAG's tasks in compact arrays: tasks are their places in the list that the API gave. */

export interface Named {
  readonly taskName: string;
  readonly type: string;
  readonly dependencies: readonly string[];
}

export interface TaskGraph {
  readonly size: number;
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly parents: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
  /** The longest way from a root, in edges. */
  readonly level: Int32Array;
  /** Each task behind everything that it depends on. */
  readonly order: Int32Array;
}

const inOrder = (parents: readonly (readonly number[])[], children: readonly (readonly number[])[]): Pick<TaskGraph, 'level' | 'order'> => {
  const size = parents.length;
  const left = Int32Array.from(parents, (each) => each.length);
  const level = new Int32Array(size);
  const order = new Int32Array(size);
  let ordered = 0;
  for (let task = 0; task < size; task++) if (left[task] === 0) order[ordered++] = task;
  for (let at = 0; at < ordered; at++) {
    const task = order[at]!;
    for (const child of children[task]!) {
      level[child] = Math.max(level[child]!, level[task]! + 1);
      if (--left[child]! === 0) order[ordered++] = child;
    }
  }
  return { level, order: order.slice(0, ordered) };
};

const isSame = (one: Named, other: Named): boolean =>
  one === other ||
  (one.taskName === other.taskName &&
    one.type === other.type &&
    one.dependencies.length === other.dependencies.length &&
    one.dependencies.every((name, i) => name === other.dependencies[i]));

/** Whether two lists have the same graph, whatever else changed. */
export const hasSameGraph = (one: readonly Named[], other: readonly Named[]): boolean =>
  one === other || (one.length === other.length && one.every((task, i) => isSame(task, other[i]!)));

/** Dependencies that the list doesn't hold (tasks that were removed) are left out. */
export const graphOf = (tasks: readonly Named[]): TaskGraph => {
  const places = new Map(tasks.map(({ taskName }, place) => [taskName, place]));
  const parents = tasks.map(({ dependencies }) => dependencies.flatMap((name) => places.get(name) ?? []));
  const children: number[][] = tasks.map(() => []);
  parents.forEach((each, task) => {
    for (const parent of each) children[parent]!.push(task);
  });
  return {
    size: tasks.length,
    names: tasks.map(({ taskName }) => taskName),
    types: tasks.map(({ type }) => type),
    parents,
    children,
    ...inOrder(parents, children),
  };
};

/** What a task waits for, or what waits for it, at any distance. */
const closure = (from: number, next: readonly (readonly number[])[]): Set<number> => {
  const found = new Set<number>();
  const open = [...next[from]!];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (found.has(task)) continue;
    found.add(task);
    for (const each of next[task]!) open.push(each);
  }
  return found;
};

export const ancestorsOf = (graph: TaskGraph, task: number): Set<number> => closure(task, graph.parents);
export const descendantsOf = (graph: TaskGraph, task: number): Set<number> => closure(task, graph.children);
