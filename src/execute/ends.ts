/** How attempts end: their reports, and how many of these aren't durable yet. */
import type { Dispatched, Event, Report } from '../core/event';
import { inTrace } from '../core/trace';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import { abortReasonOf, dispatchedOf, executionOf, type Attempt } from './attempt';
import { outcomeOfAbort, type Outcome } from './outcome';
import type { Held } from './prefetch';

export interface EndsNeeds {
  readonly session: string;
  readonly worker: string;
  /** Resolves when the event is durable in its shard's log. */
  readonly report: (shard: number, event: Event) => Promise<void>;
  /** The handler has ended and its report is durable. */
  readonly finished: (done: Dispatched) => void;
  /** A handler ignores its signal where it can't be ended alone, and what could be reported of it is durable. */
  readonly stuck: () => void;
  readonly giveBack: (held: Held) => Promise<void>;
  /** Nothing more will be said of this dispatch. */
  readonly over: (dispatch: Dispatched) => void;
  /** Fewer reports wait. */
  readonly eased: () => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
}

export interface Ends {
  /** Reports that aren't durable yet. */
  waiting(): number;
  /** Its handler has ended. Never rejects. */
  tell(attempt: Attempt, outcome: Outcome, endedAt: number): Promise<void>;
  /** Its handler goes on past its hard limit: its failure is told, but its claim is kept, so that nobody else runs the task meanwhile. Never rejects. */
  tellStuck(attempt: Attempt): Promise<void>;
}

const under = ({ traceparent }: Attempt, report: Report): Report => (traceparent === undefined ? report : { ...report, trace: traceparent });

/** Makes what reports the ends of a worker's attempts. */
export const createEnds = (needs: EndsNeeds): Ends => {
  const { session, worker, report, announce, clock } = needs;
  let unreported = 0;

  const counted = async (reporting: () => Promise<void>): Promise<void> => {
    unreported += 1;
    try {
      await reporting();
    } catch (error) {
      announce('loop.failed', { loop: 'report', error });
    } finally {
      unreported -= 1;
      needs.eased();
    }
  };

  const eventOf = (attempt: Attempt, outcome: Outcome, endedAt: number): Event => {
    const execution = executionOf(attempt, needs);
    switch (outcome.kind) {
      case 'completed':
        return under(attempt, { type: 'completed', ...execution, endedAt, result: outcome.result });
      case 'failed':
        return under(attempt, { type: 'failed', ...execution, endedAt, error: outcome.error, retryable: outcome.retryable });
      case 'aborted':
        return { type: 'released', session, tasks: [dispatchedOf(attempt.held.dispatch)] };
      case 'withdrawn':
        return { type: 'withdrawn', session, tasks: [dispatchedOf(attempt.held.dispatch)] };
    }
  };

  const announceEnd = ({ held: { dispatch }, startedAt }: Attempt, outcome: Outcome, endedAt: number): void => {
    announce('execution.finished', {
      dag: dispatch.dag,
      task: dispatch.name,
      type: dispatch.type,
      attempt: dispatch.attempt,
      worker,
      outcome: outcome.kind,
      runningMs: endedAt - startedAt,
      ...(outcome.kind === 'failed' ? { error: outcome.error.message } : {}),
      ...inTrace(dispatch.trace),
    });
  };

  return {
    waiting: () => unreported,
    tell: (attempt, outcome, endedAt) => {
      announceEnd(attempt, outcome, endedAt);
      const { shard, dispatch } = attempt.held;
      return counted(async () => {
        if (outcome.kind === 'aborted' && !attempt.reported) {
          await needs.giveBack(attempt.held);
          return;
        }
        if (!attempt.reported) await report(shard, eventOf(attempt, outcome, endedAt));
        needs.finished(dispatchedOf(dispatch));
        needs.over(dispatch);
      });
    },
    tellStuck: async (attempt) => {
      const outcome = outcomeOfAbort(abortReasonOf(attempt)!, { end: 'none: the handler ignores its signal' });
      if (outcome.kind === 'failed') {
        attempt.reported = true;
        await counted(() => report(attempt.held.shard, eventOf(attempt, outcome, clock.now())));
      }
      needs.stuck();
    },
  };
};
