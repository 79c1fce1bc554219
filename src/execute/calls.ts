/** One call of a handler, for one task or for a batch: what has to be so before it, and how it begins. */
import type { Dispatch } from '../core/event';
import type { LogLine } from '../core/logLine';
import type { Clock } from '../ports/clock';
import type { TaskInputs } from '../ports/store';
import { abortReasonOf, dispatchedOf, type Attempt } from './attempt';
import { carryOut, withKnown } from './execution';
import { outcomeOfAbort, type Outcome } from './outcome';
import type { Held } from './prefetch';
import type { Printed } from './printed';
import { isIsolated, type Begun, type Limits, type Member, type Runnable, type Runnables, type Voice } from './work';

export interface CallsNeeds {
  readonly clock: Pick<Clock, 'now'>;
  /** For how long the session's claims keep others off, by this process's own clock; 0 once its lease is over. */
  readonly leaseLeftMs: () => number;
  readonly handlers: Runnables;
  readonly limits: Limits;
  readonly fetchInputs: (origin: string, dispatch: Pick<Dispatch, 'dag' | 'task' | 'copyOf'>, fence: string) => Promise<TaskInputs>;
  /** Keeps a line with the task. */
  readonly say: (held: Held, line: LogLine) => void;
  /** What is printed by handlers on the main loop, by type; absent where nobody looks after it. */
  readonly printed?: ReadonlyMap<string, Printed> | undefined;
}

interface CallsOwner extends CallsNeeds {
  /** Resolves when it is durable that an attempt runs. */
  readonly tellStarted: (attempt: Attempt) => Promise<void>;
  /** What the handler of an attempt may say from now on. */
  readonly open: (attempt: Attempt) => Omit<Voice, 'say'>;
}

/** How the attempts of one call ended, in their order. */
export type CallHandler = (attempts: readonly Attempt[]) => Promise<readonly Outcome[]>;

interface Prepared {
  readonly attempt: Attempt;
  readonly inputs: TaskInputs;
  /** Why it can't be called. */
  readonly end?: Outcome;
}

/** A lease that ends sooner wasn't renewed for two heartbeats (0.4 s of 1.6 by default): its end may be a cut from the leases. */
const TELL_FIRST_MS = 700;

// The call ends by that, too.
const doNothing = (): void => undefined;

const begin = (runnable: Runnable, members: readonly Member[], printed: Printed | undefined): Begun =>
  isIsolated(runnable) ? runnable.begin(members) : { outcomes: carryOut(runnable, members, printed) };

const withoutHandler = (type: string): Outcome => ({
  kind: 'failed',
  retryable: false,
  error: { kind: 'HANDLER', message: `this worker has no handler for ${type}` },
});

/** Makes the function that calls handlers. All attempts of a call are of one type. */
export const createCalls = (needs: CallsOwner): CallHandler => {
  const mustBePrepared = ({ held: { dispatch } }: Attempt): boolean =>
    dispatch.inputs === 'fetch' || dispatch.suspect || needs.leaseLeftMs() < TELL_FIRST_MS;

  const prepare = async (attempt: Attempt): Promise<Prepared> => {
    const { dispatch, origin, fence } = attempt.held;
    let inputs: TaskInputs = dispatch;
    const aborted = (why: string): Prepared => ({ attempt, inputs, end: { kind: 'aborted', reason: why } });
    try {
      if (dispatch.inputs === 'fetch') inputs = await needs.fetchInputs(origin, dispatchedOf(dispatch), fence);
    } catch (error) {
      return aborted(`its inputs could not be fetched: ${String(error)}`);
    }
    try {
      // Durable before the handler is called: if this worker dies with it, too, everybody knows of what; and once the lease is over,
      // the log alone keeps others off.
      if (dispatch.suspect || needs.leaseLeftMs() < TELL_FIRST_MS) await needs.tellStarted(attempt);
    } catch (error) {
      return aborted(`its start could not be reported: ${String(error)}`);
    }
    return { attempt, inputs };
  };

  const endOf = ({ attempt, end }: Prepared): Outcome | undefined => {
    if (end !== undefined) return end;
    const reason = abortReasonOf(attempt);
    if (reason !== undefined) return outcomeOfAbort(reason);
    // Whoever was suspended past the end of its lease, or is cut off from the leases alone: somebody else may have the task by now.
    return needs.leaseLeftMs() === 0 ? outcomeOfAbort({ kind: 'gone', why: 'the lease of the session is over' }) : undefined;
  };

  const memberOf = ({ attempt, inputs }: Prepared, { checkpoint, progress }: Omit<Voice, 'say'>): Member => ({
    work: { dispatch: attempt.held.dispatch, fence: attempt.held.fence, inputs, limits: needs.limits, traceparent: attempt.traceparent },
    voice: {
      say: (line) => {
        if (!attempt.over) needs.say(attempt.held, line);
      },
      checkpoint,
      progress,
    },
    signal: attempt.controller.signal,
  });

  return async (attempts) => {
    const { type } = attempts[0]!.held.dispatch;
    const runnable = needs.handlers.get(type);
    if (runnable === undefined) return attempts.map(() => withoutHandler(type));
    const prepared = attempts.some(mustBePrepared)
      ? await Promise.all(attempts.map(prepare))
      : attempts.map((attempt) => ({ attempt, inputs: attempt.held.dispatch }));
    // Nothing is awaited between the last look at each attempt and the call.
    return withKnown(prepared, endOf, (open) => {
      const begun = begin(
        runnable,
        open.map((one) => memberOf(one, needs.open(one.attempt))),
        needs.printed?.get(type),
      );
      for (const { attempt } of open) attempt.begun = begun;
      begun.loaded?.then(() => {
        for (const { attempt } of open) attempt.loadedAt = needs.clock.now();
      }, doNothing);
      return begun.outcomes;
    });
  };
};
