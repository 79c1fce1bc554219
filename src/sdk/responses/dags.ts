/** What the API answers about DAGs and tasks. */
import type { Backoff, DagStatus, TaskError, TaskStatus } from '../../core/dag';

export interface DagView {
  readonly id: number;
  readonly dagId: string;
  readonly dagName: string;
  readonly description: string | null;
  readonly status: DagStatus;
  readonly totalTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  /** Which of its ready tasks go first. */
  readonly order?: 'fifo' | 'critical-path';
  /** The schedule that submitted it, and the time of it that it is for; null where somebody else did. */
  readonly scheduleId?: string | null;
  readonly scheduledFor?: string | null;
  /** When it is expected to end; null while that isn't known. Only of a single DAG. */
  readonly expectedEndAt?: string | null;
}

/** Whether a DAG has ended, one way or another. */
export const isFinal = ({ status }: Pick<DagView, 'status'>): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

export interface TaskView {
  readonly taskId: string;
  readonly dagId: string;
  readonly taskName: string;
  readonly type: string;
  readonly status: TaskStatus;
  /** Names. */
  readonly dependencies: readonly string[];
  readonly priority: number;
  readonly tags: readonly string[];
  /** Attempts begun. */
  readonly attempt: number;
  readonly maxRetries: number;
  readonly workerId: string | null;
  readonly createdAt: string;
  readonly queuedAt: string | null;
  readonly dispatchedAt: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly result: unknown;
  readonly error: TaskError | null;
  readonly retryAt?: string | null;
  readonly progress?: number | null;
  readonly payload?: unknown;
  readonly timeoutSeconds?: number | null;
  readonly backoff?: Backoff | null;
  /** Milliseconds in each stage, over all attempts. */
  readonly timing?: Readonly<Record<'blockedMs' | 'queuedMs' | 'dispatchedMs' | 'runningMs' | 'retryWaitMs', number>>;
}

/** What `GET /api/v1/tasks/{taskId}` says beside. */
export interface TaskDetail extends TaskView {
  /** Those that failed, of the last hundred. */
  readonly attempts: readonly Attempt[];
  /** What its handler kept last for the next attempt; null for nothing. */
  readonly checkpoint: unknown;
}

/** One reason why a task isn't running. */
export interface Condition {
  readonly code: string;
  readonly sentence: string;
  readonly details?: unknown;
}

/** Why a task isn't running yet, or who runs it. */
export interface Explanation {
  readonly taskId: string;
  readonly dagId: string;
  readonly taskName: string;
  readonly status: TaskStatus;
  /** The answer in one sentence. */
  readonly summary: string;
  readonly conditions: readonly Condition[];
  readonly holder: { readonly workerId: string; readonly attempt: number; readonly since: string | null } | null;
}

/** An attempt that didn't succeed. */
export interface Attempt {
  readonly attempt: number;
  readonly dispatch: number;
  readonly workerId: string | null;
  readonly session: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly error: TaskError;
}
