/** A graph in layers, for a look at it before it is submitted: each task one layer after the last of its dependencies. */

export interface PreviewTask {
  readonly name: string;
  readonly type: string;
  readonly dependencies: readonly string[];
}

export interface Placed extends PreviewTask {
  readonly layer: number;
  readonly row: number;
}

export interface Layers {
  readonly tasks: readonly Placed[];
  readonly edges: readonly { readonly from: Placed; readonly to: Placed }[];
  readonly layers: number;
  readonly rows: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The tasks of a document as far as they can be read: it is being written. */
export const tasksIn = (value: unknown): readonly PreviewTask[] => {
  const tasks = isObject(value) && Array.isArray(value['tasks']) ? (value['tasks'] as unknown[]) : [];
  return tasks.filter(isObject).flatMap((task) => {
    const name = textOf(task['taskName']);
    const dependencies = Array.isArray(task['dependencies']) ? task['dependencies'].filter((each): each is string => typeof each === 'string') : [];
    return name === '' ? [] : [{ name, type: textOf(task['type']), dependencies }];
  });
};

/** The layer of each task; tasks of a cycle stand where they were first reached. */
const layersOf = (tasks: ReadonlyMap<string, PreviewTask>): ReadonlyMap<string, number> => {
  const layers = new Map<string, number>();
  const waiting = new Map([...tasks.values()].map(({ name, dependencies }) => [name, new Set(dependencies.filter((each) => tasks.has(each))).size]));
  const dependents = new Map<string, string[]>();
  for (const { name, dependencies } of tasks.values())
    for (const dependency of new Set(dependencies)) dependents.set(dependency, [...(dependents.get(dependency) ?? []), name]);
  const ready = [...waiting].flatMap(([name, count]) => (count === 0 ? [name] : []));
  for (const name of ready) layers.set(name, 0);
  for (let i = 0; i < ready.length; i++) {
    const name = ready[i]!;
    for (const next of dependents.get(name) ?? []) {
      layers.set(next, Math.max(layers.get(next) ?? 0, layers.get(name)! + 1));
      const left = waiting.get(next)! - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return layers;
};

/** Rows within a layer follow those of their dependencies, so that fewer edges cross. */
const placedOf = (tasks: readonly PreviewTask[], layers: ReadonlyMap<string, number>): ReadonlyMap<string, Placed> => {
  const placed = new Map<string, Placed>();
  const byLayer = new Map<number, PreviewTask[]>();
  for (const task of tasks) {
    const layer = layers.get(task.name) ?? 0;
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), task]);
  }
  for (const [layer, members] of [...byLayer].sort(([a], [b]) => a - b)) {
    const middle = ({ dependencies }: PreviewTask): number => {
      const rows = dependencies.flatMap((name) => placed.get(name)?.row ?? []);
      return rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
    };
    const sorted = members.map((task) => ({ task, at: middle(task) })).sort((a, b) => a.at - b.at);
    for (const [row, { task }] of sorted.entries()) placed.set(task.name, { ...task, layer, row });
  }
  return placed;
};

/** Places tasks. Names that occur twice are one task, and unknown dependencies are left out: the check tells of them. */
export const layered = (tasks: readonly PreviewTask[]): Layers => {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const placed = placedOf([...byName.values()], layersOf(byName));
  const all = [...placed.values()];
  const edges = all.flatMap((to) =>
    [...new Set(to.dependencies)].flatMap((name) => {
      const from = placed.get(name);
      return from === undefined ? [] : [{ from, to }];
    }),
  );
  return {
    tasks: all,
    edges,
    layers: 1 + Math.max(-1, ...all.map(({ layer }) => layer)),
    rows: 1 + Math.max(-1, ...all.map(({ row }) => row)),
  };
};
