/**
 * Which tasks are shown as one, so that a graph of thousands can be read. It looks at names, types and edges alone, never at the tasks'
 * states: the picture stays as it is while the DAG runs.
 */
import type { TaskGraph } from './graph';

export const GROUPINGS = ['auto', 'none', 'stacks', 'kinds', 'levels'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Group {
  readonly id: string;
  readonly label: string;
  /** Places of its tasks, in the order submitted; always more than one. */
  readonly members: readonly number[];
}

/** So many boxes are laid out at once: what the eye takes in, and what the layout does in a tenth of a second. */
export const MOST_BOXES = 90;
/** Fan-outs of so many equals become one stack even where there is room. */
const SMALLEST_STACK = 8;

const withoutNumbers = (name: string): string => name.replace(/[0-9a-f]{8,}/gi, '#').replace(/\d+/g, '#');

const commonPrefix = (names: readonly string[]): string => {
  const [first = '', ...rest] = names;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
};

const MOST_COMPARED = 200;

/** What the members' names have in common, without the number at its end; else what they do. */
export const labelOf = (names: readonly string[], types: readonly string[]): string => {
  const prefix = commonPrefix(names.slice(0, MOST_COMPARED))
    .replace(/[\s\d_\-.:/[(]+$/, '')
    .replace(/[_\-.]id$/i, '');
  if (prefix.length >= 2) return prefix;
  const kinds = [...new Set(types)];
  return kinds.length === 1 ? kinds[0]! : `${kinds.length} types`;
};

/** Groups of at least `smallest` tasks that share a key. */
const byKey = (graph: TaskGraph, keyOf: (task: number) => string, smallest: number): Group[] => {
  const found = new Map<string, number[]>();
  for (let task = 0; task < graph.size; task++) {
    const key = keyOf(task);
    const members = found.get(key);
    if (members === undefined) found.set(key, [task]);
    else members.push(task);
  }
  return [...found.values()].filter((members) => members.length >= smallest).map((members) => groupOf(graph, members));
};

const groupOf = (graph: TaskGraph, members: readonly number[]): Group => ({
  id: `g${members[0]!}`,
  label: labelOf(
    members.map((task) => graph.names[task]!),
    members.map((task) => graph.types[task]!),
  ),
  members,
});

const boxesOf = (graph: TaskGraph, groups: readonly Group[]): number => groups.reduce((boxes, { members }) => boxes - members.length + 1, graph.size);

const sorted = (places: readonly number[]): string => [...places].sort((a, b) => a - b).join(',');

/** Equals: they wait for the same tasks, and the same tasks wait for them. */
const stacks = (graph: TaskGraph, smallest: number): Group[] =>
  byKey(
    graph,
    (task) => `${graph.types[task]!}|${sorted(graph.parents[task]!)}|${sorted(graph.children[task]!)}|${withoutNumbers(graph.names[task]!)}`,
    smallest,
  );

/** Tasks of a level that do the same, by their type and their names without numbers. */
const kinds = (graph: TaskGraph, smallest: number): Group[] =>
  byKey(graph, (task) => `${graph.level[task]!}|${graph.types[task]!}|${withoutNumbers(graph.names[task]!)}`, smallest);

const typesOfLevels = (graph: TaskGraph): Group[] => byKey(graph, (task) => `${graph.level[task]!}|${graph.types[task]!}`, 2);

/** Bands of neighbouring levels: what is left where a graph is too deep for anything finer. */
const bands = (graph: TaskGraph, most: number): Group[] => {
  const levels = graph.level.reduce((deepest, each) => Math.max(deepest, each), 0) + 1;
  const height = Math.ceil(levels / most);
  const bandOf = (task: number): number => Math.floor(graph.level[task]! / height);
  return byKey(graph, (task) => String(bandOf(task)), 2).map((group) => {
    const first = bandOf(group.members[0]!) * height + 1;
    const last = Math.min(levels, first + height - 1);
    return { ...group, label: first === last ? `Level ${first}` : `Levels ${first} to ${last}` };
  });
};

/** The finest way that fits, and a coarser one only where it doesn't. */
const automatic = (graph: TaskGraph): Group[] => {
  const ways = [
    (): Group[] => stacks(graph, SMALLEST_STACK),
    (): Group[] => kinds(graph, SMALLEST_STACK),
    (): Group[] => kinds(graph, 2),
    (): Group[] => typesOfLevels(graph),
  ];
  for (const way of ways) {
    const groups = way();
    if (boxesOf(graph, groups) <= MOST_BOXES) return groups;
  }
  return bands(graph, MOST_BOXES);
};

export const groupsOf = (graph: TaskGraph, grouping: Grouping): Group[] => {
  switch (grouping) {
    case 'auto':
      return automatic(graph);
    case 'none':
      return [];
    case 'stacks':
      return stacks(graph, 2);
    case 'kinds':
      return kinds(graph, 2);
    case 'levels':
      return bands(graph, MOST_BOXES);
  }
};

/** The ways to group that the layout can do in a moment; the others aren't offered. */
export const feasible = (graph: TaskGraph): readonly Grouping[] =>
  GROUPINGS.filter((grouping) => grouping === 'auto' || boxesOf(graph, groupsOf(graph, grouping)) <= 4 * MOST_BOXES);
