/** The workers' inboxes on Kafka: a partition of `task-queue` for each, read by a consumer of its own from its end. */
import type { Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import type { WorkOrder, WorkQueue } from '../../ports/transport';
import { fetchBounds } from './cluster';
import { reachingKafka } from './connection';
import { KafkaPartitionConsumer, type Message } from './consumer';
import type { KafkaProducer, Outgoing } from './producer';
import type { Readings } from './readings';
import { provideTopic } from './topics';
import { traceHeaders, tracesIn } from './traceHeaders';

export interface WorkQueueNeeds {
  readonly kafka: Kafka;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly replication: number;
  /** Characters of JSON beyond which the orders of one send to one inbox are split over several records. */
  readonly recordLimit?: number;
  readonly onUndecodable: (inbox: number, offset: bigint, error: unknown, value: Buffer | null) => void;
  readonly onTrouble: (error: unknown) => void;
  /** Told of who reads. */
  readonly readings?: Pick<Readings, 'add' | 'remove'>;
}

/** Characters, of three bytes at the most: together below what a broker takes as one record. */
const RECORD_LIMIT = 300_000;
const JOIN_MS = 15_000;
/**
 * An order is told at once however long the broker may wait; each further question costs the two sides together a millisecond of processor time, for
 * each idle worker. Longer would keep whoever closes an inbox waiting: kafkajs lets its last question be answered.
 */
const MAX_WAIT_MS = 1000;

/** Splits an order whose dispatches are too many for one record. */
const pieces = (order: WorkOrder, limit: number): WorkOrder[] => {
  if (order.dispatches.length < 2 || JSON.stringify(order).length <= limit) return [order];
  const half = Math.ceil(order.dispatches.length / 2);
  return [
    ...pieces({ ...order, dispatches: order.dispatches.slice(0, half) }, limit),
    ...pieces({ ...order, dispatches: order.dispatches.slice(half), acknowledged: [] }, limit),
  ];
};

type Content = Pick<Outgoing, 'value' | 'headers'>;

const isTraced = ({ dispatches }: WorkOrder): boolean => dispatches.some(({ trace }) => trace !== undefined);

/** Traces are for the headers alone. */
const write = (orders: readonly WorkOrder[]): Content => {
  if (!orders.some(isTraced)) return { value: JSON.stringify(orders) };
  const contexts: (string | undefined)[] = [];
  const untraced = orders.map((order) => ({
    ...order,
    dispatches: order.dispatches.map(({ trace, ...dispatch }) => {
      contexts.push(trace);
      return dispatch;
    }),
  }));
  return { value: JSON.stringify(untraced), headers: traceHeaders(contexts) };
};

const encode = (orders: readonly WorkOrder[], limit: number): Content[] => {
  const whole = write(orders);
  if (whole.value.length <= limit) return [whole];
  return orders.flatMap((order) => pieces(order, limit)).map((order) => write([order]));
};

/** Gives each task the context that came beside it. */
const traced = (orders: readonly WorkOrder[], contexts: ReturnType<typeof tracesIn>): readonly WorkOrder[] => {
  if (contexts === undefined) return orders;
  let next = 0;
  return orders.map((order) => ({
    ...order,
    dispatches: order.dispatches.map((dispatch) => {
      const trace = contexts[next++];
      return trace === undefined ? dispatch : { ...dispatch, trace };
    }),
  }));
};

const decode = ({ value, headers }: Message): readonly WorkOrder[] => {
  const orders: unknown = JSON.parse(value?.toString('utf8') ?? 'null');
  const isOrder = (order: unknown): boolean =>
    typeof order === 'object' && order !== null && 'dispatches' in order && Array.isArray(order.dispatches);
  if (!Array.isArray(orders) || !orders.every(isOrder)) throw new Error('not a list of work orders');
  return traced(orders as WorkOrder[], tracesIn(headers));
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
    messages.flatMap((message) => {
      const { offset, value } = message;
      try {
        return decode(message);
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
      for (const [inbox, ofInbox] of orders)
        for (const content of encode(ofInbox, recordLimit)) records.push({ topic, partition: inbox, ...content });
      return producer.send(records);
    },
    receive: async (inbox, consume) => {
      const consumer = new KafkaPartitionConsumer({
        kafka,
        topic,
        partitions: [inbox],
        maxWaitMs: MAX_WAIT_MS,
        onTrouble,
        readings: needs.readings,
        onMessages: async (_partition, messages) => {
          const orders = ordersOf(inbox, messages);
          if (orders.length > 0) await consume(orders);
        },
        onReset: () => undefined,
      });
      const end = await endOf(inbox);
      try {
        await consumer.start();
        consumer.seek(inbox, end);
        await consumer.ready(JOIN_MS);
      } catch (error) {
        // It would go on trying, and read beside the one that is made in its place.
        await consumer.close();
        throw error;
      }
      return { close: () => consumer.close() };
    },
  };
};
