/** The tasks that decided, or will decide, when the DAG ends. */
import type { TaskGraph } from './graph';
import { isFinalTask, timeOrNull, type Task } from './model';

type Timed = Pick<Task, 'status' | 'type' | 'startedAt' | 'completedAt' | 'timing'>;

/** Back from whatever ended last: at each step to the dependency that ended last, which the next had to wait for. */
const asItWent = (graph: TaskGraph, tasks: readonly Timed[]): number[] => {
  const endOf = (task: number): number => timeOrNull(tasks[task]!.completedAt) ?? -Infinity;
  const latest = (places: Iterable<number>): number | undefined => {
    let found: number | undefined;
    for (const place of places) if (tasks[place]!.startedAt !== null && (found === undefined || endOf(place) > endOf(found))) found = place;
    return found;
  };
  const path: number[] = [];
  for (let task = latest(tasks.keys()); task !== undefined; task = latest(graph.parents[task]!)) path.push(task);
  return path.reverse();
};

/** Where nothing of the type has run. */
const UNKNOWN_MS = 1000;

const meanByType = (tasks: readonly Timed[]): Map<string, number> => {
  const sums = new Map<string, { ms: number; count: number }>();
  for (const { status, type, timing } of tasks) {
    if (status !== 'COMPLETED') continue;
    const sum = sums.get(type) ?? { ms: 0, count: 0 };
    sums.set(type, { ms: sum.ms + timing.runningMs, count: sum.count + 1 });
  }
  return new Map([...sums].map(([type, { ms, count }]) => [type, ms / count]));
};

/** The longest way through what is done and what is still to be done, by what tasks of the same type took. */
const asExpected = (graph: TaskGraph, tasks: readonly Timed[]): number[] => {
  const means = meanByType(tasks);
  const ownMs = ({ status, type, timing }: Timed): number =>
    isFinalTask(status) ? timing.runningMs : Math.max(timing.runningMs, means.get(type) ?? UNKNOWN_MS);
  const length = new Float64Array(graph.size);
  const before = new Int32Array(graph.size).fill(-1);
  let last = -1;
  for (const task of graph.order) {
    for (const parent of graph.parents[task]!) if (before[task]! < 0 || length[parent]! > length[before[task]!]!) before[task] = parent;
    // A moment for each step: of two ways as long, the one of more tasks counts.
    length[task] = (before[task]! < 0 ? 0 : length[before[task]!]!) + Math.max(1, ownMs(tasks[task]!));
    if (last < 0 || length[task] > length[last]!) last = task;
  }
  const path: number[] = [];
  for (let task = last; task >= 0; task = before[task]!) path.push(task);
  return path.reverse();
};

/** Places of its tasks, first to last; empty for a DAG without tasks. */
export const criticalPath = (graph: TaskGraph, tasks: readonly Timed[]): readonly number[] =>
  tasks.every(({ status }) => isFinalTask(status)) ? asItWent(graph, tasks) : asExpected(graph, tasks);
