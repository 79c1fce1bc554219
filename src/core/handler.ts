/** What runs a task: the interface that simulated, real and users' own handlers implement. */
import type { Simulation } from './dag';
import type { DagId, TaskId } from './ids';

/** The log of one attempt, which is kept with its task. What a handler prints (`console.log`) is kept there, too. */
export interface TaskLogger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Everything that a handler gets. */
export interface TaskContext {
  readonly task: {
    readonly dagId: DagId;
    readonly taskId: TaskId;
    readonly name: string;
    readonly type: string;
    readonly tags: readonly string[];
    readonly simulate: Simulation | null;
  };
  /** The submitted payload, parsed; null where there was none. */
  readonly payload: unknown;
  /** The results of the direct dependencies that left one, by task name. */
  readonly upstream: Readonly<Record<string, unknown>>;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /**
   * Unique for each grant of a task and growing with each: an outside write guarded by "only if the fence is larger than
   * the last" can't be undone by an execution that was given up. Fits a signed 64-bit column.
   */
  readonly fence: bigint;
  /** Fires when the attempt ran out of time, the session ended, or the worker leaves. */
  readonly signal: AbortSignal;
  /** The attempt's context by W3C, to be handed on to what it calls; undefined where its DAG isn't traced. */
  readonly traceparent: string | undefined;
  readonly logger: TaskLogger;
  /** What the last attempt left by `checkpoint`; null where it left nothing. */
  readonly restored: unknown;
  /** Keeps `state` (any JSON) for the next attempt: durable when it resolves. Rejects when the attempt is over. */
  checkpoint(state: unknown): Promise<void>;
  /** Tells how far the work has come, 0 to 1. At most one report a second leaves the worker. */
  progress(fraction: number, message?: string): void;
}

/**
 * Runs one attempt. What it resolves with is the task's result (any JSON, undefined for none); what it throws is the
 * attempt's error. An error with `retryable: false` is not tried again.
 */
export type Handler = (context: TaskContext) => Promise<unknown>;

/** What a module says of its batches, in an export named `batch` beside the default one, which is a `BatchHandler` then. */
export interface BatchLimits {
  /** The most tasks that one call gets, 1 to 10,000. Together they take one slot of the worker. */
  readonly maxSize: number;
  /** The longest that a task waits for more of its type while the worker is at work on others of it, 0 to 60,000 ms. With none at work it never waits. */
  readonly maxWaitMs: number;
}

/**
 * Runs one attempt of each of many tasks of one type, each with a context of its own: its signal, its fence, its checkpoints.
 * Answers an array with one entry for each context, in their order: the task's result (any JSON, undefined for none), an `Error`
 * where that task alone failed, or a promise of either. A call that throws fails all of its tasks. A task that failed, or that two
 * workers died of, is tried again by itself, so that it can't take others along: the array has one context then.
 */
export type BatchHandler = (contexts: readonly TaskContext[]) => readonly unknown[] | Promise<readonly unknown[]>;
