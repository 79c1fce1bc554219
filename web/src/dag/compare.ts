/** Two runs side by side, task by task, by their names. */
import { isFinalTask, type Task, type TaskStatus } from './model';

type Comparable = Pick<Task, 'taskName' | 'type' | 'status' | 'result' | 'workerId' | 'attempt' | 'timing' | 'payload' | 'dependencies'>;

export interface Side {
  readonly status: TaskStatus;
  readonly ms: number;
  readonly attempt: number;
  readonly workerId: string | null;
  readonly result: string;
}

export const DIFFERENCES = ['onlyHere', 'onlyThere', 'status', 'result', 'definition', 'worker', 'attempts'] as const;
export type Difference = (typeof DIFFERENCES)[number];

export interface Compared {
  readonly taskName: string;
  readonly here: Side | null;
  readonly there: Side | null;
  /** Of the time running, here less there; null where only one has it, or it isn't over in both. */
  readonly deltaMs: number | null;
  readonly differences: readonly Difference[];
}

/** JSON with sorted keys: two results that differ in the order of members alone are the same. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value ?? null, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

const sideOf = ({ status, timing, attempt, workerId, result }: Comparable): Side => ({
  status,
  ms: timing.runningMs,
  attempt,
  workerId,
  result: canonical(result),
});

const definitionOf = ({ type, dependencies, payload }: Comparable): string => canonical([type, [...dependencies].sort(), payload]);

const differencesOf = (here: Comparable, there: Comparable, [a, b]: readonly [Side, Side]): Difference[] => {
  const differs: readonly (readonly [Difference, boolean])[] = [
    ['status', a.status !== b.status],
    ['result', a.result !== b.result],
    ['definition', definitionOf(here) !== definitionOf(there)],
    ['worker', a.workerId !== b.workerId],
    ['attempts', a.attempt !== b.attempt],
  ];
  return differs.filter(([, is]) => is).map(([name]) => name);
};

const compared = (here: Comparable | undefined, there: Comparable | undefined): Compared => {
  const taskName = (here ?? there)?.taskName ?? '';
  const [a, b] = [here === undefined ? null : sideOf(here), there === undefined ? null : sideOf(there)];
  if (here === undefined || there === undefined || a === null || b === null)
    return { taskName, here: a, there: b, deltaMs: null, differences: [a === null ? 'onlyThere' : 'onlyHere'] };
  return {
    taskName,
    here: a,
    there: b,
    deltaMs: isFinalTask(a.status) && isFinalTask(b.status) ? a.ms - b.ms : null,
    differences: differencesOf(here, there, [a, b]),
  };
};

/** In the order of the one here, then what only the other has. */
export const compareRuns = (here: readonly Comparable[], there: readonly Comparable[]): readonly Compared[] => {
  const others = new Map(there.map((task) => [task.taskName, task]));
  const names = new Set(here.map(({ taskName }) => taskName));
  return [
    ...here.map((task) => compared(task, others.get(task.taskName))),
    ...there.filter(({ taskName }) => !names.has(taskName)).map((task) => compared(undefined, task)),
  ];
};

/** Milliseconds by which a task took longer here or there, at the most. */
export const largestDelta = (all: readonly Pick<Compared, 'deltaMs'>[]): number =>
  all.reduce((largest, { deltaMs }) => Math.max(largest, Math.abs(deltaMs ?? 0)), 0);
