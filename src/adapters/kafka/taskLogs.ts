/** Task logs on their way: a partition of `task-logs` for each shard, a record for what one worker had to tell of it at once. */
import type { Kafka } from 'kafkajs';
import { groupBy } from '../../core/groupBy';
import { parseDagId, shardOf } from '../../core/ids';
import { count, fence, flag, has, listOf, name, text, type Shape } from '../../core/shapes';
import type { AppendLogs, LogChunk, LogFeed } from '../../ports/taskLogs';
import { KafkaPartitionConsumer, type Message } from './consumer';
import { createCluster } from './cluster';
import { listRecords } from './listRecords';
import { markOf } from './marks';
import { createPlaces } from './places';
import { unheldTimers } from './unheldTimers';
import { createProducer, type KafkaProducer, type Outgoing } from './producer';

/** Well below the megabyte that a broker takes. */
const RECORD_BYTES = 400_000;
/** Whoever has nothing to read asks seldom. */
const MAX_WAIT_MS = 1000;

const { encode, decode } = listRecords<LogChunk>('chunks', RECORD_BYTES);

/** The sending side of a worker. Its producer is its own, so that no report waits behind lines, and connected by the first ones. */
export const createLogSender = ({
  kafka,
  topic,
}: {
  readonly kafka: Kafka;
  readonly topic: string;
}): { append: AppendLogs; close(): Promise<void> } => {
  let producer: Promise<KafkaProducer> | undefined;
  const connected = async (): Promise<KafkaProducer> => {
    const made = createProducer(kafka);
    await made.connect();
    return made;
  };
  return {
    append: async (chunks) => {
      producer ??= connected().catch((error: unknown) => {
        producer = undefined;
        throw error;
      });
      const records: Outgoing[] = [];
      for (const [shard, ofShard] of groupBy(chunks, ({ dag }) => shardOf(dag)))
        for (const { value } of encode(ofShard)) records.push({ topic, partition: shard, value });
      await (await producer).send(records);
    },
    close: async () => {
      await (await producer?.catch(() => undefined))?.close();
    },
  };
};

export interface LogFeedNeeds {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly shards: number;
  readonly onUndecodable: (shard: number, offset: bigint, error: unknown, value: Buffer | null) => void;
  readonly onTrouble: (error: unknown) => void;
}

const CHUNK: Shape = {
  dag: (value) => typeof value === 'string' && parseDagId(value) !== undefined,
  task: count,
  fence,
  attempt: count,
  worker: name,
  first: count,
  count,
  position: count,
  bytes: count,
  ended: flag,
  lines: text,
};
const areChunks = listOf((value) => has(value, CHUNK));

/** The reading side of a scheduler. */
export const createLogFeed = ({ kafka, topic, shards, onUndecodable, onTrouble }: LogFeedNeeds): LogFeed => {
  const decoded = (shard: number, message: Message): readonly LogChunk[] => {
    try {
      const chunks = decode(message.value);
      if (!areChunks(chunks)) throw new Error('not a record of task logs of this version');
      return chunks;
    } catch (error) {
      onUndecodable(shard, message.offset, error, message.value);
      return [];
    }
  };
  return {
    open: async (consume) => {
      const onMessages = async (shard: number, messages: readonly Message[]): Promise<void> => {
        const fresh = places.fresh(shard, messages);
        const last = fresh?.at(-1);
        if (fresh === undefined || last === undefined) return;
        const chunks = fresh.flatMap((message) => decoded(shard, message));
        await consume(shard, chunks, last.offset + 1n);
        places.consumed(shard, last);
      };
      const consumer = new KafkaPartitionConsumer({
        kafka,
        topic,
        partitions: Array.from({ length: shards }, (_, shard) => shard),
        maxWaitMs: MAX_WAIT_MS,
        onMessages,
        onReset: (shard) => {
          places.reset(shard);
        },
        onDoubt: (shard) => {
          places.doubt(shard);
        },
        onTrouble,
      });
      const cluster = createCluster(kafka);
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
        take: places.takeUnproven,
        drop: (shard) => {
          places.drop(shard);
          consumer.pause(shard);
        },
        close: async () => {
          await consumer.close();
          await cluster.close();
        },
      };
    },
  };
};
