/**
 * A live DAG in memory: its graph and its tasks' states in compact arrays, never payloads or results. It belongs to the
 * one owner of its shard; only the law (transition.ts) writes it.
 */
import type { DagRecord, TaskRecord } from './change';
import type { DagStatus, PlannedDag, RetryPolicy, Simulation } from './dag';
import type { DagId } from './ids';
import { CODE, statusCode } from './states';

/** What a dispatch needs to know of a task and what never changes. */
export interface TaskSpec {
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeoutSeconds: number | null;
  readonly simulate: Simulation | null;
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

export interface Run {
  readonly dag: DagId;
  readonly shard: number;
  readonly name: string;
  readonly createdAt: number;
  status: DagStatus;
  startedAt: number | null;
  completedAt: number | null;
  completed: number;
  failed: number;
  skipped: number;
  cancelled: number;
  readonly specs: readonly TaskSpec[];
  /** Children of task t: children[childStart[t] .. childStart[t + 1]]. */
  readonly childStart: Uint32Array;
  readonly children: Uint32Array;
  /** Codes of core/states.ts. */
  readonly state: Uint8Array;
  /** Dependencies that aren't COMPLETED. */
  readonly unmet: Uint32Array;
  /** The number of the dispatch that is under way or comes next, from 1. */
  readonly dispatch: Uint16Array;
  /** Attempts that ended in failure. */
  readonly failures: Uint16Array;
  readonly losses: Uint8Array;
  /** When the task last became ready or, while RETRYING, when it failed; 0 before. */
  readonly since: Float64Array;
  /** When all dependencies were first met; 0 before. */
  readonly unblockedAt: Float64Array;
  /** End of the wait of RETRYING tasks. */
  readonly dueAt: Map<number, number>;
  readonly running: Map<number, Running>;
  readonly spent: Map<number, Spent>;
  /** Tasks whose handler left a result, a checkpoint: a dispatch reads them only then. */
  readonly withResult: Set<number>;
  readonly withCheckpoint: Set<number>;
  /** Settled tasks whose dependents are still to be skipped. */
  readonly cascade: number[];
}

export const taskCount = (run: Run): number => run.specs.length;

/** The children of every task, from the dependencies of every task, in one flat array. */
const childrenOf = (specs: readonly TaskSpec[]): Pick<Run, 'childStart' | 'children'> => {
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

const emptyRun = (head: Pick<Run, 'dag' | 'shard' | 'name' | 'createdAt'>, specs: readonly TaskSpec[]): Run => ({
  ...head,
  status: 'CREATED',
  startedAt: null,
  completedAt: null,
  completed: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  specs,
  ...childrenOf(specs),
  state: new Uint8Array(specs.length),
  unmet: Uint32Array.from(specs, (spec) => spec.dependencies.length),
  dispatch: new Uint16Array(specs.length).fill(1),
  failures: new Uint16Array(specs.length),
  losses: new Uint8Array(specs.length),
  since: new Float64Array(specs.length),
  unblockedAt: new Float64Array(specs.length),
  dueAt: new Map(),
  running: new Map(),
  spent: new Map(),
  withResult: new Set(),
  withCheckpoint: new Set(),
  cascade: [],
});

const rootsBecomeReady = (run: Run): void => {
  for (let task = 0; task < run.specs.length; task++) {
    if (run.unmet[task] !== 0) continue;
    run.state[task] = CODE.QUEUED;
    run.since[task] = run.unblockedAt[task] = run.createdAt;
  }
};

/** The run of a DAG that was just stored: its roots are ready. */
export const runOfPlan = (plan: PlannedDag): Run => {
  const specs = plan.tasks.map((task): TaskSpec => ({
    name: task.name,
    type: task.type,
    priority: task.priority,
    tags: task.tags,
    retry: task.retry,
    timeoutSeconds: task.timeoutSeconds,
    simulate: task.simulate,
    hasPayload: task.payload !== null,
    dependencies: task.dependencies,
  }));
  const run = emptyRun({ dag: plan.dagId, shard: plan.shard, name: plan.name, createdAt: plan.createdAt }, specs);
  rootsBecomeReady(run);
  return run;
};

const SETTLED_BADLY = new Set<number>([CODE.FAILED, CODE.SKIPPED, CODE.CANCELLED]);

const restoreTask = (run: Run, record: TaskRecord): void => {
  const { task } = record;
  const begun = record.status === 'RUNNING' || record.status === 'COMPLETED';
  run.state[task] = statusCode(record.status);
  run.dispatch[task] = Math.max(1, record.dispatch);
  run.failures[task] = begun ? Math.max(0, record.attempt - 1) : record.attempt;
  run.losses[task] = record.losses;
  run.unblockedAt[task] = record.status === 'PENDING' ? 0 : run.createdAt + record.blockedMs;
  run.since[task] = record.status === 'RETRYING' ? (record.completedAt ?? run.createdAt) : (record.queuedAt ?? run.unblockedAt[task]);
  if (record.dueAt !== null) run.dueAt.set(task, record.dueAt);
  if (record.hasResult) run.withResult.add(task);
  if (record.hasCheckpoint) run.withCheckpoint.add(task);
  if (record.queuedMs + record.dispatchedMs + record.runningMs + record.retryWaitMs > 0) {
    const { queuedMs, dispatchedMs, runningMs, retryWaitMs } = record;
    run.spent.set(task, { queuedMs, dispatchedMs, runningMs, retryWaitMs });
  }
  if (record.status === 'RUNNING' && record.session !== null && record.startedAt !== null) {
    const { session, worker, fence, startedAt } = record;
    run.running.set(task, { session, worker: worker ?? session, fence: fence ?? '0', sentAt: record.dispatchedAt ?? startedAt, startedAt });
  }
};

/** What the rows leave to be derived: which tasks are ready and whose dependents are still to be skipped. */
const derive = (run: Run, now: number): void => {
  for (let task = 0; task < run.specs.length; task++) {
    const settledBadly = SETTLED_BADLY.has(run.state[task]!);
    let open = false;
    for (let i = run.childStart[task]!; i < run.childStart[task + 1]!; i++) {
      const child = run.children[i]!;
      if (run.state[task] === CODE.COMPLETED) run.unmet[child]! -= 1;
      open ||= run.state[child] === CODE.PENDING;
    }
    if (settledBadly && open) run.cascade.push(task);
  }
  for (let task = 0; task < run.specs.length; task++) {
    if (run.state[task] !== CODE.PENDING || run.unmet[task] !== 0) continue;
    run.state[task] = CODE.QUEUED;
    run.since[task] = run.unblockedAt[task] = now;
  }
};

/** The run of a DAG as the store has it, after a takeover. `now` stands for the time at which unstored readiness began. */
export const runOfRecord = (record: DagRecord, now: number): Run => {
  const { dag, shard, name, createdAt } = record;
  const specs = record.tasks.map(({ name: taskName, type, priority, tags, retry, timeoutSeconds, simulate, hasPayload, dependencies }): TaskSpec => ({
    name: taskName,
    type,
    priority,
    tags,
    retry,
    timeoutSeconds,
    simulate,
    hasPayload,
    dependencies,
  }));
  const run = emptyRun({ dag, shard, name, createdAt }, specs);
  run.status = record.status;
  run.startedAt = record.startedAt;
  run.completedAt = record.completedAt;
  run.completed = record.completedTasks;
  run.failed = record.failedTasks;
  run.skipped = record.skippedTasks;
  run.cancelled = record.cancelledTasks;
  for (const task of record.tasks) restoreTask(run, task);
  derive(run, now);
  return run;
};

/** Whether any dependency left a result for this task. */
export const hasUpstream = (run: Run, task: number): boolean =>
  run.withResult.size > 0 && run.specs[task]!.dependencies.some((parent) => run.withResult.has(parent));

/** Calls `visit` for each task that is ready to be dispatched. */
export const forEachReady = (run: Run, visit: (task: number) => void): void => {
  for (let task = 0; task < run.specs.length; task++) if (run.state[task] === CODE.QUEUED) visit(task);
};
