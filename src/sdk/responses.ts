/** What the API answers. Times are ISO 8601 in UTC, and null for what hasn't happened. */
import type { Backoff, DagStatus, TaskError, TaskStatus } from '../core/dag';

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

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** RFC 9457; `errors` names every wrong field with its path. */
export interface ProblemDetails {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}
