/** What `POST /api/v1/dags` takes. */
import type { Backoff, BUILT_IN_TASK_TYPES, Simulation, TriggerRule } from '../core/dag';

/** A built-in type, or one that the deployment added. */
export type TaskType = (typeof BUILT_IN_TASK_TYPES)[number] | (string & {});

/** What a DAG may say for all its tasks, and each task for itself. */
export interface TaskDefaults {
  /** 0 to 9, the higher first; 5 by default. */
  readonly priority?: number;
  readonly maxRetries?: number;
  readonly backoff?: Partial<Backoff>;
  /** Of one attempt. */
  readonly timeoutSeconds?: number;
  /** From ready to begun, for each attempt. */
  readonly queueTimeoutSeconds?: number;
  /** Without progress and without a checkpoint from a running handler. */
  readonly progressTimeoutSeconds?: number;
  /** From ready for the first time to the end, retries included. */
  readonly totalTimeoutSeconds?: number;
  /** Attempts after a timeout, counted apart from `maxRetries`. */
  readonly maxTimeoutRetries?: number;
  /** Names and codes of errors that no further attempt would mend. */
  readonly noRetryOn?: readonly string[];
  /** What of its dependencies a task waits for; `all_success` by default. */
  readonly triggerRule?: TriggerRule;
  /** A label by which tasks are paused or limited together. */
  readonly pool?: string;
  /** A rate that is set for the cluster: each of its keys lets so many begin in a second. */
  readonly rateLimit?: { readonly name: string; readonly key?: string };
  /** Running it twice does what running it once does. */
  readonly idempotent?: boolean;
  /** Where it takes too long a second copy runs beside it; only with `idempotent`. */
  readonly speculative?: boolean;
  /** Once its trigger rule is met it waits for a person: it starts when it is approved. */
  readonly requiresApproval?: boolean;
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
  /** From submission to end: what isn't final then is cancelled, and the DAG fails. */
  readonly dagTimeoutSeconds?: number;
  /** From submission to when it counts as late: it goes on, and subscriptions to DAG_LATE are told. */
  readonly lateAfterSeconds?: number;
  /** How many of its tasks run at once, 1 to 10,000; any number by default. */
  readonly maxRunning?: number;
  /** For whom it runs: slots are shared out among tenants. Without one its name stands for that. */
  readonly tenant?: string;
  /** Which of its ready tasks go first: those that were ready first, or those with the longest way to its end. */
  readonly order?: 'fifo' | 'critical-path';
  readonly tasks: readonly TaskSubmission[];
}
