/** The spans of what is sent to workers: from ready to sent. */
import type { Seat } from '../core/routing';
import type { Run } from '../core/run';
import { messagingAttributes, taskAttributes } from '../core/spanAttributes';
import { childContext, rootContext, spanIdIn } from '../core/trace';
import type { Clock } from '../ports/clock';
import type { Tracing } from '../ports/tracing';

export interface Sendable {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
}

/** A dispatch that is being sent. */
export interface DispatchSpan {
  readonly context: string;
  /** It is with the queue. */
  sent(): void;
}

export interface DispatchSpans {
  /** Undefined where the DAG has no trace. `readyAt` is when it became ready. */
  begin(ready: Sendable, seat: Pick<Seat, 'worker' | 'inbox'>, readyAt: number): DispatchSpan | undefined;
}

/** Makes them; a process without tracing has none. */
export const createDispatchSpans = (tracing: Tracing, clock: Pick<Clock, 'now'>): DispatchSpans => {
  const { system, queue } = tracing.carrier;
  return {
    begin: ({ run, task, dispatch }, { worker, inbox }, readyAt) => {
      const spec = run.specs[task];
      if (run.trace === null || spec === undefined) return undefined;
      const root = rootContext(run.trace);
      const context = childContext(root, tracing.newSpanId());
      // Its end may be applied before its send is acknowledged.
      const attempt = run.failures[task]! + 1;
      return {
        context,
        sent: () => {
          const endMs = clock.now();
          tracing.record({
            context,
            parent: spanIdIn(root),
            name: `dispatch ${spec.type}`,
            kind: 'producer',
            startMs: Math.min(readyAt, endMs),
            endMs,
            attributes: {
              ...taskAttributes({ dag: run.dag, task, name: spec.name, type: spec.type, attempt, dispatch }),
              ...messagingAttributes(system, queue, { type: 'send', name: 'dispatch' }),
              'messaging.destination.partition.id': String(inbox),
              'dts.worker.id': worker,
            },
          });
        },
      };
    },
  };
};
