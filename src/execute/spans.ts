/** The span of an attempt: from the call of its handler to its end. */
import { messagingAttributes, taskAttributes } from '../core/spanAttributes';
import { childContext, spanIdIn } from '../core/trace';
import type { Tracing } from '../ports/tracing';
import type { Attempt } from './attempt';
import type { Outcome } from './outcome';

export interface RunSpans {
  /** The context of a new attempt, below the dispatch that brought it. */
  contextBelow(dispatched: string): string;
  ended(attempt: Attempt, outcome: Outcome, endedAt: number): void;
}

const errorOf = (outcome: Outcome): { error: string } | undefined => {
  if (outcome.kind === 'failed') return { error: outcome.error.message };
  return outcome.kind === 'aborted' ? { error: outcome.reason } : undefined;
};

/** Makes them for one worker; a process without tracing has none. */
export const createRunSpans = (tracing: Tracing, worker: string): RunSpans => ({
  contextBelow: (dispatched) => childContext(dispatched, tracing.newSpanId()),
  ended: ({ held: { dispatch, sentAt, claimedAt, fence }, startedAt, traceparent }, outcome, endedAt) => {
    if (traceparent === undefined) return;
    tracing.record({
      context: traceparent,
      parent: spanIdIn(dispatch.trace!),
      name: `run ${dispatch.type}`,
      kind: 'consumer',
      startMs: startedAt,
      endMs: endedAt,
      attributes: {
        ...taskAttributes({ ...dispatch, task: dispatch.copyOf ?? dispatch.task }),
        ...messagingAttributes(tracing.carrier.system, tracing.carrier.queue, { type: 'process', name: 'run' }),
        'dts.worker.id': worker,
        'dts.task.fence': fence,
        'dts.task.outcome': outcome.kind,
        'dts.task.claimed_after_ms': claimedAt - sentAt,
        'dts.task.waited_at_worker_ms': startedAt - claimedAt,
        ...(outcome.kind === 'failed' ? { 'error.type': outcome.error.name ?? outcome.error.kind } : {}),
      },
      ...errorOf(outcome),
    });
  },
});
