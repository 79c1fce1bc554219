/** The Kafka adapters on topics of their own. */
import { Kafka, logLevel } from 'kafkajs';
import { createKafka } from '../../../src/adapters/kafka/connection';
import { createEventLog } from '../../../src/adapters/kafka/eventLog';
import { createProducer } from '../../../src/adapters/kafka/producer';
import { provideTopics } from '../../../src/adapters/kafka/topics';
import { createWorkQueue } from '../../../src/adapters/kafka/workQueue';
import type { EventLog, WorkQueue } from '../../../src/ports/transport';
import { freshPrefix, kafkaBrokers } from '../../harness/services';
import { until } from '../../harness/until';

export interface KafkaWorld {
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly topics: { readonly events: string; readonly queue: string };
  /** What was told of records that couldn't be decoded: partition and offset. */
  readonly undecodable: [number, bigint][];
  readonly troubles: unknown[];
  until(condition: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

/** A plain kafkajs client: the operator. */
export const operator = (): Kafka => new Kafka({ clientId: 'operator', brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING });

export const asOperator = async <T>(act: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> => {
  const admin = operator().admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
};

export const namesOf = (): { events: string; queue: string } => {
  const prefix = freshPrefix();
  return { events: prefix.topic('events'), queue: prefix.topic('queue') };
};

export const openWorld = async (topics = namesOf(), shards = 4, recordLimit?: number): Promise<KafkaWorld> => {
  const undecodable: [number, bigint][] = [];
  const troubles: unknown[] = [];
  const kafka = createKafka({ brokers: kafkaBrokers, clientId: 'test', onLog: (_level, message, details) => troubles.push({ message, details }) });
  await provideTopics(kafka, {
    events: { name: topics.events, partitions: shards, replication: 1 },
    queue: { name: topics.queue, partitions: 1, replication: 1 },
  });
  const producer = createProducer(kafka);
  await producer.connect();
  const common = {
    kafka,
    producer,
    onUndecodable: (partition: number, offset: bigint) => undecodable.push([partition, offset]),
    onTrouble: (error: unknown) => troubles.push(error),
    ...(recordLimit === undefined ? {} : { recordLimit }),
  };
  const log = createEventLog({ ...common, topic: topics.events, shards });
  const queue = createWorkQueue({ ...common, topic: topics.queue, replication: 1 });
  return {
    log,
    queue,
    topics,
    undecodable,
    troubles,
    until: async (condition, what) => {
      await until(condition, { what, timeoutMs: 20_000 });
    },
    close: async () => {
      await log.close();
      await producer.close();
      await asOperator((admin) => admin.deleteTopics({ topics: [topics.events, topics.queue] }).catch(() => undefined));
    },
  };
};
