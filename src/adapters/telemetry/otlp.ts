/**
 * Spans to a collector, by OpenTelemetry's exporter. Who traces chooses ids before its spans end, and root spans are ended by another process
 * than the one that began them: so spans are given to the exporter whole, and no tracer of the SDK makes them.
 */
import { randomBytes } from 'node:crypto';
import { SpanKind, SpanStatusCode, type HrTime, type SpanContext } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { isSampled, spanIdIn, traceIdIn } from '../../core/trace';
import { every } from '../../lifecycle/every';
import type { Service } from '../../lifecycle/service';
import { within } from '../../lifecycle/timing';
import type { Clock } from '../../ports/clock';
import type { Announce } from '../../ports/happenings';
import type { Span, Tracing } from '../../ports/tracing';

export interface OtlpNeeds {
  /** The collector's base URL. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Spans that may wait. */
  readonly queueSpans: number;
  readonly sampleRatio: number;
  /** By OpenTelemetry's conventions: who this process is. */
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  readonly carrier: Tracing['carrier'];
  readonly clock: Clock;
  readonly announce: Announce;
}

const EVERY_MS = 1000;
const AT_ONCE = 512;
/** A process that stops waits no longer for a collector. */
const LAST_MS = 2000;
const KINDS: Readonly<Record<Span['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const hrTime = (ms: number): HrTime => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

const contextOf = (traceId: string, spanId: string): SpanContext => ({ traceId, spanId, traceFlags: 1 });

interface Origin {
  readonly resource: Resource;
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
}

const readable = (span: Span, origin: Origin): ReadableSpan => {
  const traceId = traceIdIn(span.context);
  const own = contextOf(traceId, spanIdIn(span.context));
  return {
    ...origin,
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => own,
    ...(span.parent === null ? {} : { parentSpanContext: contextOf(traceId, span.parent) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    ended: true,
    status: span.error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: span.attributes,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
};

type Store = (spans: readonly ReadableSpan[]) => Promise<void>;

/** Its own tries end with `timeoutMs`. */
const createStore = ({ endpoint, headers, timeoutMs }: OtlpNeeds): { readonly store: Store; close(): Promise<void> } => {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
  const store: Store = (spans) =>
    new Promise((resolve, reject) => {
      exporter.export([...spans], ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve();
        else reject(error ?? new Error('the collector did not take them'));
      });
    });
  return { store, close: () => exporter.shutdown() };
};

/** Tells once that the collector is away, and once that it is back. */
const createWatch = ({ endpoint, announce }: Pick<OtlpNeeds, 'endpoint' | 'announce'>) => {
  let away = false;
  const { origin } = new URL(endpoint);
  return {
    failed: (error: unknown): void => {
      if (!away) announce('tracing.away', { endpoint: origin, error: error instanceof Error ? error.message || error.name : String(error) });
      away = true;
    },
    worked: (): void => {
      if (away) announce('tracing.back', { endpoint: origin });
      away = false;
    },
  };
};

/** Makes the tracing of a process. Its service sends what waits each second, or as soon as it is much, and once more when it stops. */
export const createOtlpTracing = (needs: OtlpNeeds): Tracing & { readonly service: Service } => {
  const { clock, announce, queueSpans } = needs;
  const origin: Origin = {
    resource: resourceFromAttributes({ ...needs.resource }),
    instrumentationScope: { name: 'task-scheduler', version: needs.version },
  };
  const { store, close } = createStore(needs);
  const watch = createWatch(needs);
  const waiting: Span[] = [];
  let dropped = 0;

  const over = (outcome: 'exported' | 'failed' | 'dropped', count: number): void => {
    if (count > 0) announce('spans.over', { outcome, count });
  };
  /** While nobody takes them the queue fills, and what is beyond it is dropped: no engine waits for spans. */
  const once = async (): Promise<void> => {
    over('dropped', dropped);
    dropped = 0;
    while (waiting.length > 0) {
      const spans = waiting.splice(0, AT_ONCE);
      try {
        await store(spans.map((span) => readable(span, origin)));
      } catch (error) {
        over('failed', spans.length);
        watch.failed(error);
        return;
      }
      over('exported', spans.length);
      watch.worked();
    }
  };
  const loop = every({ name: 'tracing', ms: EVERY_MS, clock, once, onError: watch.failed });
  const stop = async (): Promise<void> => {
    await loop.stop();
    await once();
    await close();
  };

  return {
    carrier: needs.carrier,
    samples: () => clock.random() < needs.sampleRatio,
    newSpanId: () => randomBytes(8).toString('hex'),
    record: (span) => {
      if (!isSampled(span.context)) return;
      if (waiting.length >= queueSpans) {
        dropped += 1;
        return;
      }
      waiting.push(span);
      if (waiting.length === AT_ONCE) loop.nudge();
    },
    service: {
      name: 'tracing',
      start: loop.start,
      stop: () => within(clock, LAST_MS, stop(), () => new Error('late')).catch(() => undefined),
    },
  };
};
