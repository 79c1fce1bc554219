/** What passes between the worker and the place where a handler runs, be it the main loop, a thread or a process. */
import type { Dispatch } from '../core/event';
import type { TaskInputs } from '../ports/store';
import type { BatchHandler, BatchLimits, Handler } from '../core/handler';
import type { LogLine } from '../core/logLine';
import type { Outcome } from './outcome';

/** What one attempt works on: plain values, so that they can travel. */
export interface Work {
  readonly dispatch: Pick<Dispatch, 'dag' | 'task' | 'name' | 'type' | 'tags' | 'simulate' | 'attempt' | 'copyOf'>;
  readonly fence: string;
  readonly inputs: TaskInputs;
  /** Bytes of JSON that the result, and each checkpoint, may have. */
  readonly limits: Limits;
  /** The context that it runs in. */
  readonly traceparent?: string | undefined;
}

export interface Limits {
  readonly resultBytes: number;
  readonly checkpointBytes: number;
}

/** What a handler can say while it runs. */
export interface Voice {
  /** Keeps a line with the task. */
  say(line: LogLine): void;
  /** Resolves when the state (JSON text) is durable, rejects when the attempt is over. */
  checkpoint(state: string): Promise<void>;
  progress(fraction: number, message: string | null): void;
}

/** One task of a call. */
export interface Member {
  readonly work: Work;
  readonly voice: Voice;
  readonly signal: AbortSignal;
}

/** A call under way. */
export interface Begun {
  /** In the order of its members. Never rejects. */
  readonly outcomes: Promise<readonly Outcome[]>;
  /** Resolves when its place has loaded the handler, and rejects where that comes to nothing; absent where the handler is called at once. */
  readonly loaded?: Promise<unknown>;
  /** Ends it by force, whatever its handler does: the outcomes follow. Absent where that is impossible. */
  end?(): void;
}

/** A handler that takes many tasks in one call. */
export interface Batched {
  readonly handle: BatchHandler;
  readonly batch: BatchLimits;
}

/** What a module exports. */
export type Loaded = Handler | Batched;

/** A handler in a place of its own, which can be ended with it. */
export interface Isolated {
  /** Null where each call takes one task. */
  readonly batch: BatchLimits | null;
  begin(members: readonly Member[]): Begun;
}

export type Runnable = Loaded | Isolated;

/** What a worker can run, by task type. */
export type Runnables = ReadonlyMap<string, Runnable>;

export const isIsolated = (runnable: Runnable | undefined): runnable is Isolated => typeof runnable === 'object' && 'begin' in runnable;

/** The types that take many tasks in one call. */
export const batchesIn = (runnables: Runnables): ReadonlyMap<string, BatchLimits> =>
  new Map([...runnables].flatMap(([type, runnable]) => (typeof runnable === 'function' || runnable.batch === null ? [] : [[type, runnable.batch]])));
