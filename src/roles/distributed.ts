/** Kafka and Redis for a process of a distributed deployment: waited for, and their adapters made. */
import { askForBroker, createKafka } from '../adapters/kafka/connection';
import { createEventLog } from '../adapters/kafka/eventLog';
import { createProducer } from '../adapters/kafka/producer';
import { provideTopics } from '../adapters/kafka/topics';
import { createWorkQueue } from '../adapters/kafka/workQueue';
import { createRedisLockService, type RedisLockService } from '../adapters/redis/lockService';
import { maskUrl, type Config } from '../config';
import { resource, type Include } from '../lifecycle/assembled';
import type { EventLog, WorkQueue } from '../ports/transport';
import type { ProcessLife } from './processLife';

export interface Transport {
  readonly log: EventLog;
  readonly queue: WorkQueue;
}

/** Waits for Kafka, makes the topics and opens the producer. */
export const openTransport = async (config: Config, life: ProcessLife, include: Include, stopping: AbortSignal): Promise<Transport> => {
  const { brokers, clientId, topics } = config.kafka;
  const kafka = createKafka({
    brokers,
    clientId,
    onLog: (level, message, details) => {
      life.log[level === 'error' ? 'warn' : 'debug']({ kafka: details }, message);
    },
  });
  const { shards } = config.scheduler;
  await life.waitFor({ name: 'Kafka', address: brokers.join(','), stopping }, async () => {
    await askForBroker({ brokers, clientId });
    await provideTopics(kafka, { queue: topics.queue, events: { ...topics.events, partitions: shards } });
  });
  const producer = createProducer(kafka);
  await producer.connect();
  const onTrouble = (error: unknown): void => {
    life.announce('loop.failed', { loop: 'transport', error });
  };
  const onUndecodable = (place: number, offset: bigint, error: unknown): void => {
    life.log.error({ place, offset: String(offset), error }, 'a record can not be decoded: it is passed over');
    life.announce('event.refused', { type: 'unknown', reason: 'undecodable' });
  };
  const log = createEventLog({ kafka, producer, topic: topics.events.name, shards, onUndecodable, onTrouble });
  const queue = createWorkQueue({ kafka, producer, topic: topics.queue.name, replication: topics.queue.replication, onUndecodable, onTrouble });
  await include(
    resource('Kafka', async () => {
      await log.close();
      await producer.close();
    }),
  );
  return { log, queue };
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
