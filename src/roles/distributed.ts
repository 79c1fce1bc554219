/** Kafka and Redis for a process of a distributed deployment: waited for, and their adapters made. */
import { askForBroker, createKafka } from '../adapters/kafka/connection';
import { createDeadLetterTopic } from '../adapters/kafka/deadLetters';
import { createEventLog } from '../adapters/kafka/eventLog';
import { createProducer } from '../adapters/kafka/producer';
import { provideTopics } from '../adapters/kafka/topics';
import { createWorkQueue } from '../adapters/kafka/workQueue';
import { createRedisLockService, type RedisLockService } from '../adapters/redis/lockService';
import { maskUrl, type Config } from '../config';
import { resource, type Include } from '../lifecycle/assembled';
import { rarely } from '../lifecycle/rarely';
import type { DeadLetterTopic } from '../ports/letters';
import type { EventLog, WorkQueue } from '../ports/transport';
import { undecodableRecord } from './deadLetters';
import type { ProcessLife } from './processLife';

export interface Transport {
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly deadLetters: DeadLetterTopic;
}

/** An outage of Kafka is told anew so often. */
const TELL_AGAIN_MS = 15_000;

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
  });
  const { shards } = config.scheduler;
  await life.waitFor({ name: 'Kafka', address: brokers.join(','), stopping }, async () => {
    await askForBroker({ brokers, clientId });
    await provideTopics(kafka, { queue: topics.queue, events: { ...topics.events, partitions: shards }, deadLetters: topics.deadLetters });
  });
  const producer = createProducer(kafka);
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
  const log = createEventLog({ kafka, producer, topic: topics.events.name, shards, onUndecodable: undecodableIn(topics.events.name), onTrouble });
  const queue = createWorkQueue({
    kafka,
    producer,
    topic: topics.queue.name,
    replication: topics.queue.replication,
    onUndecodable: undecodableIn(topics.queue.name),
    onTrouble,
  });
  await include(
    resource('Kafka', async () => {
      await log.close();
      await producer.close();
    }),
  );
  const deadLetters = createDeadLetterTopic({ producer, topic: topics.deadLetters.name, partitions: topics.deadLetters.partitions });
  return { log, queue, deadLetters };
};

/** Waits for Redis and opens the lock service. */
export const openLeases = async (
  config: Config,
  life: ProcessLife,
  { include, stopping, onForgotten }: { include: Include; stopping: AbortSignal; onForgotten: () => void },
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
  });
  await include(resource('Redis', () => leases.stop()));
  await life.waitFor({ name: 'Redis', address: maskUrl(url), stopping }, () => leases.start());
  return leases;
};
