/**
 * What the law decides to write, and what it needs to be told after a restart: the rows of a DAG's mutable state.
 * A change carries the whole mutable state of its task, so that several in one batch collapse into the last.
 */
import type { DagStatus, RetryPolicy, Simulation, TaskStatus } from './dag';
import type { DagId } from './ids';

export interface TaskState {
  readonly status: TaskStatus;
  /** Attempts begun: 0 before the first start. */
  readonly attempt: number;
  /** The number of the last dispatch that was committed; 0 while only a first one may be on its way. */
  readonly dispatch: number;
  /** Dispatches lost with their worker, which use a budget of their own. */
  readonly losses: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly fence: string | null;
  /** Milliseconds since 1970, of the current attempt. */
  readonly queuedAt: number | null;
  readonly dispatchedAt: number | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  /** When a wait ends (a retry's backoff); null where the task waits for no time. */
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
  readonly progress?: number;
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
  /** Whether there is a payload, a result, a checkpoint: they are read only when a dispatch needs them. */
  readonly hasPayload: boolean;
  readonly hasResult: boolean;
  readonly hasCheckpoint: boolean;
}

/** A live DAG as the store gives it back; its tasks in the order of their indexes, final ones included. */
export interface DagRecord extends DagChange {
  readonly shard: number;
  readonly name: string;
  readonly createdAt: number;
  readonly tasks: readonly TaskRecord[];
}
