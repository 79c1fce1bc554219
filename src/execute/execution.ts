/** One attempt of one task, from the call of its handler to the value that tells how it ended. */
import type { TaskError } from '../core/dag';
import type { Execution } from '../core/event';
import { taskIdOf } from '../core/ids';
import type { TaskInputs } from '../ports/store';
import type { Handler, TaskContext, TaskLogger } from './handler';
import type { Held } from './prefetch';

/** How an attempt ended. An aborted one is nobody's failure: the task is given back. */
export type Outcome =
  | { readonly kind: 'completed'; readonly result: string | null }
  | { readonly kind: 'failed'; readonly error: TaskError; readonly retryable: boolean }
  | { readonly kind: 'aborted'; readonly reason: string };

/** Why a handler's signal fired. */
export type AbortReason = { readonly kind: 'timeout'; readonly seconds: number } | { readonly kind: 'gone'; readonly why: string };

export interface Attempt {
  readonly held: Held;
  readonly startedAt: number;
  readonly controller: AbortController;
  told: boolean;
}

const MAX_STACK = 4000;
const MAX_MESSAGE = 2000;

const parse = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

export interface ContextNeeds {
  readonly attempt: Attempt;
  readonly inputs: TaskInputs;
  readonly logger: TaskLogger;
  readonly checkpoint: (state: string) => Promise<void>;
  readonly progress: (fraction: number, message: string | null) => void;
  /** Characters of JSON that a checkpoint may have. */
  readonly limit: number;
}

/** What the handler sees. */
export const contextOf = ({ attempt, inputs, logger, checkpoint, progress, limit }: ContextNeeds): TaskContext => {
  const { dispatch, fence } = attempt.held;
  const upstream: Record<string, unknown> = {};
  for (const [name, result] of Object.entries(inputs.upstream)) upstream[name] = parse(result);
  return {
    task: {
      dagId: dispatch.dag,
      taskId: taskIdOf(dispatch.dag, dispatch.task),
      name: dispatch.name,
      type: dispatch.type,
      tags: dispatch.tags,
      simulate: dispatch.simulate,
    },
    payload: parse(inputs.payload),
    restored: parse(inputs.checkpoint),
    upstream,
    attempt: dispatch.attempt,
    fence: BigInt(fence),
    signal: attempt.controller.signal,
    logger,
    // What is too large for the log would hold up every later report of this worker.
    checkpoint: (state) => {
      const text = toJson(state ?? null) ?? 'null';
      const done =
        text.length <= limit
          ? checkpoint(text)
          : Promise.reject(new RangeError(`the checkpoint has ${String(text.length)} characters, more than the ${String(limit)} allowed`));
      // A handler that doesn't wait for it must not bring down the process when its attempt is given up.
      done.catch(() => undefined);
      return done;
    },
    progress: (fraction, message) => {
      if (!Number.isNaN(fraction)) progress(Math.min(1, Math.max(0, fraction)), message?.slice(0, MAX_MESSAGE) ?? null);
    },
  };
};

const errorOf = (thrown: unknown): TaskError => {
  if (!(thrown instanceof Error)) return { kind: 'HANDLER', message: String(thrown).slice(0, MAX_MESSAGE) };
  const { name, message, stack } = thrown;
  return { kind: 'HANDLER', name, message: message.slice(0, MAX_MESSAGE), ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK) }) };
};

const isRetryable = (thrown: unknown): boolean => !(thrown instanceof Error && 'retryable' in thrown && thrown.retryable === false);

const failureOf = (thrown: unknown, signal: AbortSignal): Outcome => {
  const reason = signal.aborted ? (signal.reason as AbortReason) : undefined;
  if (reason?.kind === 'gone') return { kind: 'aborted', reason: reason.why };
  if (reason?.kind !== 'timeout') return { kind: 'failed', error: errorOf(thrown), retryable: isRetryable(thrown) };
  const message = `the attempt took longer than its timeout of ${String(reason.seconds)} s`;
  return { kind: 'failed', error: { kind: 'TIMEOUT', message }, retryable: true };
};

/** Undefined for what JSON has no text for, such as a function. */
const toJson = (value: unknown): string | undefined => JSON.stringify(value);

const resultOf = (value: unknown, limit: number): Outcome => {
  let result: string | null;
  try {
    result = toJson(value) ?? null;
  } catch (error) {
    return { kind: 'failed', error: { ...errorOf(error), message: `the result is no JSON: ${errorOf(error).message}` }, retryable: false };
  }
  if (result === null || result.length <= limit) return { kind: 'completed', result };
  const message = `the result has ${String(result.length)} characters, more than the ${String(limit)} allowed: store it elsewhere and return where`;
  return { kind: 'failed', error: { kind: 'HANDLER', message }, retryable: false };
};

/** Calls the handler and classifies its end; never rejects. `resultLimit` is in characters of JSON. */
export const carryOut = async (handler: Handler, context: () => TaskContext, signal: AbortSignal, resultLimit: number): Promise<Outcome> => {
  try {
    return resultOf(await handler(context()), resultLimit);
  } catch (thrown) {
    return failureOf(thrown, signal);
  }
};

/** The part of a report that says which execution it speaks of. */
export const executionOf = ({ held: { dispatch, fence, sentAt }, startedAt }: Attempt, who: { session: string; worker: string }): Execution => ({
  dag: dispatch.dag,
  task: dispatch.task,
  dispatch: dispatch.dispatch,
  fence,
  ...who,
  sentAt,
  startedAt,
});
