/** What `POST /api/v1/dags` takes. */
import type { Backoff, BUILT_IN_TASK_TYPES, Simulation } from '../core/dag';

/** A built-in type, or one that the deployment added. */
export type TaskType = (typeof BUILT_IN_TASK_TYPES)[number] | (string & {});

/** What a DAG may say for all its tasks, and each task for itself. */
export interface TaskDefaults {
  /** 0 to 9, the higher first; 5 by default. */
  readonly priority?: number;
  readonly maxRetries?: number;
  readonly backoff?: Partial<Backoff>;
  readonly timeoutSeconds?: number;
  readonly tags?: readonly string[];
  readonly simulate?: Simulation;
}

export interface TaskSubmission extends TaskDefaults {
  readonly taskName: string;
  readonly type: TaskType;
  /** Names of tasks of the same DAG. */
  readonly dependencies?: readonly string[];
  /** Any JSON. */
  readonly payload?: unknown;
}

export interface DagSubmission extends TaskDefaults {
  readonly dagName: string;
  readonly description?: string;
  readonly tasks: readonly TaskSubmission[];
}
