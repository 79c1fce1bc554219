/**
 * What the services do by themselves on this machine, without the program: figures of machines of different speed compare by
 * their ratios to these.
 */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { Client } from 'pg';
import { percentile } from './measure';
import type { Addresses } from './services';
import { throughClaim, throughKafka } from './trips';

export interface Reference {
  /** One connection, one row updated and made durable at a time. */
  readonly postgresCommitsPerSecond: number;
  /** One record at a time, from its send until a consumer has it. */
  readonly kafkaRoundTripMsP50: number;
  /** The way of a task without the program: a record, a claim in Redis, a record back. */
  readonly barePathMsP50: number;
  readonly barePathMsP99: number;
  /** Sent by one producer in batches of 500 records of 300 bytes. */
  readonly kafkaRecordsPerSecond: number;
}

const COMMITS_MS = 2_000;
const BATCHES = 40;
const BATCH_SIZE = 500;

const rounded = (value: number): number => Number(value.toPrecision(3));

const commitsPerSecond = async (url: string): Promise<number> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query('CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL)');
    await client.query('INSERT INTO counters VALUES (1, 0)');
    const began = performance.now();
    let commits = 0;
    for (; performance.now() - began < COMMITS_MS; commits++)
      await client.query({ name: 'count', text: 'UPDATE counters SET n = n + 1 WHERE id = $1', values: [1] });
    return (commits / (performance.now() - began)) * 1000;
  } finally {
    await client.end();
  }
};

const recordsPerSecond = async (producer: Producer, topic: string): Promise<number> => {
  const value = randomBytes(150).toString('hex');
  const messages = Array.from({ length: BATCH_SIZE }, () => ({ partition: 0, value }));
  const began = performance.now();
  for (let i = 0; i < BATCHES; i++) await producer.send({ topic, acks: -1, messages });
  return ((BATCHES * BATCH_SIZE) / (performance.now() - began)) * 1000;
};

const ofKafka = async ({ KAFKA_BROKERS, REDIS_URL }: Addresses, name: string): Promise<Omit<Reference, 'postgresCommitsPerSecond'>> => {
  const kafka = new Kafka({ clientId: name, brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })];
  const topics = { trips: `${name}-trips`, there: `${name}-there`, back: `${name}-back`, bulk: `${name}-bulk` };
  const consumerOf = (topic: string) => kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  const [trips, there, back] = [consumerOf(topics.trips), consumerOf(topics.there), consumerOf(topics.back)];
  const clients = [producer, trips, there, back];
  await Promise.all([admin, ...clients].map((client) => client.connect()));
  try {
    await admin.createTopics({ topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
    const tripsMs = await throughKafka(producer, trips, topics.trips);
    const wayMs = await throughClaim({
      producer,
      redisUrl: REDIS_URL,
      there: { consumer: there, topic: topics.there },
      back: { consumer: back, topic: topics.back },
      keyPrefix: `${name}:`,
    });
    return {
      kafkaRoundTripMsP50: rounded(percentile(tripsMs, 0.5)),
      barePathMsP50: rounded(percentile(wayMs, 0.5)),
      barePathMsP99: rounded(percentile(wayMs, 0.99)),
      kafkaRecordsPerSecond: rounded(await recordsPerSecond(producer, topics.bulk)),
    };
  } finally {
    await Promise.all(clients.map((client) => client.disconnect()));
    await admin.deleteTopics({ topics: Object.values(topics) });
    await admin.disconnect();
  }
};

/** Measures the services in a corner of their own; nothing else may run meanwhile. */
export const measureReference = async (addresses: Addresses): Promise<Reference> => ({
  postgresCommitsPerSecond: rounded(await commitsPerSecond(addresses.DATABASE_URL)),
  ...(await ofKafka(addresses, `bench-reference-${randomBytes(4).toString('hex')}`)),
});
