/** One producer for a process: what is sent in one turn leaves in one request, at once when idle. */
import { Partitioners, type Kafka, type Message, type Producer, type ProducerBatch } from 'kafkajs';
import { failure } from '../../core/failure';
import { createBatcher } from '../../lifecycle/batcher';
import { closeWithin, reachingKafka } from './connection';
import { growTopic } from './topics';
import type { TraceHeaders } from './traceHeaders';

export interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly value: string;
  readonly headers?: TraceHeaders;
}

export interface KafkaProducer {
  connect(): Promise<void>;
  /** Resolves when all in-sync replicas have the record. Records of one partition keep the order of their sends. */
  send(records: readonly Outgoing[]): Promise<void>;
  close(): Promise<void>;
}

const MAX_RECORDS = 500;
const MAX_BYTES = 4_000_000;
const MAX_PENDING = 50_000;
/** A broker takes some megabyte of one partition at once (`max.message.bytes`). */
const MAX_PARTITION_BYTES = 900_000;
/** What a record costs by itself, at the most. */
const RECORD_BYTES = 80;
/** Of UTF-8, for each unit of a text. */
const MOST_BYTES = 3;
const METADATA_AGE_MS = 5000;
const CLOSE_MS = 3000;

const headerUnits = ({ headers }: Outgoing): number => {
  let units = 0;
  for (const name in headers) units += name.length + headers[name]!.length;
  return units;
};

const toBatch = (records: readonly Outgoing[]): ProducerBatch => {
  const topics = new Map<string, Message[]>();
  for (const { topic, partition, value, headers } of records) {
    const message: Message = headers === undefined ? { partition, value } : { partition, value, headers };
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  }
  return { acks: -1, topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })) };
};

const inboxKey = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${String(partition)}`;

/** Records that may leave at once, one list after the other: those of a partition keep their order. */
const portionsOf = (records: readonly Outgoing[]): readonly (readonly Outgoing[])[] => {
  const atMost = records.reduce((sum, record) => sum + MOST_BYTES * record.value.length + headerUnits(record) + RECORD_BYTES, 0);
  if (atMost <= MAX_PARTITION_BYTES) return [records];
  const portions: Outgoing[][] = [];
  const filled = new Map<string, { portion: number; bytes: number }>();
  for (const record of records) {
    const bytes = Buffer.byteLength(record.value) + headerUnits(record) + RECORD_BYTES;
    const key = inboxKey(record);
    const last = filled.get(key) ?? { portion: 0, bytes: 0 };
    const fits = last.bytes === 0 || last.bytes + bytes <= MAX_PARTITION_BYTES;
    const place = fits ? { portion: last.portion, bytes: last.bytes + bytes } : { portion: last.portion + 1, bytes };
    filled.set(key, place);
    (portions[place.portion] ??= []).push(record);
  }
  return portions;
};

/**
 * Makes the producer of a process; nothing is connected before `connect`. The topic of the queue grows where it was made again with fewer
 * partitions than there are inboxes: whoever reads those reads nothing until then, and couldn't know.
 */
export const createProducer = (kafka: Kafka, queue?: string): KafkaProducer => {
  const open = (): Producer =>
    kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_AGE_MS,
      idempotent: false,
    });
  let producer = open();

  /** kafkajs passes over partitions that its metadata doesn't know, without an error: what got no answer wasn't sent. */
  const sendOnce = async (records: readonly Outgoing[]): Promise<Outgoing[]> => {
    const answers = await producer.sendBatch(toBatch(records));
    const answered = new Set(answers.map(({ topicName, partition }) => inboxKey({ topic: topicName, partition })));
    return records.filter((record) => !answered.has(inboxKey(record)));
  };

  /** A new producer reads the metadata anew; there is no other way to make it. */
  const renew = async (): Promise<void> => {
    const old = producer;
    producer = open();
    await producer.connect();
    void closeWithin(CLOSE_MS, old.disconnect());
  };

  /** kafkajs may keep a broker for connected whose connection was lost while it was being made: only a new client gets out of that. */
  const sendOrRenew = async (records: readonly Outgoing[]): Promise<Outgoing[]> => {
    try {
      return await sendOnce(records);
    } catch (error) {
      if (!(error instanceof Error && /not connected|disconnected/.test(error.message))) throw error;
      await renew();
      return sendOnce(records);
    }
  };

  const growQueue = async (missed: readonly Outgoing[]): Promise<void> => {
    const inboxes = missed.filter(({ topic }) => topic === queue).map(({ partition }) => partition);
    if (queue === undefined || inboxes.length === 0) return;
    const admin = kafka.admin();
    await admin.connect();
    try {
      await growTopic(admin, queue, Math.max(...inboxes) + 1);
    } finally {
      void closeWithin(CLOSE_MS, admin.disconnect());
    }
  };

  const sendAll = async (records: readonly Outgoing[]): Promise<void> => {
    const missed = await sendOrRenew(records);
    if (missed.length === 0) return;
    await renew();
    const stillMissed = await sendOnce(missed);
    if (stillMissed.length === 0) return;
    await growQueue(stillMissed);
    throw failure('BROKER_UNAVAILABLE', `Kafka: there is no partition ${stillMissed.map(inboxKey).slice(0, 3).join(', ')}`);
  };

  const flush = (items: readonly (readonly Outgoing[])[]): Promise<void> =>
    reachingKafka('sending', async () => {
      for (const portion of portionsOf(items.flat())) await sendAll(portion);
    });

  const batcher = createBatcher<readonly Outgoing[]>({
    flush,
    maxItems: MAX_RECORDS,
    maxPending: MAX_PENDING,
    weigh: (records) => records.reduce((sum, { value }) => sum + value.length, 0),
    maxWeight: MAX_BYTES,
    overloaded: () => failure('OVERLOADED', `more than ${String(MAX_PENDING)} sends wait for Kafka`),
  });

  return {
    connect: () => reachingKafka('connecting the producer', () => producer.connect()),
    send: (records) => (records.length === 0 ? Promise.resolve() : batcher.push(records)),
    close: async () => {
      await closeWithin(CLOSE_MS, batcher.drained());
      await closeWithin(CLOSE_MS, producer.disconnect());
    },
  };
};
