/** Who this process is, what it depends on and how long that takes, and how long its own answers do. */
import type { Lag } from '../ports/transport';
import { CALL_SECONDS, STEP_SECONDS } from './buckets';
import type { HealthReport } from './health';
import type { Making, Sample } from './meters';

export interface ServiceMetricsNeeds {
  readonly process: { readonly role: string; readonly version: string };
  readonly lags?: (() => Promise<readonly Lag[]>) | undefined;
  readonly health?: () => Promise<HealthReport>;
}

const healthSamples = async (health: ServiceMetricsNeeds['health']): Promise<Sample[]> =>
  Object.entries((await health?.())?.components ?? {}).map(([dependency, { status }]) => [status === 'UP' ? 1 : 0, { dependency }]);

const LAG_MS = 1000;

/** Without an answer in time there is no series: a scrape waits for nobody. */
const lagSamples = async (lags: ServiceMetricsNeeds['lags']): Promise<Sample[]> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Lag[]>((resolve) => {
    timer = setTimeout(resolve, LAG_MS, []);
  });
  try {
    const known = await Promise.race([lags?.() ?? [], late]);
    return known.map(({ topic, records }) => [records, { topic }]);
  } finally {
    clearTimeout(timer);
  }
};

const kafkaMetrics = ({ meters, listen }: Making, lags: ServiceMetricsNeeds['lags']): void => {
  const by = ['scheduler', 'worker'] as const;
  meters.gauge({
    name: 'kafka_consumer_lag_records',
    help: 'Records of a topic that this process has still to read: in the logs of its own shards, or in its own inbox.',
    unit: 'records',
    labels: ['topic'],
    by,
    read: () => lagSamples(lags),
  });
  const requests = meters.histogram({
    name: 'kafka_request_seconds',
    help: 'Seconds until Kafka answered, by kind of request; a Fetch waits up to a second for something to read.',
    unit: 'seconds',
    labels: ['api'],
    by,
    buckets: CALL_SECONDS,
  });
  listen('kafka.answered', ({ api, ms }) => {
    requests.of(api).observe(ms / 1000);
  });
};

/** Adds them. */
export const serviceMetrics = (making: Making, { process, lags, health }: ServiceMetricsNeeds): void => {
  const { meters, listen } = making;
  meters.gauge({
    name: 'task_scheduler_info',
    help: 'Always 1, with the role and the version of the process.',
    unit: 'processes',
    labels: ['role', 'version'],
    by: ['process'],
    read: () => [[1, { ...process }]],
  });
  meters.gauge({
    name: 'dependency_up',
    help: 'Whether what this process needs answers (1) or not (0).',
    unit: 'services',
    labels: ['dependency'],
    by: ['process'],
    read: () => healthSamples(health),
  });
  kafkaMetrics(making, lags);
  const redis = meters.histogram({
    name: 'redis_call_seconds',
    help: 'Seconds that a call of Redis took, answered or not (failed); without the heartbeats.',
    unit: 'seconds',
    labels: ['outcome'],
    by: ['scheduler', 'worker'],
    buckets: CALL_SECONDS,
  });
  const [answered, failed] = [redis.of('answered'), redis.of('failed')];
  listen('redis.called', ({ isAnswered, ms }) => {
    (isAnswered ? answered : failed).observe(ms / 1000);
  });
  const requests = meters.histogram({
    name: 'http_request_seconds',
    help: 'Seconds until a request was answered.',
    unit: 'seconds',
    labels: ['method', 'route', 'status'],
    by: ['process'],
    buckets: STEP_SECONDS,
  });
  listen('http.answered', ({ method, route, status, tookMs }) => {
    requests.of(method, route, String(status)).observe(tookMs / 1000);
  });
};
