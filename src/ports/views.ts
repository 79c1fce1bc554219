/** What the API shows, read straight from the store: no view ever blocks the engine. Rejects with `StoreUnavailable`. */
import type { BudgetUse } from '../core/change';
import type {
  Backoff,
  DagOrder,
  DagReason,
  DagStatus,
  Simulation,
  TaskDefaults,
  TaskError,
  TaskOptions,
  TaskReason,
  TaskStatus,
  TriggerRule,
} from '../core/dag';
import type { DagId, TaskRef } from '../core/ids';

export interface DagView {
  readonly id: number;
  readonly dagId: DagId;
  readonly dagName: string;
  readonly description: string | null;
  readonly status: DagStatus;
  readonly tags: readonly string[];
  readonly totalTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  /** Why it is paused, or was ended by hand or by its own time. */
  readonly reason: DagReason | null;
  /** When it is ended if it isn't final by then; null for never, and once it is final. */
  readonly dueAt: number | null;
  /** When it counts as late if it isn't final by then; null for never. */
  readonly lateAt: number | null;
  /** How many of its tasks may run at once; null for any number. */
  readonly maxRunning: number | null;
  readonly tenant: string | null;
  /** Which of its ready tasks go first. */
  readonly order: DagOrder;
  /** The schedule that submitted it, and the time of it that it is for; null where somebody else did. */
  readonly scheduleId: string | null;
  readonly scheduledFor: number | null;
  /** How often its graph was changed. */
  readonly version: number;
}

export interface TaskView {
  readonly ref: TaskRef;
  readonly taskName: string;
  readonly type: string;
  readonly status: TaskStatus;
  /** Names, in the order submitted. */
  readonly dependencies: readonly string[];
  readonly priority: number;
  readonly tags: readonly string[];
  readonly attempt: number;
  readonly maxRetries: number;
  readonly backoff: Backoff;
  readonly timeoutSeconds: number | null;
  readonly simulate: Simulation | null;
  readonly payload: string | null;
  readonly workerId: string | null;
  readonly createdAt: number;
  readonly queuedAt: number | null;
  readonly dispatchedAt: number | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  /** RETRYING: when the next attempt is queued. */
  readonly retryAt: number | null;
  /** The next time at which something happens by itself: a backoff's or a hold's end, a deadline. */
  readonly dueAt: number | null;
  readonly options: TaskOptions | null;
  /** Why it is in a state that its dependencies don't explain. */
  readonly reason: TaskReason | null;
  /** What was used of the budgets beside the retries; null for nothing. */
  readonly budgets: BudgetUse | null;
  /** Dispatches lost before they were known to run. */
  readonly losses: number;
  readonly result: string | null;
  readonly error: TaskError | null;
  readonly progress: number | null;
  readonly blockedMs: number;
  readonly queuedMs: number;
  readonly dispatchedMs: number;
  readonly runningMs: number;
  readonly retryWaitMs: number;
}

/** Where a page goes on: after this row, in the order of the list. Opaque to clients. */
export interface DagCursor {
  readonly id: number;
}
export interface TaskCursor {
  readonly dag: DagId;
  readonly task: number;
}

export interface DagFilter {
  readonly status?: readonly DagStatus[];
  /** Exact, or a prefix where it ends in `*`. */
  readonly name?: string;
  readonly tag?: string;
  readonly scheduleId?: string;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
}
export interface TaskFilter {
  readonly status?: readonly TaskStatus[];
  readonly name?: string;
  readonly tag?: string;
  readonly type?: string;
  readonly pool?: string;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
}

/** A pool that tasks of live DAGs are in. */
export interface PoolUse {
  readonly name: string;
  readonly running: number;
  /** Ready and not running yet. */
  readonly waiting: number;
}

export interface DagViews {
  dag(dag: DagId): Promise<DagView | undefined>;
  /** Newest first. */
  dags(filter: DagFilter, limit: number, after?: DagCursor): Promise<DagView[]>;
  /** What a DAG said for all of its tasks; undefined where it said nothing, or an earlier version stored it. */
  taskDefaults(dag: DagId): Promise<TaskDefaults | undefined>;
  /** What was stored under an Idempotency-Key. */
  submittedUnder(key: string): Promise<{ readonly dag: DagId; readonly bodyHash: string } | undefined>;
}

/** What stands between a task and its start, as far as the store knows. */
export interface TaskBlockers {
  readonly dagStatus: DagStatus;
  /** Direct dependencies that aren't final yet, at most `limit` of them, and how many there are in all. */
  readonly unfinished: readonly { readonly ref: TaskRef; readonly name: string; readonly status: TaskStatus }[];
  readonly unfinishedTotal: number;
  /** How many tasks of its DAG may run at once; null for any number. */
  readonly maxRunning: number | null;
  /** What of its dependencies the task waits for. */
  readonly triggerRule: TriggerRule;
  /** Held by hand: who, why, until when. */
  readonly hold: TaskReason | null;
  /** Why its DAG is paused; null where it isn't, or nobody said. */
  readonly pause: DagReason | null;
}

export interface TaskViews {
  task(task: TaskRef): Promise<TaskView | undefined>;
  /** Tasks of one DAG by index, from `from`; a PENDING task whose dependencies are all complete is shown as QUEUED. */
  tasksOf(dag: DagId, from: number, limit: number): Promise<TaskView[]>;
  /** Tasks over all DAGs, newest DAG first. */
  tasks(filter: TaskFilter, limit: number, after?: TaskCursor): Promise<TaskView[]>;
  /**
   * Tasks that run in this session, as far as their rows tell: short ones are written only with their end. No index knows sessions,
   * since one would cost each task of the system: the tasks of all running DAGs are looked through.
   */
  runningIn(session: string, limit: number): Promise<TaskView[]>;
  /** The pools that unfinished tasks of live DAGs are in, by name: all of these tasks are looked through. */
  pools(limit: number): Promise<PoolUse[]>;
  /** JSON text of what its handler kept last for the next attempt; null for nothing. */
  checkpoint(task: TaskRef): Promise<string | null>;
  blockers(task: TaskRef, limit: number): Promise<TaskBlockers | undefined>;
}
