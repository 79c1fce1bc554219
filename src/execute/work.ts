/** What passes between the worker and the place where a handler runs, be it the main loop, a thread or a process. */
import type { Dispatch } from '../core/event';
import type { TaskInputs } from '../ports/store';
import type { Handler, TaskLogger } from './handler';
import type { Outcome } from './outcome';

/** What one attempt works on: plain values, so that they can travel. */
export interface Work {
  readonly dispatch: Pick<Dispatch, 'dag' | 'task' | 'name' | 'type' | 'tags' | 'simulate' | 'attempt'>;
  readonly fence: string;
  readonly inputs: TaskInputs;
  /** Bytes of JSON that the result, and each checkpoint, may have. */
  readonly limits: Limits;
}

export interface Limits {
  readonly resultBytes: number;
  readonly checkpointBytes: number;
}

/** What a handler can say while it runs. */
export interface Voice {
  readonly logger: TaskLogger;
  /** Resolves when the state (JSON text) is durable, rejects when the attempt is over. */
  checkpoint(state: string): Promise<void>;
  progress(fraction: number, message: string | null): void;
}

/** An attempt under way. */
export interface Begun {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Ends it by force, whatever its handler does: the outcome follows. Absent where that is impossible. */
  end?(): void;
}

/** A handler in a place of its own, which can be ended with it. */
export interface Isolated {
  begin(work: Work, voice: Voice, signal: AbortSignal): Begun;
}

/** What a worker can run, by task type. */
export type Runnables = ReadonlyMap<string, Handler | Isolated>;
