/** The topics: made where they are missing, grown where they are too small, never shrunk. */
import { ConfigResourceTypes, KafkaJSProtocolError, type Admin, type Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import { reachingKafka } from './connection';

export interface TopicNeeds {
  readonly queue: { readonly name: string; readonly partitions: number; readonly replication: number };
  /** One partition for each shard: the number is set once. */
  readonly events: { readonly name: string; readonly partitions: number; readonly replication: number };
  readonly deadLetters?: { readonly name: string; readonly partitions: number; readonly replication: number };
  /** One partition for each shard, too. */
  readonly logs?: { readonly name: string; readonly partitions: number; readonly replication: number };
}

const READY_MS = 15_000;
const LOOK_EVERY_MS = 50;
const TIMESTAMPS = { name: 'message.timestamp.type', value: 'LogAppendTime' };

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const isKind = (error: unknown, ...types: string[]): boolean => error instanceof KafkaJSProtocolError && types.includes(error.type);

/** Partitions of a topic that have a leader; 0 where there is no such topic. */
export const countPartitions = async (admin: Admin, topic: string): Promise<number> => {
  // Asking for the metadata of a topic that isn't there is logged by kafkajs as an error.
  if (!(await admin.listTopics()).includes(topic)) return 0;
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
  } catch (error) {
    if (isKind(error, 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE')) return 0;
    throw error;
  }
};

const untilPartitions = async (admin: Admin, topic: string, count: number): Promise<void> => {
  for (const until = Date.now() + READY_MS; ;) {
    if ((await countPartitions(admin, topic)) >= count) return;
    if (Date.now() > until)
      throw failure('BROKER_UNAVAILABLE', `Kafka: topic ${topic} has no ${String(count)} partitions with leaders after ${String(READY_MS)} ms`);
    await pause(LOOK_EVERY_MS);
  }
};

/** Makes sure that a topic has at least `count` partitions. Two processes that do so at once both succeed. */
export const provideTopic = async (
  admin: Admin,
  topic: { name: string; partitions: number; replication: number },
  appendTime: boolean,
): Promise<void> => {
  const existing = await countPartitions(admin, topic.name);
  if (existing === 0) {
    const configEntries = appendTime ? [TIMESTAMPS] : [];
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic: topic.name, numPartitions: topic.partitions, replicationFactor: topic.replication, configEntries }],
    });
  } else if (existing < topic.partitions) await grow(admin, topic.name, topic.partitions);
  await untilPartitions(admin, topic.name, topic.partitions);
};

const grow = async (admin: Admin, topic: string, count: number): Promise<void> => {
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  } catch (error) {
    // Another process was faster.
    if (!isKind(error, 'INVALID_PARTITIONS')) throw error;
  }
};

/** A topic that an operator made by hand stamps records with the sender's clock: the law wants the broker's. */
const stampByAppending = async (admin: Admin, topic: string): Promise<void> => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [TIMESTAMPS.name] }],
  });
  if (resources[0]?.configEntries[0]?.configValue === TIMESTAMPS.value) return;
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [TIMESTAMPS] }] });
};

/** Makes the topics ready. Rejects with TOPIC_TOO_SMALL where `events` has another number of partitions than there are shards. */
export const provideTopics = (kafka: Kafka, { queue, events, deadLetters, logs }: TopicNeeds): Promise<void> =>
  reachingKafka('making the topics', async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const existing = await countPartitions(admin, events.name);
      if (existing > events.partitions) {
        throw failure(
          'TOPIC_TOO_SMALL',
          `topic ${events.name} has ${String(existing)} partitions, but there are ${String(events.partitions)} shards: set scheduler.shards to ${String(existing)}, or name another topic`,
        );
      }
      await provideTopic(admin, events, true);
      await stampByAppending(admin, events.name);
      await provideTopic(admin, queue, false);
      for (const topic of [deadLetters, logs]) if (topic !== undefined) await provideTopic(admin, topic, false);
    } finally {
      await admin.disconnect();
    }
  });
