/** The settings of traces. Variables that OpenTelemetry has a name for have that one. */
import { duration, fraction, id, listOf, nullable, text, url, whole } from './readers';
import { setting, type Spec } from './setting';
import type { Sections } from './shape';

export const tracing: Spec<Sections['tracing']> = {
  endpoint: {
    ...setting(
      nullable(url('http:', 'https:')),
      null,
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'Where spans are sent by OTLP over HTTP (`/v1/traces` is added). Nothing: there are none.',
    ),
    secret: 'parts',
  },
  headers: {
    ...setting(
      listOf(text('name=value', /^[\w-]{1,255}=[^\0-\x1f]{0,4096}$/)),
      [],
      'OTEL_EXPORTER_OTLP_HEADERS',
      'Headers that are sent with them, such as the key of an account.',
    ),
    secret: 'parts',
  },
  serviceName: setting(id, 'task-scheduler', 'OTEL_SERVICE_NAME', 'The name of the service that they are shown under.'),
  sampleRatio: setting(
    fraction,
    1,
    'TRACING_SAMPLE_RATIO',
    'The part of DAGs that are traced. Where a client sends its own `traceparent`, that decides.',
  ),
  timeoutMs: setting(duration(100, 600_000), 10_000, 'TRACING_TIMEOUT_MS', 'How long it is tried to send some of them, before they are dropped.'),
  queueSpans: setting(whole(1, 1_000_000), 8_192, 'TRACING_QUEUE_SPANS', 'Spans that wait to be sent at most; what comes beyond is dropped.'),
};
