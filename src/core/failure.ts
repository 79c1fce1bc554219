/** Failures of the world around the engine: values with a code that callers can tell apart, never by their prose. */

export type FailureCode =
  | 'STORE_UNAVAILABLE'
  | 'STALE_EPOCH'
  | 'UNSTORABLE'
  | 'SHARD_COUNT_DIFFERS'
  | 'LEASES_UNAVAILABLE'
  | 'WORKER_ID_HELD'
  | 'BROKER_UNAVAILABLE'
  | 'TOPIC_TOO_SMALL'
  | 'OVERLOADED';

export interface Failure extends Error {
  readonly code: FailureCode;
  /** When trying again is worth it, where somebody can tell. */
  readonly retryAfterSeconds?: number;
}

/** Makes an Error with a code; `cause` keeps the driver's own words. */
export const failure = (code: FailureCode, message: string, cause?: unknown): Failure =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { name: 'Failure', code });

const LONGEST_WAIT_SECONDS = 60;

/** There is more work than is taken at once; what is there takes about `ms`. */
export const overloaded = (message: string, ms: number): Failure =>
  Object.assign(failure('OVERLOADED', message), { retryAfterSeconds: Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil(ms / 1000))) });

export const isFailure = (error: unknown, code?: FailureCode): error is Failure =>
  error instanceof Error && error.name === 'Failure' && (code === undefined || (error as Failure).code === code);
