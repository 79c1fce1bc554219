/** The spans of what becomes of reports, and of DAGs: recorded once it is committed, by whoever committed it. */
import type { AttemptChange } from '../core/change';
import { originalOf } from '../core/copies';
import type { FailureKind, TaskError } from '../core/dag';
import type { Completed, Failed } from '../core/event';
import type { Run } from '../core/run';
import { messagingAttributes, taskAttributes } from '../core/spanAttributes';
import { childContext, parentOfRoot, parseTraceparent, rootContext, spanIdIn } from '../core/trace';
import type { Clock } from '../ports/clock';
import type { Span, Tracing } from '../ports/tracing';

/** A report that came with a context. */
export interface Traced {
  readonly run: Run;
  readonly event: Completed | Failed;
  /** When the log took it. */
  readonly at: number;
}

export interface AdvanceSpans {
  applied(reports: readonly Traced[]): void;
  /** An attempt that nobody reported the end of. */
  gone(run: Run, attempt: AttemptChange): void;
  /** A DAG is over. */
  ended(run: Run): void;
}

/** Whoever ran it can't tell of it any more. */
const UNTOLD: ReadonlySet<FailureKind> = new Set(['LOST_WORKER', 'NEVER_STARTED', 'POISON']);

/** Makes them; a process without tracing has none. */
export const createAdvanceSpans = (tracing: Tracing, clock: Pick<Clock, 'now'>): AdvanceSpans => {
  const { system, events } = tracing.carrier;

  const applied = ({ run, event, at }: Traced): void => {
    const { trace, dispatch, worker, type: outcome } = event;
    const task = originalOf(run, event.task) ?? event.task;
    const spec = run.specs[task];
    if (spec === undefined || parseTraceparent(trace) === undefined) return;
    const endMs = clock.now();
    tracing.record({
      context: childContext(trace!, tracing.newSpanId()),
      parent: spanIdIn(trace!),
      name: `advance ${spec.type}`,
      kind: 'consumer',
      startMs: Math.min(at, endMs),
      endMs,
      attributes: {
        ...taskAttributes({ dag: run.dag, task, name: spec.name, type: spec.type, dispatch }),
        ...messagingAttributes(system, events, { type: 'process', name: 'advance' }),
        'messaging.destination.partition.id': String(run.shard),
        'dts.worker.id': worker,
        'dts.task.outcome': outcome,
      },
    });
  };
  return {
    applied: (reports) => {
      reports.forEach(applied);
    },
    gone: (run, { task, dispatch, attempt, worker, startedAt, endedAt, error: text }) => {
      const spec = run.specs[task];
      if (run.trace === null || spec === undefined) return;
      const error = JSON.parse(text) as TaskError;
      if (!UNTOLD.has(error.kind)) return;
      const { name, type } = spec;
      const root = rootContext(run.trace);
      tracing.record({
        context: childContext(root, tracing.newSpanId()),
        parent: spanIdIn(root),
        name: `lost ${type}`,
        kind: 'internal',
        startMs: startedAt ?? endedAt,
        endMs: endedAt,
        attributes: {
          ...taskAttributes({ dag: run.dag, task, name, type, attempt, dispatch }),
          ...(worker === null ? {} : { 'dts.worker.id': worker }),
          'error.type': error.kind,
        },
        error: error.message,
      });
    },
    ended: (run) => {
      if (run.trace === null) return;
      tracing.record(
        run.begunAgainAt === null ? topSpan(run, run.trace) : againSpan(run, run.trace, { id: tracing.newSpanId(), at: run.begunAgainAt }),
      );
    },
  };
};

const wholeDag = (run: Run): Pick<Span, 'kind' | 'endMs' | 'attributes' | 'error'> => ({
  kind: 'internal',
  endMs: run.completedAt ?? run.createdAt,
  attributes: {
    'dts.dag.id': run.dag,
    'dts.dag.name': run.name,
    'dts.dag.status': run.status,
    'dts.dag.tasks': run.specs.length,
    'dts.dag.tasks.failed': run.failed,
    'dts.shard': run.shard,
  },
  ...(run.status === 'COMPLETED' ? {} : { error: `the DAG is ${run.status}` }),
});

const topSpan = (run: Run, trace: string): Span => ({
  ...wholeDag(run),
  context: rootContext(trace),
  parent: parentOfRoot(trace),
  name: `dag ${run.name}`,
  startMs: run.createdAt,
});

/** Its top span was sent with its first end, and a span is sent once. */
const againSpan = (run: Run, trace: string, { id, at }: { readonly id: string; readonly at: number }): Span => ({
  ...wholeDag(run),
  context: childContext(rootContext(trace), id),
  parent: spanIdIn(trace),
  name: `again ${run.name}`,
  startMs: at,
});
