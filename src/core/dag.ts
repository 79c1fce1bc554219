/** What a DAG and its tasks are: the values that every stage shares. */
import type { DagId } from './ids';

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
}

/** A DAG as planned, in the order in which the tasks were submitted. */
export interface PlannedDag {
  readonly dagId: DagId;
  readonly shard: number;
  readonly name: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly createdAt: number;
  readonly tasks: readonly PlannedTask[];
}

/** What went wrong in an attempt. */
export interface TaskError {
  /** The class of failure, which decides the policy. */
  readonly kind: 'HANDLER' | 'TIMEOUT' | 'LOST_WORKER' | 'UNSTORABLE';
  readonly message: string;
  /** The name of the thrown error's class, for filters and for retry rules. */
  readonly name?: string;
  readonly stack?: string;
}
