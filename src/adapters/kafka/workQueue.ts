/** The workers' inboxes on Kafka: a partition of `task-queue` for each, read by a consumer of its own from its end. */
import type { Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import type { WorkOrder, WorkQueue } from '../../ports/transport';
import { fetchBounds } from './cluster';
import { reachingKafka } from './connection';
import { KafkaPartitionConsumer, type Message } from './consumer';
import type { KafkaProducer, Outgoing } from './producer';
import { provideTopic } from './topics';

export interface WorkQueueNeeds {
  readonly kafka: Kafka;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly replication: number;
  /** Characters of JSON beyond which the orders of one send to one inbox are split over several records. */
  readonly recordLimit?: number;
  readonly onUndecodable: (inbox: number, offset: bigint, error: unknown, value: Buffer | null) => void;
  readonly onTrouble: (error: unknown) => void;
}

const RECORD_LIMIT = 500_000;
const JOIN_MS = 15_000;

/** Splits an order whose dispatches are too many for one record. */
const pieces = (order: WorkOrder, limit: number): WorkOrder[] => {
  if (order.dispatches.length < 2 || JSON.stringify(order).length <= limit) return [order];
  const half = Math.ceil(order.dispatches.length / 2);
  return [
    ...pieces({ ...order, dispatches: order.dispatches.slice(0, half) }, limit),
    ...pieces({ ...order, dispatches: order.dispatches.slice(half), acknowledged: [] }, limit),
  ];
};

const encode = (orders: readonly WorkOrder[], limit: number): string[] => {
  const whole = JSON.stringify(orders);
  if (whole.length <= limit) return [whole];
  return orders.flatMap((order) => pieces(order, limit)).map((order) => JSON.stringify([order]));
};

const decode = (value: Buffer | null): readonly WorkOrder[] => {
  const orders: unknown = JSON.parse(value?.toString('utf8') ?? 'null');
  const isOrder = (order: unknown): boolean =>
    typeof order === 'object' && order !== null && 'dispatches' in order && Array.isArray(order.dispatches);
  if (!Array.isArray(orders) || !orders.every(isOrder)) throw new Error('not a list of work orders');
  return orders as WorkOrder[];
};

/** Makes the queue; the producer must be connected. */
export const createWorkQueue = (needs: WorkQueueNeeds): WorkQueue => {
  const { kafka, producer, topic, replication, onUndecodable, onTrouble, recordLimit = RECORD_LIMIT } = needs;

  const endOf = (inbox: number): Promise<bigint> =>
    reachingKafka(`looking up the end of inbox ${String(inbox)}`, async () => {
      const admin = kafka.admin();
      try {
        await admin.connect();
        const found = (await fetchBounds(admin, topic)).get(inbox);
        if (found === undefined) throw failure('TOPIC_TOO_SMALL', `topic ${topic} has no partition ${String(inbox)}`);
        return found.high;
      } finally {
        await admin.disconnect();
      }
    });

  const ordersOf = (inbox: number, messages: readonly Message[]): WorkOrder[] =>
    messages.flatMap(({ offset, value }) => {
      try {
        return decode(value);
      } catch (error) {
        onUndecodable(inbox, offset, error, value);
        return [];
      }
    });

  return {
    provide: (count) =>
      reachingKafka('growing the queue', async () => {
        const admin = kafka.admin();
        try {
          await admin.connect();
          await provideTopic(admin, { name: topic, partitions: count, replication }, false);
        } finally {
          await admin.disconnect();
        }
      }),
    send: (orders) => {
      const records: Outgoing[] = [];
      for (const [inbox, ofInbox] of orders) for (const value of encode(ofInbox, recordLimit)) records.push({ topic, partition: inbox, value });
      return producer.send(records);
    },
    receive: async (inbox, consume) => {
      const consumer = new KafkaPartitionConsumer({
        kafka,
        topic,
        partitions: [inbox],
        onTrouble,
        onMessages: async (_partition, messages) => {
          const orders = ordersOf(inbox, messages);
          if (orders.length > 0) await consume(orders);
        },
        onReset: () => undefined,
      });
      const end = await endOf(inbox);
      await consumer.start();
      consumer.seek(inbox, end);
      await consumer.ready(JOIN_MS);
      return { close: () => consumer.close() };
    },
  };
};
