/** What Kafka did while a workload ran, by the broker's own metrics. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../process';

/** Milliseconds are means. Kafka rounds each time to a whole one before it adds it up. */
export interface Requests {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
  readonly totalMs: number;
  /** For a thread of the broker. */
  readonly queuedMs: number;
  /** In the log of the node. */
  readonly localMs: number;
  /** For records (a fetch), or for copies of them (a produce). */
  readonly remoteMs: number;
  readonly answerMs: number;
}

export interface BrokerWork {
  readonly requests: readonly Requests[];
  readonly records: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const REQUESTS = ['Produce', 'FetchConsumer'];
const TIMES = ['TotalTimeMs', 'RequestQueueTimeMs', 'LocalTimeMs', 'RemoteTimeMs', 'ResponseQueueTimeMs', 'ResponseSendTimeMs', 'RequestBytes'];
const request = (name: string, of: string): string => `kafka.network:type=RequestMetrics,name=${name},request=${of}`;
const topics = (name: string): string => `kafka.server:type=BrokerTopicMetrics,name=${name}`;
const NAMES = [
  ...REQUESTS.flatMap((of) => TIMES.map((name) => request(name, of))),
  ...['MessagesInPerSec', 'BytesInPerSec', 'BytesOutPerSec'].map(topics),
];

export type Metrics = ReadonlyMap<string, number>;

/** Of the lines `name:attribute=value` that JmxTool prints as properties. */
export const metricsIn = (text: string): Metrics =>
  new Map(
    text.split('\n').flatMap((line) => {
      const at = line.lastIndexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), Number(line.slice(at + 1))] as const];
    }),
  );

/** Throws where Kafka wasn't started by scripts/services with KAFKA_JMX_PORT. */
const readMetrics = (): Metrics => {
  const names = NAMES.flatMap((name) => ['--object-name', name]);
  const args = ['jmx', '--one-time', '--report-format', 'properties', ...names];
  const metrics = metricsIn(execFileSync(path.join(root, 'scripts/services'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
  if (metrics.size === 0) throw new Error('Kafka told no metrics');
  return metrics;
};

/** The difference of two looks: means since the start of the broker, weighted by what they are means of. */
export const workBetween = (before: Metrics, after: Metrics): BrokerWork => {
  const counted = (name: string): number => (after.get(`${name}:Count`) ?? 0) - (before.get(`${name}:Count`) ?? 0);
  const sumIn = (metrics: Metrics, name: string): number => (metrics.get(`${name}:Count`) ?? 0) * (metrics.get(`${name}:Mean`) ?? 0);
  const mean = (name: string): number => (sumIn(after, name) - sumIn(before, name)) / Math.max(1, counted(name));
  const requests = REQUESTS.map((of) => ({
    name: of,
    count: counted(request('TotalTimeMs', of)),
    bytes: mean(request('RequestBytes', of)),
    totalMs: mean(request('TotalTimeMs', of)),
    queuedMs: mean(request('RequestQueueTimeMs', of)),
    localMs: mean(request('LocalTimeMs', of)),
    remoteMs: mean(request('RemoteTimeMs', of)),
    answerMs: mean(request('ResponseQueueTimeMs', of)) + mean(request('ResponseSendTimeMs', of)),
  }));
  return {
    requests,
    records: counted(topics('MessagesInPerSec')),
    bytesIn: counted(topics('BytesInPerSec')),
    bytesOut: counted(topics('BytesOutPerSec')),
  };
};

/** Runs the work, during which nobody else may use the broker, and tells what Kafka did. */
export const requestsDuring = async <T>(work: () => Promise<T>): Promise<readonly [T, BrokerWork]> => {
  const before = readMetrics();
  const result = await work();
  return [result, workBetween(before, readMetrics())];
};
