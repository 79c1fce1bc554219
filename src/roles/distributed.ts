/** Kafka and Redis for a process of a distributed deployment: waited for, and their adapters made. */
import { askForBroker, createKafka } from '../adapters/kafka/connection';
import { createDeadLetterTopic } from '../adapters/kafka/deadLetters';
import { createEventLog } from '../adapters/kafka/eventLog';
import { createProducer } from '../adapters/kafka/producer';
import { createLogFeed, createLogSender } from '../adapters/kafka/taskLogs';
import { provideTopics, type LargestRecord } from '../adapters/kafka/topics';
import { createReadings } from '../adapters/kafka/readings';
import { createWorkQueue } from '../adapters/kafka/workQueue';
import { createCluster } from '../adapters/kafka/cluster';
import { createRedisLockService, type RedisLockService } from '../adapters/redis/lockService';
import { maskUrl, type Config } from '../config';
import { resource, type Include } from '../lifecycle/assembled';
import { rarely } from '../lifecycle/rarely';
import type { DeadLetterTopic } from '../ports/letters';
import type { AppendLogs, LogFeed } from '../ports/taskLogs';
import type { EventLog, Lag, WorkQueue } from '../ports/transport';
import { undecodableRecord } from './deadLetters';
import type { ProcessLife } from './processLife';

export interface Transport {
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly deadLetters: DeadLetterTopic;
  readonly appendLogs: AppendLogs;
  readonly logFeed: LogFeed;
  /** How far behind this process reads. */
  readonly lags: () => Promise<readonly Lag[]>;
}

/** An outage of Kafka is told anew so often. */
const TELL_AGAIN_MS = 15_000;

/** JSON as a text within JSON: each of its quotes and backslashes may get one more. */
const AS_TEXT = 2;
/** Names, ids, times, and the record around them. */
const AROUND_BYTES = 16_384;
/** What the producer sends to one partition at once where nothing in it is larger. */
const USUAL_BYTES = 1_000_000;

/** Of a worker, results and checkpoints are the only things without a bound of their own; a scheduler tells nothing large. */
export const largestReportOf = ({ role, worker: { resultBytes, checkpointBytes } }: Config): LargestRecord => {
  const usual = { bytes: USUAL_BYTES, because: 'a record of many reports' };
  if (role !== 'worker') return usual;
  const sized = Object.entries({ resultBytes, checkpointBytes }).map(([name, bytes]) => ({
    bytes: AS_TEXT * bytes + AROUND_BYTES,
    because: `worker.${name} ${String(bytes)}`,
  }));
  return [usual, ...sized].reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));
};

/** Waits for Kafka, makes the topics and opens the producer. */
export const openTransport = async (config: Config, life: ProcessLife, include: Include, stopping: AbortSignal): Promise<Transport> => {
  const { brokers, clientId, topics } = config.kafka;
  const tell = rarely(life.clock, TELL_AGAIN_MS);
  const kafka = createKafka({
    brokers,
    clientId,
    // kafkajs tells each of its tries: one line a while says that Kafka is away, the rest is for who looks for details.
    onLog: (level, message, details) => {
      const keptBack = level === 'error' ? tell('kafka') : undefined;
      if (keptBack === undefined) life.log.debug({ kafka: details }, message);
      else life.log.warn({ kafka: details, keptBack }, message);
    },
    onAnswer: (api, ms) => {
      life.announce('kafka.answered', { api, ms });
    },
  });
  const { shards } = config.scheduler;
  await life.waitFor({ name: 'Kafka', address: brokers.join(','), stopping }, async () => {
    await askForBroker({ brokers, clientId });
    await provideTopics(kafka, {
      queue: topics.queue,
      events: { ...topics.events, partitions: shards, largest: largestReportOf(config) },
      deadLetters: topics.deadLetters,
      logs: { ...topics.logs, partitions: shards },
    });
  });
  const producer = createProducer(kafka, topics.queue.name);
  await producer.connect();
  const onTrouble = (error: unknown): void => {
    life.announce('loop.failed', { loop: 'transport', error });
  };
  const undecodableIn =
    (topic: string) =>
    (partition: number, offset: bigint, error: unknown, value: Buffer | null): void => {
      const record = undecodableRecord(topic, partition, { offset, error, value, at: life.clock.now() });
      life.log.error({ place: record.place, offset: String(offset), error }, 'a record can not be decoded: it becomes a dead letter');
      life.announce('event.refused', { type: 'unknown', reason: 'undecodable' });
      life.announce('record.undecodable', record);
    };
  const cluster = createCluster(kafka);
  const readings = createReadings(cluster);
  const shared = { kafka, producer, readings, onTrouble };
  const log = createEventLog({ ...shared, topic: topics.events.name, shards, onUndecodable: undecodableIn(topics.events.name) });
  const { name: queueTopic, replication } = topics.queue;
  const queue = createWorkQueue({ ...shared, topic: queueTopic, replication, onUndecodable: undecodableIn(queueTopic) });
  const lines = createLogSender({ kafka, topic: topics.logs.name });
  await include(
    resource('Kafka', async () => {
      await log.close();
      await lines.close();
      await producer.close();
      await cluster.close();
    }),
  );
  const deadLetters = createDeadLetterTopic({ producer, topic: topics.deadLetters.name, partitions: topics.deadLetters.partitions });
  const logFeed = createLogFeed({ kafka, topic: topics.logs.name, shards, onUndecodable: undecodableIn(topics.logs.name), onTrouble });
  return { log, queue, deadLetters, appendLogs: lines.append, logFeed, lags: readings.lags };
};

/** Waits for Redis and opens the lock service. */
export const openLeases = async (
  config: Config,
  life: ProcessLife,
  { include, stopping, onForgotten }: { include: Include; stopping: AbortSignal; onForgotten: () => Promise<void> | void },
): Promise<RedisLockService> => {
  const { url, prefix } = config.redis;
  const leases = createRedisLockService({
    url,
    prefix,
    clock: life.clock,
    ...config.leases,
    onForgotten,
    onError: (error) => {
      life.announce('loop.failed', { loop: 'leases', error });
    },
    onCall: (ms, isAnswered) => {
      life.announce('redis.called', { ms, isAnswered });
    },
  });
  await include(resource('Redis', () => leases.stop()));
  await life.waitFor({ name: 'Redis', address: maskUrl(url), stopping }, () => leases.start());
  return leases;
};
