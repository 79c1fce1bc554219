/**
 * A live DAG in memory: its graph and its tasks' states in compact arrays, never payloads or results. It belongs to the
 * one owner of its shard; only the law writes it.
 */
import type { BudgetUse, CheckpointMark } from './change';
import {
  isFinalDag,
  type DagOrder,
  type DagReason,
  type DagStatus,
  type PlannedDag,
  type PlannedTask,
  type RetryPolicy,
  type Simulation,
  type TaskOptions,
  type TaskReason,
} from './dag';
import { nextDeadline } from './deadlines';
import type { DagId } from './ids';
import { firstReason, isMet, newTally, type Tally } from './rules';
import { CODE } from './states';

/** What a dispatch needs to know of a task and what never changes. */
export interface TaskSpec {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeoutSeconds: number | null;
  readonly simulate: Simulation | null;
  readonly options: TaskOptions | null;
  readonly hasPayload: boolean;
  readonly dependencies: readonly number[];
}

/** The execution under way of a task, as far as it was reported. */
export interface Running {
  readonly session: string;
  readonly worker: string;
  readonly fence: string;
  readonly sentAt: number;
  readonly startedAt: number;
}

/** Milliseconds spent in each stage by earlier dispatches of a task. */
export interface Spent {
  queuedMs: number;
  dispatchedMs: number;
  runningMs: number;
  retryWaitMs: number;
}

/** What of a run has a place for each task: made anew where a change of the graph adds tasks. */
export interface Tasks {
  specs: readonly TaskSpec[];
  /** Children of task t: children[childStart[t] .. childStart[t + 1]]. */
  childStart: Uint32Array;
  children: Uint32Array;
  /** Codes of core/states.ts. */
  state: Uint8Array;
  /** Dependencies that aren't COMPLETED. */
  unmet: Uint32Array;
  /** What other trigger rules than all_success need to know; null where no task has one. */
  tally: Tally | null;
  /** The number of the dispatch that is under way or comes next, from 1. */
  dispatch: Uint16Array;
  /** Attempts that ended in failure, whatever its class. */
  failures: Uint16Array;
  /** Dispatches lost before they were known to run. */
  losses: Uint8Array;
  /** When the task last became ready or, while RETRYING, when it failed; 0 before. */
  since: Float64Array;
  /** When its trigger rule was first met; 0 before. */
  unblockedAt: Float64Array;
  /** By it the ready tasks of a DAG go, higher ones first; undefined while nobody has ranked them; what has none counts as 0. No part of the law: whoever sends them does. */
  rank: Float64Array | undefined;
}

export interface Run extends Tasks {
  readonly dag: DagId;
  readonly shard: number;
  readonly name: string;
  /** Among whom its tasks are shared out: its tenant, or its name where it has none. */
  readonly flow: string;
  readonly createdAt: number;
  /** Its trace (core/trace.ts); null where it has none. */
  trace: string | null;
  status: DagStatus;
  /** Why nothing more of it starts: it is paused, or on its way to an early end. */
  reason: DagReason | null;
  /** When its own time is over; null for never. */
  dueAt: number | null;
  /** How many of its tasks may run at once; null for any number. */
  maxRunning: number | null;
  order: DagOrder;
  /** How often its graph was changed. */
  version: number;
  startedAt: number | null;
  completedAt: number | null;
  /** When it began again by hand after an end that this process saw to; null where it didn't. For traces alone. */
  begunAgainAt: number | null;
  completed: number;
  failed: number;
  skipped: number;
  cancelled: number;
  /** The next time at which something happens to a task by itself. */
  readonly dueTimes: Map<number, number>;
  readonly reasons: Map<number, TaskReason>;
  readonly budgets: Map<number, BudgetUse>;
  readonly running: Map<number, Running>;
  readonly spent: Map<number, Spent>;
  /** Tasks whose handler left a result, a checkpoint: a dispatch reads them only then. */
  readonly withResult: Set<number>;
  /** Null where nobody knows which one it is. */
  readonly withCheckpoint: Map<number, CheckpointMark | null>;
  /** Tasks still to be looked at, since something before them ended without completing. */
  readonly cascade: Set<number>;
  /** While the DAG ends early: all tasks before this one were told to. */
  ended: number;
}

export const taskCount = (run: Pick<Run, 'specs'>): number => run.specs.length;

/** Tasks that aren't final. */
export const openTasks = (run: Run): number => taskCount(run) - run.completed - run.failed - run.skipped - run.cancelled;

/** Whether nothing of this DAG begins any more: it was cancelled or drained, or its time is over. */
export const isEnding = ({ reason }: Pick<Run, 'reason'>): boolean => reason !== null && reason.code !== 'PAUSED';

/** Whether it is held, by hand or until it is approved: PENDING though its rule may be met. */
export const isHeld = (run: Run, task: number): boolean => run.state[task] === CODE.PENDING && run.reasons.get(task)?.code === 'HELD';

/** Whether a cascade was cut off, so that it waits for an event of its own. What was to be ended may have ended by itself meanwhile. */
export const isCutOff = (run: Run): boolean => !isFinalDag(run.status) && (run.cascade.size > 0 || (isEnding(run) && run.ended < taskCount(run)));

/** The children of every task, from the dependencies of every task, in one flat array. */
export const childrenOf = (specs: readonly TaskSpec[]): Pick<Run, 'childStart' | 'children'> => {
  const childStart = new Uint32Array(specs.length + 1);
  for (const spec of specs) for (const parent of spec.dependencies) childStart[parent + 1]! += 1;
  for (let i = 0; i < specs.length; i++) childStart[i + 1]! += childStart[i]!;
  const next = childStart.slice();
  const children = new Uint32Array(childStart[specs.length]!);
  specs.forEach((spec, task) => {
    for (const parent of spec.dependencies) children[next[parent]!++] = task;
  });
  return { childStart, children };
};

/** One element for each task; `Uint32Array.from` takes several times as long for a few. */
const dependencyCounts = (specs: readonly TaskSpec[]): Uint32Array => {
  const counts = new Uint32Array(specs.length);
  for (let task = 0; task < specs.length; task++) counts[task] = specs[task]!.dependencies.length;
  return counts;
};

/**
 * A run none of whose tasks has begun. Each field is written out: among spreads, V8 builds a literal of this size key by key, which
 * took 40 µs instead of 1.
 */
export const emptyRun = (
  { dag, shard, name, tenant, createdAt }: Pick<Run, 'dag' | 'shard' | 'name' | 'createdAt'> & { readonly tenant?: string | null | undefined },
  specs: readonly TaskSpec[],
): Run => {
  const { childStart, children } = childrenOf(specs);
  return {
    dag,
    shard,
    name,
    flow: tenant ?? name,
    createdAt,
    trace: null,
    status: 'CREATED',
    reason: null,
    dueAt: null,
    maxRunning: null,
    order: 'fifo',
    version: 0,
    startedAt: null,
    completedAt: null,
    begunAgainAt: null,
    completed: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
    specs,
    childStart,
    children,
    state: new Uint8Array(specs.length),
    unmet: dependencyCounts(specs),
    tally: newTally(specs),
    dispatch: new Uint16Array(specs.length).fill(1),
    failures: new Uint16Array(specs.length),
    losses: new Uint8Array(specs.length),
    since: new Float64Array(specs.length),
    unblockedAt: new Float64Array(specs.length),
    rank: undefined,
    dueTimes: new Map(),
    reasons: new Map(),
    budgets: new Map(),
    running: new Map(),
    spent: new Map(),
    withResult: new Set(),
    withCheckpoint: new Map(),
    cascade: new Set(),
    ended: 0,
  };
};

/** Makes the next time of a task agree with its state. */
export const setDueTime = (run: Run, task: number): void => {
  const due = nextDeadline({
    code: run.state[task]!,
    options: run.specs[task]!.options,
    since: run.since[task]!,
    unblockedAt: run.unblockedAt[task]!,
    reason: run.reasons.get(task),
  });
  if (due !== undefined) run.dueTimes.set(task, due);
  else if (run.dueTimes.size > 0) run.dueTimes.delete(task);
};

const rootsBecomeReady = (run: Run): void => {
  for (let task = 0; task < run.specs.length; task++) {
    const hold = run.specs[task]!.options === null ? null : firstReason(run.specs[task]!, run.createdAt);
    if (hold !== null) run.reasons.set(task, hold);
    if (hold !== null || !isMet(run, task)) continue;
    run.state[task] = CODE.QUEUED;
    run.since[task] = run.unblockedAt[task] = run.createdAt;
    if (run.specs[task]!.options !== null) setDueTime(run, task);
  }
};

/** For the tasks of one run: equal texts become the same one. Of a large backlog, a quarter would be types and lists that repeat. */
export const createShared = (): ((text: string) => string) => {
  const known = new Map<string, string>();
  return (text) => {
    const first = known.get(text);
    if (first === undefined) known.set(text, text);
    return first ?? text;
  };
};

const NO_DEPENDENCIES: readonly number[] = [];
export const sharedDependencies = (dependencies: readonly number[]): readonly number[] =>
  dependencies.length === 0 ? NO_DEPENDENCIES : dependencies;

/** What a run keeps of a planned task. */
export const specOf = (
  { name, type, priority, tags, retry, timeoutSeconds, simulate, options, payload, dependencies }: PlannedTask,
  shared: (text: string) => string,
): TaskSpec => ({
  name,
  type: shared(type),
  priority,
  tags,
  retry,
  timeoutSeconds,
  simulate,
  options,
  hasPayload: payload !== null,
  dependencies: sharedDependencies(dependencies),
});

/** The run of a DAG that was just stored: its roots are ready. */
export const runOfPlan = ({ dagId, shard, name, tenant, createdAt, dueAt, maxRunning, order, trace, tasks }: PlannedDag): Run => {
  const shared = createShared();
  const run = emptyRun(
    { dag: dagId, shard, name, tenant, createdAt },
    tasks.map((task) => specOf(task, shared)),
  );
  run.dueAt = dueAt;
  run.maxRunning = maxRunning ?? null;
  run.order = order ?? 'fifo';
  run.trace = trace ?? null;
  rootsBecomeReady(run);
  return run;
};

/** Whether any dependency left a result for this task. */
export const hasUpstream = (run: Run, task: number): boolean =>
  run.withResult.size > 0 && run.specs[task]!.dependencies.some((parent) => run.withResult.has(parent));

/** Calls `visit` for each task that is ready to be dispatched. */
export const forEachReady = (run: Run, visit: (task: number) => void): void => {
  for (let task = 0; task < run.specs.length; task++) if (run.state[task] === CODE.QUEUED) visit(task);
};
