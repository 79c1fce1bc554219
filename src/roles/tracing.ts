/** Tracing, where the settings ask for it: nothing of it is loaded otherwise. */
import type { Config } from '../config';
import type { Include } from '../lifecycle/assembled';
import type { Tracing } from '../ports/tracing';
import type { ProcessLife } from './processLife';

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};

/** `name=value` each, with the values as in a URL: so OpenTelemetry's variable has them. */
const headersOf = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf('=');
      return [one.slice(0, at), decoded(one.slice(at + 1))];
    }),
  );

const carrierOf = ({ role, kafka: { topics } }: Config): Tracing['carrier'] => ({
  system: role === 'standalone' ? 'memory' : 'kafka',
  queue: topics.queue.name,
  events: topics.events.name,
});

/** Opens it; undefined where nothing is traced. It is stopped after what is included later, and so sends the last spans. */
export const openTracing = async (config: Config, { id, version, clock, announce }: ProcessLife, include: Include): Promise<Tracing | undefined> => {
  const { endpoint, headers, serviceName, ...bounds } = config.tracing;
  if (endpoint === null) return undefined;
  const { createOtlpTracing } = await import('../adapters/telemetry/otlp.js');
  const tracing = createOtlpTracing({
    ...bounds,
    endpoint,
    headers: headersOf(headers),
    resource: {
      'service.name': serviceName,
      'service.namespace': 'task-scheduler',
      'service.version': version,
      'service.instance.id': id,
      'dts.role': config.role,
    },
    version,
    carrier: carrierOf(config),
    clock,
    announce,
  });
  await include(tracing.service);
  return tracing;
};
