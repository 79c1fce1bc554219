/** What a DAG and its tasks are: the values that every stage shares. */
import type { DagId } from './ids';
import type { RateLimit } from './limits';
import type { Origin } from './schedule';

export const DAG_STATUSES = ['CREATED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type DagStatus = (typeof DAG_STATUSES)[number];

export const TASK_STATUSES = [
  'PENDING',
  'QUEUED',
  'RUNNING',
  'RETRYING',
  'WAITING',
  'CANCELLING',
  'COMPLETED',
  'FAILED',
  'SKIPPED',
  'CANCELLED',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const isFinalTask = (status: TaskStatus): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'SKIPPED' || status === 'CANCELLED';
export const isFinalDag = (status: DagStatus): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

/** The task types that ship with the scheduler; a deployment may add its own. */
export const BUILT_IN_TASK_TYPES = ['DATA_PROCESSING', 'API_CALL', 'DATABASE_OPERATION', 'FILE_PROCESSING', 'NOTIFICATION'] as const;

export const MIN_PRIORITY = 0;
export const MAX_PRIORITY = 9;
export const DEFAULT_PRIORITY = 5;

/** Which ready tasks of a DAG go first: those that were ready first, or those with the longest path to the DAG's end (core/upwardRank). */
export const DAG_ORDERS = ['fifo', 'critical-path'] as const;
export type DagOrder = (typeof DAG_ORDERS)[number];

/** How long to wait before attempt n + 1; all times in milliseconds. */
export interface Backoff {
  readonly type: 'exponential' | 'linear' | 'fixed';
  readonly initialMs: number;
  /** Exponential: the multiplier of each step. Linear: initialMs is added `factor` times a step. */
  readonly factor: number;
  readonly maxMs: number;
  /** 0 none, 1 full: the delay is drawn from [(1 - jitter) * delay, delay]. */
  readonly jitter: number;
}

export interface RetryPolicy {
  readonly maxRetries: number;
  readonly backoff: Backoff;
}

/** Parameters of a simulated handler. */
export interface Simulation {
  /** A fixed duration, or the bounds that one is drawn from. */
  readonly durationMs?: number | readonly [number, number];
  readonly failureRate?: number;
  /** With a seed, the same task and attempt always draws the same numbers. */
  readonly seed?: number;
}

/** A task as planned: validated, its defaults resolved, its dependencies as indexes into its DAG's tasks. */
export interface PlannedTask {
  readonly name: string;
  readonly type: string;
  readonly dependencies: readonly number[];
  readonly priority: number;
  readonly tags: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeoutSeconds: number | null;
  /** JSON text, or null for none: payloads are never parsed between the edge and the handler. */
  readonly payload: string | null;
  readonly simulate: Simulation | null;
  readonly options: TaskOptions | null;
}

/** What a DAG said for those of its tasks that don't say it themselves. */
export type TaskDefaults = Pick<PlannedTask, 'priority' | 'tags' | 'retry' | 'timeoutSeconds' | 'payload' | 'simulate' | 'options'>;

/** A DAG as planned, in the order in which the tasks were submitted. */
export interface PlannedDag {
  readonly dagId: DagId;
  readonly shard: number;
  readonly name: string;
  readonly description: string | null;
  /** For whom it runs: slots are shared out among tenants. Absent where its name stands for that. */
  readonly tenant?: string;
  readonly tags: readonly string[];
  readonly createdAt: number;
  /** When it is cancelled if it isn't final by then; null for never. */
  readonly dueAt: number | null;
  /** When it counts as late if it isn't final by then; absent for never. */
  readonly lateAt?: number;
  /** How many of its tasks may run at once; absent for any number. */
  readonly maxRunning?: number;
  /** Absent for `fifo`. */
  readonly order?: DagOrder;
  /** For tasks that are added to it later; absent where it said nothing. */
  readonly defaults?: TaskDefaults;
  /** The schedule that submitted it; absent where somebody else did. */
  readonly origin?: Origin;
  /** Its trace (core/trace.ts); absent where it has none. */
  readonly trace?: string;
  readonly tasks: readonly PlannedTask[];
}

/** What of its dependencies a task waits for, in Airflow's terms. */
export const TRIGGER_RULES = ['all_success', 'all_done', 'one_success', 'none_failed', 'always'] as const;
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/** The name of a pool, and of a rate. */
export const POOL_PATTERN = '^[A-Za-z0-9_.-]{1,64}$';

/** What few tasks say, kept together; a field that is absent has the engine's default. */
export interface TaskOptions {
  /** `all_success` where absent. */
  readonly triggerRule?: TriggerRule;
  /** From ready to begun, for each attempt. */
  readonly queueTimeoutSeconds?: number;
  /** Without a word (progress or checkpoint) from a handler that runs. */
  readonly progressTimeoutSeconds?: number;
  /** From ready for the first time to the end, retries included. */
  readonly totalTimeoutSeconds?: number;
  /** Names or codes of errors that no further attempt would mend. */
  readonly noRetryOn?: readonly string[];
  /** Attempts after a timeout, where they are to be counted apart from those after errors. */
  readonly maxTimeoutRetries?: number;
  /** A label by which it can be paused or limited together with others. */
  readonly pool?: string;
  /** The rate that it asks for before each attempt. */
  readonly rateLimit?: RateLimit;
  /** Running it twice does what running it once does. */
  readonly idempotent?: boolean;
  /** Where it takes too long it runs a second time beside the first; only what is idempotent may say so. */
  readonly speculative?: boolean;
  /** It starts only once a person has approved it. */
  readonly requiresApproval?: boolean;
}

/** The classes of failure; each has a budget and a policy of its own. */
export const FAILURE_KINDS = [
  'HANDLER',
  'TIMEOUT',
  'LOST_WORKER',
  'OUT_OF_MEMORY',
  'KILLED',
  'NEVER_STARTED',
  'POISON',
  'MARKED_FAILED',
  'UNSTORABLE',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** What a dead letter can be of: a task that gave up, or a record that can't be decoded. */
export const LETTER_KINDS = [...FAILURE_KINDS, 'UNDECODABLE'] as const;
export type LetterKind = (typeof LETTER_KINDS)[number];

/** What went wrong in an attempt. */
export interface TaskError {
  /** The class of failure, which decides the policy. */
  readonly kind: FailureKind;
  readonly message: string;
  /** The name of the thrown error's class, for filters and for retry rules. */
  readonly name?: string;
  /** The thrown error's own code, such as ECONNREFUSED. */
  readonly code?: string;
  readonly stack?: string;
  /** The handler's own wish for the next attempt, as in HTTP's Retry-After: no retry comes earlier. */
  readonly retryAfterMs?: number;
  /** What the verdict rests on: the last heartbeat, an exit code, a signal. */
  readonly evidence?: Readonly<Record<string, string | number | null>>;
}

/** Why a task is in a state that nothing in the graph explains, or where its cancellation leads to. */
export const REASON_CODES = [
  /** Held, by hand until released or until resumeAt, or by its submission until approved: PENDING. */
  'HELD',
  /** SKIPPED because its trigger rule can't be met any more: something before it failed, was cancelled or skipped. */
  'UPSTREAM',
  'SKIPPED_BY_HAND',
  'CANCELLED',
  /** Taken out of its running DAG. */
  'REMOVED',
  /** Its DAG was drained before it began. */
  'DRAINED',
  'DAG_TIMEOUT',
  /** No worker began it in its queue time: RETRYING, until resumeAt, once nobody can begin it any more. */
  'QUEUE_TIMEOUT',
  /** Its own time is over, or its last wait for a worker: FAILED once nobody runs it any more. */
  'TIMED_OUT',
  'MARKED_COMPLETED',
  'MARKED_FAILED',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface TaskReason {
  readonly code: ReasonCode;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by?: string;
  readonly message?: string;
  /** HELD: when it is released by itself. QUEUE_TIMEOUT: when it is tried again. */
  readonly resumeAt?: number;
  /**
   * Nobody has approved the task, which requires it. HELD: AWAITED where its trigger rule is met and only a person is waited for, REQUIRED
   * before. With any other reason REQUIRED: begun again it has to be approved.
   */
  readonly approval?: 'REQUIRED' | 'AWAITED';
}

/** Why a DAG is PAUSED, or is on its way to CANCELLED or FAILED. */
export interface DagReason {
  readonly code: 'PAUSED' | 'CANCELLED' | 'DRAINED' | 'DAG_TIMEOUT';
  readonly at: number;
  readonly by?: string;
  readonly message?: string;
}
