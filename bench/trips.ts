/** Trips of one record after another through the services by themselves, each timed until it has arrived. */
import type { Consumer, Producer } from 'kafkajs';
import { createClient } from 'redis';

const TRIPS = 200;
const BEFORE = 50;

/** What is sent with these waits until all replicas that are in step have it, as the program's own records do. */
const sendOne = (producer: Producer, topic: string, value: string): Promise<unknown> =>
  producer.send({ topic, acks: -1, messages: [{ partition: 0, value }] });

/** Resolves when the consumer has joined; from then on `hear` is told of each record. */
const listen = async (consumer: Consumer, topic: string, hear: (value: string) => Promise<void>): Promise<void> => {
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: ({ message }) => hear(message.value?.toString() ?? '') });
  await joined;
};

/** Milliseconds of each trip from `leave` to the consumer of `topic`; the first ones find everything cold and don't count. */
const timed = async (consumer: Consumer, topic: string, leave: (value: string) => Promise<unknown>): Promise<readonly number[]> => {
  let arrived: () => void = () => undefined;
  await listen(consumer, topic, () => {
    arrived();
    return Promise.resolve();
  });
  const tookMs: number[] = [];
  for (let i = 0; i < BEFORE + TRIPS; i++) {
    const began = performance.now();
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    await leave(String(i));
    await arrival;
    tookMs.push(performance.now() - began);
  }
  return tookMs.slice(BEFORE);
};

/** From a producer to a consumer. */
export const throughKafka = (producer: Producer, consumer: Consumer, topic: string): Promise<readonly number[]> =>
  timed(consumer, topic, (value) => sendOne(producer, topic, value));

export interface TaskWay {
  readonly producer: Producer;
  readonly redisUrl: string;
  /** Where a worker would listen, and where a scheduler would. */
  readonly there: { readonly consumer: Consumer; readonly topic: string };
  readonly back: { readonly consumer: Consumer; readonly topic: string };
  readonly keyPrefix: string;
}

/** The way of a task without the program: a record, a claim in Redis, a record back. What a hop takes longer is the program's own. */
export const throughClaim = async ({ producer, redisUrl, there, back, keyPrefix }: TaskWay): Promise<readonly number[]> => {
  const redis = createClient({ url: redisUrl, socket: { reconnectStrategy: false } });
  redis.on('error', () => undefined);
  await redis.connect();
  try {
    await listen(there.consumer, there.topic, async (value) => {
      await redis.set(keyPrefix + value, '1', { condition: 'NX', expiration: { type: 'EX', value: 60 } });
      await sendOne(producer, back.topic, value);
    });
    return await timed(back.consumer, back.topic, (value) => sendOne(producer, there.topic, value));
  } finally {
    redis.destroy();
  }
};
