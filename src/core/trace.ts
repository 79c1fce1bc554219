/**
 * Contexts of traces as W3C's `traceparent` has them, as text. They travel with DAGs, tasks and reports; the law never looks at them.
 *
 * A DAG's own text is the context of its root span and, where a client's span is above it, that one's id: `00-TRACE-SPAN-FLAGS[-PARENT]`.
 */
import type { DagId } from './ids';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const LENGTH = 55;

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether its spans are recorded. */
  readonly sampled: boolean;
}

/** What a `traceparent` says; undefined where it says nothing that W3C allows. */
export const parseTraceparent = (text: unknown): TraceContext | undefined => {
  const match = typeof text === 'string' ? TRACEPARENT.exec(text) : null;
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags] = match as unknown as [string, string, string, string, string];
  if (version === 'ff' || (version === '00' && (text as string).length !== LENGTH)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
};

export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

/** The context of a new span in the same trace. */
export const childContext = (context: string, spanId: string): string => `${context.slice(0, 36)}${spanId}${context.slice(52)}`;

export const traceIdIn = (context: string): string => context.slice(3, 35);
export const spanIdIn = (context: string): string => context.slice(36, 52);
export const isSampled = (context: string): boolean => (parseInt(context.slice(53, 55), 16) & 1) === 1;

/** The trace of a DAG that no client's span is above: its own id, so that whoever has that finds the trace. */
export const traceIdOf = (dag: DagId): string => dag.replaceAll('-', '');

/** A DAG's text, from its root span and the span above. */
export const dagTraceOf = (root: TraceContext, parent: string | null): string =>
  parent === null ? traceparentOf(root) : `${traceparentOf(root)}-${parent}`;

/** The context of a DAG's root span. */
export const rootContext = (dagTrace: string): string => dagTrace.slice(0, LENGTH);

/** The span above a DAG's root span; null for none. */
export const parentOfRoot = (dagTrace: string): string | null => (dagTrace.length > LENGTH ? dagTrace.slice(LENGTH + 1) : null);

const UNTRACED = {};

/** What a line of a log says of the trace that it belongs to, by OpenTelemetry's names. */
export const inTrace = (context: string | null | undefined): { readonly trace_id?: string } =>
  context === undefined || context === null ? UNTRACED : { trace_id: traceIdIn(context) };
