/**
 * What the services do by themselves on this machine, without the program: figures of machines of different speed compare by
 * their ratios to these.
 */
import { randomBytes } from 'node:crypto';
import { type Consumer, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { Client } from 'pg';
import { percentile } from './measure';
import type { Addresses } from './services';

export interface Reference {
  /** One connection, one row updated and made durable at a time. */
  readonly postgresCommitsPerSecond: number;
  /** One record at a time, from its send until a consumer has it. */
  readonly kafkaRoundTripMsP50: number;
  /** Sent by one producer in batches of 500 records of 300 bytes. */
  readonly kafkaRecordsPerSecond: number;
}

const COMMITS_MS = 2_000;
const ROUND_TRIPS = 200;
const ROUND_TRIPS_BEFORE = 50;
const BATCHES = 40;
const BATCH_SIZE = 500;

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

/** Milliseconds of each round trip; the consumer has joined before the first that counts. */
const roundTrips = async (producer: Producer, consumer: Consumer, topic: string): Promise<readonly number[]> => {
  let arrived: () => void = () => undefined;
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: () => {
      arrived();
      return Promise.resolve();
    },
  });
  await joined;
  const tookMs: number[] = [];
  for (let i = 0; i < ROUND_TRIPS_BEFORE + ROUND_TRIPS; i++) {
    const began = performance.now();
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    await producer.send({ topic, acks: -1, messages: [{ partition: 0, value: String(i) }] });
    await arrival;
    tookMs.push(performance.now() - began);
  }
  return tookMs.slice(ROUND_TRIPS_BEFORE);
};

const recordsPerSecond = async (producer: Producer, topic: string): Promise<number> => {
  const value = randomBytes(150).toString('hex');
  const messages = Array.from({ length: BATCH_SIZE }, () => ({ partition: 0, value }));
  const began = performance.now();
  for (let i = 0; i < BATCHES; i++) await producer.send({ topic, acks: -1, messages });
  return ((BATCHES * BATCH_SIZE) / (performance.now() - began)) * 1000;
};

const ofKafka = async (brokers: string, name: string): Promise<Pick<Reference, 'kafkaRoundTripMsP50' | 'kafkaRecordsPerSecond'>> => {
  const kafka = new Kafka({ clientId: name, brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })];
  const consumer = kafka.consumer({ groupId: name, maxWaitTimeInMs: 100 });
  const topics = { trips: `${name}-trips`, bulk: `${name}-bulk` };
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  try {
    await admin.createTopics({ topics: Object.values(topics).map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })) });
    const tookMs = await roundTrips(producer, consumer, topics.trips);
    return { kafkaRoundTripMsP50: percentile(tookMs, 0.5), kafkaRecordsPerSecond: await recordsPerSecond(producer, topics.bulk) };
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect()]);
    await admin.deleteTopics({ topics: Object.values(topics) });
    await admin.disconnect();
  }
};

const rounded = (value: number): number => Number(value.toPrecision(3));

/** Measures the services in a corner of their own; nothing else may run meanwhile. */
export const measureReference = async ({ DATABASE_URL, KAFKA_BROKERS }: Pick<Addresses, 'DATABASE_URL' | 'KAFKA_BROKERS'>): Promise<Reference> => {
  const postgresCommitsPerSecond = rounded(await commitsPerSecond(DATABASE_URL));
  const { kafkaRoundTripMsP50, kafkaRecordsPerSecond } = await ofKafka(KAFKA_BROKERS, `bench-reference-${randomBytes(4).toString('hex')}`);
  return { postgresCommitsPerSecond, kafkaRoundTripMsP50: rounded(kafkaRoundTripMsP50), kafkaRecordsPerSecond: rounded(kafkaRecordsPerSecond) };
};
