/** The shards' logs on Kafka: a partition of `task-events` for each shard, a record for what one process told at once. */
import type { Kafka } from 'kafkajs';
import type { Event } from '../../core/event';
import type { LogPosition } from '../../ports/store';
import type { EventLog, LogReader, LogRecord } from '../../ports/transport';
import { reachingKafka } from './connection';
import { KafkaPartitionConsumer, type Message } from './consumer';
import type { KafkaProducer, Outgoing } from './producer';

export interface EventLogNeeds {
  readonly kafka: Kafka;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly shards: number;
  /** Characters of JSON beyond which the events of one append are split over several records. */
  readonly recordLimit?: number;
  /** Told of records that are no list of events; they are passed over. */
  readonly onUndecodable: (shard: number, offset: bigint, error: unknown) => void;
  readonly onTrouble: (error: unknown) => void;
}

const RECORD_LIMIT = 500_000;
const VERSION = 1;

/** FNV-1a over the bytes: enough to tell a record from another one at the same offset. */
const hashOf = (value: Buffer | null): string => {
  let hash = 0x811c9dc5;
  for (const byte of value ?? []) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
};

/** The records for one shard's events, each below the limit where a single event is. */
const encode = (events: readonly Event[], limit: number): string[] => {
  const values: string[] = [];
  let texts: string[] = [];
  let size = 0;
  const flush = (): void => {
    if (texts.length > 0) values.push(`{"v":${String(VERSION)},"events":[${texts.join(',')}]}`);
    texts = [];
    size = 0;
  };
  for (const event of events) {
    const text = JSON.stringify(event);
    if (size + text.length > limit) flush();
    texts.push(text);
    size += text.length;
  }
  flush();
  return values;
};

const decode = (value: Buffer | null): readonly Event[] => {
  const parsed: unknown = JSON.parse(value?.toString('utf8') ?? 'null');
  if (typeof parsed !== 'object' || parsed === null || !('v' in parsed) || parsed.v !== VERSION) throw new Error('not a record of this version');
  if (!('events' in parsed) || !Array.isArray(parsed.events)) throw new Error('a record without a list of events');
  // Each event's own shape is checked by the law's owner, who counts those that are malformed.
  return parsed.events as Event[];
};

/** The first record after a `take` must be the one that the position names. */
type Expectation = { readonly timestamp: number; readonly hash: string; readonly offset: bigint } | undefined;

/** Makes the log; the producer must be connected. */
export const createEventLog = (needs: EventLogNeeds): EventLog & { close(): Promise<void> } => {
  const { kafka, producer, topic, shards, onUndecodable, onTrouble, recordLimit = RECORD_LIMIT } = needs;
  const admin = kafka.admin();
  let adminReady: Promise<void> | undefined;

  const recordOf = (shard: number, { offset, timestamp, value }: Message): LogRecord => {
    let events: readonly Event[] = [];
    try {
      events = decode(value);
    } catch (error) {
      onUndecodable(shard, offset, error);
    }
    return { shard, offset, timestamp, hash: hashOf(value), events };
  };

  const open = async (consume: (records: readonly LogRecord[]) => Promise<void>): Promise<LogReader> => {
    const expectations = new Map<number, Expectation>();

    const onMessages = async (shard: number, messages: readonly Message[]): Promise<void> => {
      const expected = expectations.get(shard);
      let fresh = messages;
      if (expected !== undefined) {
        expectations.delete(shard);
        const first = messages[0];
        const same = first?.offset === expected.offset && first.timestamp === expected.timestamp && hashOf(first.value) === expected.hash;
        if (!same) {
          // Another log under the same name: everything in it is news.
          consumer.seek(shard, 0n);
          return;
        }
        fresh = messages.slice(1);
      }
      if (fresh.length > 0) await consume(fresh.map((message) => recordOf(shard, message)));
    };
    const consumer = new KafkaPartitionConsumer({
      kafka, topic, partitions: Array.from({ length: shards }, (_, shard) => shard), onMessages, onTrouble,
      onReset: (shard) => { expectations.delete(shard); },
    });
    await consumer.start();
    return {
      take: (shard, { nextOffset, last }: LogPosition) => {
        expectations.delete(shard);
        if (last !== null && nextOffset > 0n) expectations.set(shard, { ...last, offset: nextOffset - 1n });
        consumer.seek(shard, last === null ? nextOffset : nextOffset - 1n);
      },
      drop: (shard) => {
        expectations.delete(shard);
        consumer.pause(shard);
      },
      close: () => consumer.close(),
    };
  };

  return {
    append: (events) => {
      const records: Outgoing[] = [];
      for (const [shard, ofShard] of events) for (const value of encode(ofShard, recordLimit)) records.push({ topic, partition: shard, value });
      return producer.send(records);
    },
    open,
    ping: () => reachingKafka('asking for the cluster', async () => {
      adminReady ??= admin.connect();
      try {
        await adminReady;
      } catch (error) {
        adminReady = undefined;
        throw error;
      }
      await admin.describeCluster();
    }),
    close: async () => {
      await admin.disconnect().catch(onTrouble);
    },
  };
};
