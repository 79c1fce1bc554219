/** The graph as it is drawn: boxes that stand for one task or for many, and the edges between them. */
import type { TaskGraph } from './graph';
import type { Group } from './grouping';
import { shortNames } from './shortNames';

export interface Box {
  readonly id: string;
  /** The name of the task, or what those of its tasks have in common. */
  readonly label: string;
  /** The label as it fits into the box. */
  readonly short: string;
  readonly members: readonly number[];
  /** A stack shows its counts, an open one a tile for each of its tasks. */
  readonly kind: 'task' | 'stack' | 'tiles';
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** How many dependencies it stands for. */
  readonly count: number;
}

export interface Condensed {
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  /** Place in `boxes`, by the task's place. */
  readonly boxOf: Int32Array;
}

/** An open group of so many tasks shows each as a box with its own edges; a larger one shows tiles. */
export const MOST_OPENED = 24;

const taskBox = (graph: TaskGraph, task: number): Box => ({ id: `t${task}`, label: graph.names[task]!, short: '', members: [task], kind: 'task' });

const boxesOf = (graph: TaskGraph, groups: readonly Group[], open: ReadonlySet<string>): Box[] => {
  const groupAt = new Map<number, Group>();
  for (const group of groups) for (const task of group.members) groupAt.set(task, group);
  const boxes: Box[] = [];
  for (let task = 0; task < graph.size; task++) {
    const group = groupAt.get(task);
    const isShownAlone = group === undefined || (open.has(group.id) && group.members.length <= MOST_OPENED);
    if (isShownAlone) boxes.push(taskBox(graph, task));
    else if (group.members[0] === task) boxes.push({ ...group, short: '', kind: open.has(group.id) ? 'tiles' : 'stack' });
  }
  const short = shortNames(boxes.map(({ label }) => label));
  return boxes.map((box, i) => ({ ...box, short: short[i]! }));
};

const edgesOf = (graph: TaskGraph, boxes: readonly Box[], boxOf: Int32Array): Edge[] => {
  const counts = new Map<number, number>();
  for (let task = 0; task < graph.size; task++) {
    const to = boxOf[task]!;
    for (const parent of graph.parents[task]!) {
      const from = boxOf[parent]!;
      if (from === to) continue;
      const key = from * boxes.length + to;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => ({ from: boxes[Math.floor(key / boxes.length)]!.id, to: boxes[key % boxes.length]!.id, count }));
};

export const condense = (graph: TaskGraph, groups: readonly Group[], open: ReadonlySet<string>): Condensed => {
  const boxes = boxesOf(graph, groups, open);
  const boxOf = new Int32Array(graph.size);
  boxes.forEach(({ members }, place) => {
    for (const task of members) boxOf[task] = place;
  });
  return { boxes, edges: edgesOf(graph, boxes, boxOf), boxOf };
};
