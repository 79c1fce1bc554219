/** The topics: made where they are missing, grown where they are too small, never shrunk. */
import { ConfigResourceTypes, ConfigSource, KafkaJSProtocolError, type Admin, type ConfigEntries, type Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import { reachingKafka } from './connection';

/** The largest record that this process may have to send, and the setting that makes it so large. */
export interface LargestRecord {
  readonly bytes: number;
  /** `worker.resultBytes 262144`. */
  readonly because: string;
}

export interface TopicNeeds {
  readonly queue: { readonly name: string; readonly partitions: number; readonly replication: number };
  /** One partition for each shard: the number is set once. */
  readonly events: { readonly name: string; readonly partitions: number; readonly replication: number; readonly largest?: LargestRecord };
  readonly deadLetters?: { readonly name: string; readonly partitions: number; readonly replication: number };
  /** One partition for each shard, too. */
  readonly logs?: { readonly name: string; readonly partitions: number; readonly replication: number };
}

const READY_MS = 15_000;
const LOOK_EVERY_MS = 50;
const TIMESTAMPS = { name: 'message.timestamp.type', value: 'LogAppendTime' };
const MOST_AT_ONCE = 'max.message.bytes';

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

/** Grows a topic that was made again smaller than it was; one that is there and large enough, or isn't there at all, stays as it is. */
export const growTopic = async (admin: Admin, topic: string, count: number): Promise<void> => {
  if (!(await admin.listTopics()).includes(topic)) return;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  // With or without a leader: one that has none at the moment is there.
  const existing = topics[0]?.partitions.length ?? 0;
  if (existing > 0 && existing < count) await grow(admin, topic, count);
};

const settingsOf = async (admin: Admin, topic: string): Promise<readonly ConfigEntries[]> => {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] });
  return resources[0]?.configEntries ?? [];
};

/** What the broker takes at no time would be sent for ever: so nobody starts who may have to. */
const requireRoom = (topic: string, takes: number, { bytes, because }: LargestRecord): void => {
  if (takes >= bytes) return;
  throw failure(
    'TOPIC_TOO_SMALL',
    `topic ${topic} takes ${String(takes)} bytes at once (${MOST_AT_ONCE}), but ${because} needs ${String(bytes)}: raise ${MOST_AT_ONCE} of the topic, or lower the setting`,
  );
};

/**
 * A topic that an operator made by hand stamps records with the sender's clock: the law wants the broker's. Kafka takes what is altered for
 * all that the topic has of its own, and would forget the operator's other settings.
 */
const stampByAppending = async (admin: Admin, name: string, found: readonly ConfigEntries[]): Promise<void> => {
  const own = found.filter(({ configSource, configName }) => configSource === ConfigSource.TOPIC_CONFIG && configName !== TIMESTAMPS.name);
  const configEntries = [...own.map(({ configName, configValue }) => ({ name: configName, value: configValue })), TIMESTAMPS];
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }] });
};

const checkEvents = async (admin: Admin, { name, largest }: TopicNeeds['events']): Promise<void> => {
  const found = await settingsOf(admin, name);
  const valueOf = (setting: string): string | undefined => found.find(({ configName }) => configName === setting)?.configValue;
  if (largest !== undefined) requireRoom(name, Number(valueOf(MOST_AT_ONCE)), largest);
  if (valueOf(TIMESTAMPS.name) !== TIMESTAMPS.value) await stampByAppending(admin, name, found);
};

/** Makes the topics ready. Rejects with TOPIC_TOO_SMALL where `events` has another number of partitions than there are shards, or takes too little at once. */
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
      await checkEvents(admin, events);
      await provideTopic(admin, queue, false);
      for (const topic of [deadLetters, logs]) if (topic !== undefined) await provideTopic(admin, topic, false);
    } finally {
      await admin.disconnect();
    }
  });
