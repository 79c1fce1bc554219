/** Questions to the cluster, on one connection that is made when first needed. */
import { KafkaJSProtocolError, type Admin, type Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import { closeWithin, reachingKafka } from './connection';

export interface Bounds {
  /** Offset of the earliest record there is. */
  readonly low: bigint;
  /** Offset of the next record to come. */
  readonly high: bigint;
}

export interface Cluster {
  /** Rejects with BROKER_UNAVAILABLE, or resolves, within a second. */
  ping(): Promise<void>;
  /** The bounds of each partition. Questions of one turn share an answer, which is never older than the question. */
  bounds(topic: string): Promise<ReadonlyMap<number, Bounds>>;
  close(): Promise<void>;
}

const PING_MS = 950;
const LEADERS_MS = 10_000;
const LOOK_EVERY_MS = 50;
const CLOSE_MS = 3000;

const withinPing = async (asking: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(failure('BROKER_UNAVAILABLE', `Kafka gave no answer within ${String(PING_MS)} ms`));
    }, PING_MS);
  });
  try {
    await Promise.race([asking, late]);
  } finally {
    clearTimeout(timer);
  }
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/**
 * The bounds of each partition, by a connected admin. A partition that was just made has a leader by the metadata a moment
 * before that broker knows: what can be tried again is, for some seconds.
 */
export const fetchBounds = async (admin: Admin, topic: string): Promise<ReadonlyMap<number, Bounds>> => {
  for (const until = Date.now() + LEADERS_MS; ;) {
    try {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError) || !error.retriable || Date.now() > until) throw error;
      await pause(LOOK_EVERY_MS);
    }
  }
};

export const createCluster = (kafka: Kafka): Cluster => {
  const questions = new Map<string, Promise<ReadonlyMap<number, Bounds>>>();
  let opened: { readonly admin: Admin; readonly connected: Promise<void> } | undefined;

  /**
   * After a failure the next question opens a client of its own: kafkajs may keep a broker for connected whose connection was
   * lost while it was being made, and answers "Broker not connected" for ever then.
   */
  const asking = async <T>(question: (admin: Admin) => Promise<T>): Promise<T> => {
    if (opened === undefined) {
      const admin = kafka.admin();
      opened = { admin, connected: admin.connect() };
    }
    const used = opened;
    try {
      await used.connected;
      return await question(used.admin);
    } catch (error) {
      if (opened === used) opened = undefined;
      void closeWithin(CLOSE_MS, used.admin.disconnect());
      throw error;
    }
  };
  const ask = async (topic: string): Promise<ReadonlyMap<number, Bounds>> => {
    // A turn later all who ask now have asked.
    await Promise.resolve();
    questions.delete(topic);
    return reachingKafka(`looking up the offsets of ${topic}`, () => asking((admin) => fetchBounds(admin, topic)));
  };
  return {
    ping: () => withinPing(reachingKafka('asking for the cluster', () => asking((admin) => admin.describeCluster()))),
    bounds: (topic) => {
      const asked = questions.get(topic) ?? ask(topic);
      questions.set(topic, asked);
      return asked;
    },
    close: async () => {
      if (opened !== undefined) await closeWithin(CLOSE_MS, opened.admin.disconnect());
    },
  };
};
