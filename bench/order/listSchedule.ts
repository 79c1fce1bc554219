/**
 * What a scheduler without any cost of its own would do: whenever a slot is free it takes the first of the ready tasks (list scheduling).
 * R. Graham showed in 1969 that it ends within W/m + (1 - 1/m) · C, whatever comes first: W the work, m the slots, C the longest path.
 */
import type { Timed } from './recorded';

export type Order = 'fifo' | 'critical-path';

interface Task {
  readonly ms: number;
  readonly children: number[];
  unmet: number;
  rank: number;
}

/** The smallest first, by `isBefore`. */
const createHeap = <T>(isBefore: (a: T, b: T) => boolean): { readonly size: () => number; push(item: T): void; pop(): T } => {
  const items: T[] = [];
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b]!, items[a]!];
  };
  const sink = (at: number): void => {
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, items[at]!)) return;
      swap(at, child);
      at = child;
    }
  };
  return {
    size: () => items.length,
    push: (item) => {
      items.push(item);
      for (let at = items.length - 1; at > 0;) {
        const parent = (at - 1) >> 1;
        if (!isBefore(items[at]!, items[parent]!)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop: () => {
      const first = items[0]!;
      const last = items.pop()!;
      if (items.length > 0) {
        items[0] = last;
        sink(0);
      }
      return first;
    },
  };
};

/** All tasks of all workflows, with their upward ranks. */
const tasksOf = (workflows: readonly Timed[]): Task[] => {
  const all: Task[] = [];
  for (const { tasks } of workflows) {
    const first = all.length;
    for (const { ms, parents } of tasks) all.push({ ms, children: [], unmet: parents.length, rank: 0 });
    tasks.forEach(({ parents }, i) => {
      for (const parent of parents) all[first + parent]!.children.push(first + i);
    });
  }
  const open = all.map(({ children }) => children.length);
  const parentsOf: number[][] = all.map(() => []);
  all.forEach(({ children }, i) => {
    for (const child of children) parentsOf[child]!.push(i);
  });
  const order = open.flatMap((count, i) => (count === 0 ? [i] : []));
  for (let at = 0; at < order.length; at++) {
    const task = all[order[at]!]!;
    task.rank = task.ms + task.children.reduce((longest, child) => Math.max(longest, all[child]!.rank), 0);
    for (const parent of parentsOf[order[at]!]!) if (--open[parent]! === 0) order.push(parent);
  }
  return all;
};

/** Milliseconds until the last task has ended. */
export const listSchedule = (workflows: readonly Timed[], slots: number, order: Order): number => {
  const tasks = tasksOf(workflows);
  let sequence = 0;
  const ready = createHeap<{ readonly task: Task; readonly sequence: number }>((a, b) =>
    order === 'fifo' || a.task.rank === b.task.rank ? a.sequence < b.sequence : a.task.rank > b.task.rank,
  );
  const running = createHeap<{ readonly task: Task; readonly until: number }>((a, b) => a.until < b.until);
  const add = (task: Task): void => {
    ready.push({ task, sequence: sequence++ });
  };
  for (const task of tasks) if (task.unmet === 0) add(task);
  let now = 0;
  for (;;) {
    while (ready.size() > 0 && running.size() < slots) {
      const { task } = ready.pop();
      running.push({ task, until: now + task.ms });
    }
    if (running.size() === 0) return now;
    const { task, until } = running.pop();
    now = until;
    for (const child of task.children) if (--tasks[child]!.unmet === 0) add(tasks[child]!);
  }
};

export interface Bounds {
  readonly workMs: number;
  readonly longestPathMs: number;
  /** No schedule is shorter. */
  readonly lowestMs: number;
  /** No list schedule is longer. */
  readonly grahamMs: number;
}

export const boundsOf = (workflows: readonly Timed[], slots: number): Bounds => {
  const tasks = tasksOf(workflows);
  const workMs = tasks.reduce((sum, { ms }) => sum + ms, 0);
  const longestPathMs = tasks.reduce((longest, { rank }) => Math.max(longest, rank), 0);
  return { workMs, longestPathMs, lowestMs: Math.max(workMs / slots, longestPathMs), grahamMs: workMs / slots + (1 - 1 / slots) * longestPathMs };
};
