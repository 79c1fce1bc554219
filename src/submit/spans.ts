/** The trace of a DAG begins here: its context, and the spans of its submission. */
import type { PlannedDag } from '../core/dag';
import { childContext, dagTraceOf, parseTraceparent, rootContext, spanIdIn, traceIdOf } from '../core/trace';
import type { Clock } from '../ports/clock';
import type { Span, Tracing } from '../ports/tracing';

/** The request that brought a submission. */
export interface Arrival {
  /** The pattern of its path. */
  readonly route: string;
  /** The client's own context, as it sent it. */
  readonly traceparent: string | undefined;
}

/** One submission, from its arrival on. */
export interface SubmissionSpans {
  /** It is planned: gives it its trace, where it gets one. */
  join(dag: PlannedDag): PlannedDag;
  /** It is stored. */
  stored(dag: PlannedDag): void;
}

export interface SubmissionSpansNeeds {
  readonly tracing: Tracing;
  readonly clock: Pick<Clock, 'now'>;
}

/** A client decides for its own trace, what begins here is sampled; null for what isn't. */
const traceOf = ({ dagId }: PlannedDag, given: string | undefined, tracing: Tracing): string | null => {
  const client = parseTraceparent(given);
  const spanId = tracing.newSpanId();
  if (client !== undefined) return dagTraceOf({ ...client, spanId }, client.spanId);
  return tracing.samples() ? dagTraceOf({ traceId: traceIdOf(dagId), spanId, sampled: true }, null) : null;
};

/** Begins to watch a submission. */
export const beginSubmission = ({ tracing, clock }: SubmissionSpansNeeds, arrival: Arrival | undefined): SubmissionSpans => {
  const begunAt = clock.now();
  let plannedAt = begunAt;

  const record = (root: string, times: Pick<Span, 'startMs' | 'endMs'>, span: Pick<Span, 'name' | 'kind' | 'attributes' | 'parent'>): string => {
    const context = childContext(root, tracing.newSpanId());
    tracing.record({ context, ...times, ...span });
    return spanIdIn(context);
  };
  return {
    join: (dag) => {
      plannedAt = clock.now();
      const trace = traceOf(dag, arrival?.traceparent, tracing);
      return trace === null ? dag : { ...dag, trace };
    },
    stored: ({ trace, dagId, tasks }) => {
      if (trace === undefined) return;
      const root = rootContext(trace);
      const endMs = clock.now();
      const inDag = { 'dts.dag.id': dagId };
      const request =
        arrival === undefined
          ? spanIdIn(root)
          : record(
              root,
              { startMs: begunAt, endMs },
              {
                name: `POST ${arrival.route}`,
                kind: 'server',
                parent: spanIdIn(root),
                attributes: { ...inDag, 'http.request.method': 'POST', 'http.route': arrival.route, 'http.response.status_code': 201 },
              },
            );
      const planning = { name: 'plan', kind: 'internal', parent: request, attributes: { ...inDag, 'dts.dag.tasks': tasks.length } } as const;
      record(root, { startMs: begunAt, endMs: plannedAt }, planning);
      const storing = { name: 'store', kind: 'internal', parent: request, attributes: { ...inDag, 'db.system.name': 'postgresql' } } as const;
      record(root, { startMs: plannedAt, endMs }, storing);
    },
  };
};
