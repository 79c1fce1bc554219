/**
 * What the law decides to write, and what it needs to be told after a restart: the rows of a DAG's mutable state.
 * A change carries the whole mutable state of its task, so that several in one batch collapse into the last.
 */
import type { DagOrder, DagReason, DagStatus, FailureKind, RetryPolicy, Simulation, TaskOptions, TaskReason, TaskStatus } from './dag';
import type { GraphEdit } from './command';
import type { DagId } from './ids';

/** Failures that don't count against the user's retries, or that have a limit of their own. */
export interface BudgetUse {
  /** Attempts that ended by a timeout. */
  readonly timeouts?: number;
  /** Workers that died while they ran it. */
  readonly deaths?: number;
  /** Ends of its thread or process by memory or a signal. */
  readonly kills?: number;
}

/** Which checkpoint of which grant was applied last: what tells a late one from a newer one. */
export interface CheckpointMark {
  readonly fence: string;
  readonly sequence: number;
}

export interface TaskState {
  readonly status: TaskStatus;
  /** Attempts begun: 0 before the first start. */
  readonly attempt: number;
  /** The number of the last dispatch that was committed; 0 while only a first one may be on its way. */
  readonly dispatch: number;
  /** Dispatches lost before they were known to run, which use a budget of their own. */
  readonly losses: number;
  /** What was used of the other budgets; null for nothing. */
  readonly budgets: BudgetUse | null;
  readonly reason: TaskReason | null;
  readonly worker: string | null;
  readonly session: string | null;
  readonly fence: string | null;
  /** Milliseconds since 1970, of the current attempt. */
  readonly queuedAt: number | null;
  readonly dispatchedAt: number | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  /** The next time at which something happens by itself: a backoff's or a hold's end, a deadline; null for none. */
  readonly dueAt: number | null;
  /** Milliseconds spent so far in each stage, summed over all attempts. */
  readonly blockedMs: number;
  readonly queuedMs: number;
  readonly dispatchedMs: number;
  readonly runningMs: number;
  readonly retryWaitMs: number;
}

export interface TaskChange extends TaskState {
  readonly dag: DagId;
  readonly task: number;
  /** JSON text of the handler's result; undefined leaves what is stored, null clears it. */
  readonly result?: string | null;
  /** JSON text of a TaskError; undefined leaves what is stored, null clears it. */
  readonly error?: string | null;
  /** JSON text of the handler's checkpoint; undefined leaves what is stored, null clears it. */
  readonly checkpoint?: string | null;
  /** Which one that is; only with a checkpoint. */
  readonly checkpointMark?: CheckpointMark;
  readonly progress?: number;
  /** JSON text of an edited payload; undefined leaves what is stored, null clears it. */
  readonly payload?: string | null;
}

export interface DagChange {
  readonly dag: DagId;
  readonly status: DagStatus;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly reason: DagReason | null;
  readonly dueAt: number | null;
}

/** A live task as the store gives it back after a takeover. */
export interface TaskRecord extends TaskState {
  readonly task: number;
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly dependencies: readonly number[];
  readonly retry: RetryPolicy;
  readonly timeoutSeconds: number | null;
  readonly simulate: Simulation | null;
  readonly options: TaskOptions | null;
  /** Whether there is a payload, a result, a checkpoint: they are read only when a dispatch needs them. */
  readonly hasPayload: boolean;
  readonly hasResult: boolean;
  readonly hasCheckpoint: boolean;
  /** Which checkpoint that is; null where an earlier version stored it, or there is none. */
  readonly checkpointMark: CheckpointMark | null;
}

/** A live DAG as the store gives it back; its tasks in the order of their indexes, final ones included. */
export interface DagRecord extends DagChange {
  readonly shard: number;
  readonly name: string;
  readonly createdAt: number;
  /** How often its graph was changed. */
  readonly version: number;
  /** How many of its tasks may run at once; null for any number. */
  readonly maxRunning: number | null;
  /** Null where its name stands for it. */
  readonly tenant: string | null;
  /** Which of its ready tasks go first. */
  readonly order: DagOrder;
  /** Its trace (core/trace.ts); null where it has none. */
  readonly trace: string | null;
  readonly tasks: readonly TaskRecord[];
}

/** An attempt that didn't succeed; those that did are told by their task. */
export interface AttemptChange {
  readonly dag: DagId;
  readonly task: number;
  readonly dispatch: number;
  readonly attempt: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** JSON text of a TaskError. */
  readonly error: string;
}

/** A task that gave up. Its payload, attempts and timing are in its rows. */
export interface DeadLetterChange {
  readonly dag: DagId;
  readonly task: number;
  readonly dispatch: number;
  readonly failedAt: number;
  readonly kind: FailureKind;
}

/** A line of a DAG's history. */
export interface HistoryChange {
  readonly dag: DagId;
  readonly at: number;
  /** A command's kind, `dag.*` for its own state, `task.*` for what happened to a task. */
  readonly kind: string;
  readonly task: number | null;
  readonly by: string | null;
  readonly message: string | null;
}

/** A graph edit that the law applied: rows to insert and to replace, beside the changes of state. */
export interface AppliedEdit {
  readonly dag: DagId;
  readonly shard: number;
  readonly version: number;
  /** Index of the first added task. */
  readonly firstAdded: number;
  readonly edit: GraphEdit;
}
