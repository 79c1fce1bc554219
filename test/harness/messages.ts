/** Kafka's own view of a topic: reads what is there, and sends what nobody of ours would. */
import { randomUUID } from 'node:crypto';
import { type IHeaders, Kafka, logLevel } from 'kafkajs';
import { atEnd } from './cleanup';
import { kafkaBrokers } from './services';
import { until } from './until';

export interface Message {
  readonly partition: number;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const textsOf = (headers: IHeaders = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const kafka = (): Kafka => new Kafka({ clientId: 'test', brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING });

/** Everything that a topic holds at the moment of the call. */
export const readTopic = async (topic: string): Promise<Message[]> => {
  const admin = kafka().admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const left = new Map(ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]));
  const messages: Message[] = [];
  if (left.size === 0) return messages;
  const consumer = kafka().consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      messages.push({ partition, value: message.value?.toString('utf8') ?? '', headers: textsOf(message.headers) });
      if (BigInt(message.offset) + 1n >= (left.get(partition) ?? 0n)) left.delete(partition);
    },
  });
  try {
    await until(() => left.size === 0, { what: `the whole of topic ${topic}`, timeoutMs: 30_000 });
  } finally {
    await consumer.disconnect();
  }
  return messages;
};

/** A function that appends a value to a partition, durable when it resolves. */
export const openSender = async (topic: string): Promise<(message: Message) => Promise<void>> => {
  const producer = kafka().producer();
  await producer.connect();
  atEnd(() => producer.disconnect());
  return async ({ partition, value }) => {
    await producer.send({ topic, acks: -1, messages: [{ partition, value }] });
  };
};
