/** The shards' logs on Kafka: a partition of `task-events` for each shard, a record for what one process told at once. */
import type { Kafka } from 'kafkajs';
import type { Event } from '../../core/event';
import type { EventLog, LogReader, LogRecord } from '../../ports/transport';
import { createCluster } from './cluster';
import { KafkaPartitionConsumer, type Message } from './consumer';
import { listRecords, type ListRecords } from './listRecords';
import { hashOf, markOf } from './marks';
import { createPlaces } from './places';
import type { KafkaProducer, Outgoing } from './producer';
import type { Readings } from './readings';
import { traceHeaders, tracesIn } from './traceHeaders';
import { unheldTimers } from './unheldTimers';

export interface EventLogNeeds {
  readonly kafka: Kafka;
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly shards: number;
  /** Bytes of JSON beyond which the events of one append are split over several records. */
  readonly recordLimit?: number;
  /** Told of records that are no list of events; they are passed over. */
  readonly onUndecodable: (shard: number, offset: bigint, error: unknown, value: Buffer | null) => void;
  readonly onTrouble: (error: unknown) => void;
  /** Told of who reads. */
  readonly readings?: Pick<Readings, 'add' | 'remove'>;
}

/** Well below the megabyte that a broker takes as one record. */
const RECORD_LIMIT = 500_000;

type Content = Pick<Outgoing, 'value' | 'headers'>;

const contextOf = (event: Event): string | undefined => ('trace' in event ? event.trace : undefined);
/** As it is written. */
const untraced = (event: Event): Event => (contextOf(event) === undefined ? event : ({ ...event, trace: undefined } as unknown as Event));

/** The records of one shard's events; the contexts of traces go beside them. */
const createEncoding =
  (encode: ListRecords<Event>['encode']) =>
  (events: readonly Event[]): Content[] => {
    if (events.every((event) => contextOf(event) === undefined)) return encode(events).map(({ value }) => ({ value }));
    let next = 0;
    return encode(events.map(untraced)).map(({ value, count }) => {
      const contexts = events.slice(next, (next += count)).map(contextOf);
      return { value, headers: traceHeaders(contexts) };
    });
  };

/** Gives each report the context that came beside it. */
const traced = (events: readonly Event[], contexts: ReturnType<typeof tracesIn>): readonly Event[] =>
  contexts === undefined
    ? events
    : events.map((event, i) => (contexts[i] === undefined || typeof event !== 'object' ? event : ({ ...event, trace: contexts[i] } as Event)));

/** Makes the log; the producer must be connected. */
export const createEventLog = (needs: EventLogNeeds): EventLog & { close(): Promise<void> } => {
  const { kafka, producer, topic, shards, onUndecodable, onTrouble, recordLimit = RECORD_LIMIT } = needs;
  const cluster = createCluster(kafka);
  // Each event's own shape is checked by the law's owner, who counts those that are malformed.
  const lists = listRecords<Event>('events', recordLimit);
  const encode = createEncoding(lists.encode);

  const recordOf = (shard: number, message: Message): LogRecord => {
    const { offset, timestamp, value } = message;
    let events: readonly Event[] = [];
    try {
      events = traced(lists.decode(value), tracesIn(message.headers));
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
      readings: needs.readings,
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
      clock: unheldTimers,
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
      for (const [shard, ofShard] of events) for (const content of encode(ofShard)) records.push({ topic, partition: shard, ...content });
      return producer.send(records);
    },
    open,
    ping: cluster.ping,
    close: cluster.close,
  };
};
