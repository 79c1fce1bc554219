/** The shards' logs on Kafka: a partition of `task-events` for each shard, a record for what one process told at once. */
import type { Kafka } from 'kafkajs';
import type { Event } from '../../core/event';
import type { EventLog, LogReader, LogRecord } from '../../ports/transport';
import { createCluster } from './cluster';
import { KafkaPartitionConsumer, type Message } from './consumer';
import { createPlaces, type Mark } from './places';
import type { KafkaProducer, Outgoing } from './producer';

export interface EventLogNeeds {
  readonly kafka: Kafka;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly shards: number;
  /** Characters of JSON beyond which the events of one append are split over several records. */
  readonly recordLimit?: number;
  /** Told of records that are no list of events; they are passed over. */
  readonly onUndecodable: (shard: number, offset: bigint, error: unknown, value: Buffer | null) => void;
  readonly onTrouble: (error: unknown) => void;
}

const RECORD_LIMIT = 500_000;
const VERSION = 1;

/** FNV-1a over the bytes: enough to tell a record from another one at the same offset. */
const hashOf = (value: Buffer | null): string => {
  let hash = 0x811c9dc5;
  // By index: the iterator of a buffer takes four times as long, and each record comes through here.
  for (let i = 0; i < (value?.length ?? 0); i++) hash = Math.imul(hash ^ value![i]!, 0x01000193);
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

const markOf = ({ offset, timestamp, value }: Message): Mark => ({ offset, timestamp, hash: hashOf(value) });

const timers = {
  after: (ms: number, then: () => void): (() => void) => {
    const timer = setTimeout(then, ms);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Makes the log; the producer must be connected. */
export const createEventLog = (needs: EventLogNeeds): EventLog & { close(): Promise<void> } => {
  const { kafka, producer, topic, shards, onUndecodable, onTrouble, recordLimit = RECORD_LIMIT } = needs;
  const cluster = createCluster(kafka);

  const recordOf = (shard: number, { offset, timestamp, value }: Message): LogRecord => {
    let events: readonly Event[] = [];
    try {
      events = decode(value);
    } catch (error) {
      onUndecodable(shard, offset, error, value);
    }
    return { shard, offset, timestamp, hash: hashOf(value), events };
  };

  const open = async (consume: (records: readonly LogRecord[]) => Promise<void>): Promise<LogReader> => {
    const onMessages = async (shard: number, messages: readonly Message[]): Promise<void> => {
      const fresh = places.fresh(shard, messages);
      const last = fresh?.at(-1);
      if (fresh === undefined || last === undefined) return;
      await consume(fresh.map((message) => recordOf(shard, message)));
      places.consumed(shard, last);
    };
    const consumer = new KafkaPartitionConsumer({
      kafka,
      topic,
      partitions: Array.from({ length: shards }, (_, shard) => shard),
      onMessages,
      onTrouble,
      onReset: (shard) => {
        places.reset(shard);
      },
      onDoubt: (shard) => {
        places.doubt(shard);
      },
    });
    const places = createPlaces({
      topic,
      cluster,
      clock: timers,
      seek: (shard, offset) => {
        consumer.seek(shard, offset);
      },
      markOf,
      onTrouble,
    });
    await consumer.start();
    return {
      take: places.take,
      drop: (shard) => {
        places.drop(shard);
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
    ping: cluster.ping,
    close: cluster.close,
  };
};
