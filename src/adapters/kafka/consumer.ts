/**
 * A consumer of partitions that its owner chooses and of positions that its owner keeps. kafkajs knows only groups, so
 * each consumer is a group of its own with an assigner that hands it exactly its partitions; nothing is ever committed.
 */
import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, IHeaders, Kafka } from 'kafkajs';
import { failure } from '../../core/failure';
import { exactly } from './assigner';
import { fetchBounds, type Bounds } from './cluster';
import { closeWithin, reachingKafka } from './connection';
import type { Reading, Readings } from './readings';
import { noticeSilence } from './silence';

export interface Message {
  readonly offset: bigint;
  readonly timestamp: number;
  readonly value: Buffer | null;
  readonly headers?: IHeaders | undefined;
}

export interface PartitionConsumerNeeds {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly partitions: readonly number[];
  /** The next messages of a partition, in order. The next ones come after it resolved; a rejection brings the same again. */
  readonly onMessages: (partition: number, messages: readonly Message[]) => Promise<void>;
  /** The position asked for isn't there any more (the topic was made again or cut): reading goes on at the earliest. */
  readonly onReset: (partition: number, earliest: bigint) => void;
  /** The group was joined anew, or kafkajs read elsewhere: the topic may be another one by now. The owner may seek. */
  readonly onDoubt?: (partition: number) => void;
  readonly onTrouble: (error: unknown) => void;
  /** How long the broker may wait for something to answer with; it answers at once where there is something. */
  readonly maxWaitMs?: number;
  /** Told of this reader while it lives. */
  readonly readings?: Pick<Readings, 'add' | 'remove'> | undefined;
}

interface Position {
  expected: bigint;
  active: boolean;
  /** Counts seeks: what was begun under an earlier one is void. */
  generation: number;
  strangeBatches: number;
}

const MAX_WAIT_MS = 100;
const MAX_BYTES = 2_000_000;
const METADATA_AGE_MS = 5000;
const SESSION_MS = 30_000;
const HEARTBEAT_MS = 3000;
const CLOSE_MS = 3000;
const SILENT_MS = 10_000;
const LOOK_EVERY_MS = 2000;
const REBUILD_AFTER_MS = 1000;
/** A batch of another position than the one asked for is ordinary after a seek; several in a row mean that it is gone. */
const STRANGE_BATCHES = 2;

const messagesOf = ({ batch }: EachBatchPayload): Message[] =>
  batch.messages.map(({ offset, timestamp, value, headers }) => ({ offset: BigInt(offset), timestamp: Number(timestamp), value, headers }));

/** The offset that the fetch asked for; kafkajs has it and its types don't. */
const fetchedOffset = ({ batch }: EachBatchPayload): bigint =>
  BigInt((batch as unknown as { readonly fetchedOffset: string | number }).fetchedOffset);

export class KafkaPartitionConsumer {
  private readonly positions = new Map<number, Position>();
  private consumer: Consumer | undefined;
  private joined = false;
  private joins = 0;
  private whenJoined: (() => void)[] = [];
  private closed = false;
  private rebuilding = false;
  private heardAt = 0;
  private watchdog: NodeJS.Timeout | undefined;
  private readonly reading: Reading;

  constructor(private readonly needs: PartitionConsumerNeeds) {
    this.reading = {
      topic: needs.topic,
      next: () => new Map([...this.positions].flatMap(([partition, { active, expected }]) => (active ? [[partition, expected]] : []))),
    };
    for (const partition of needs.partitions) this.positions.set(partition, { expected: 0n, active: false, generation: 0, strangeBatches: 0 });
  }

  async start(): Promise<void> {
    await reachingKafka(`reading ${this.needs.topic}`, () => this.build());
    this.needs.readings?.add(this.reading);
    this.watchdog = setInterval(() => {
      this.watch();
    }, LOOK_EVERY_MS);
    this.watchdog.unref();
  }

  /** Resolves when the consumer is a member of its group and reads; rejects after `ms`. */
  ready(ms: number): Promise<void> {
    if (this.joined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(failure('BROKER_UNAVAILABLE', `Kafka: no group for ${this.needs.topic} within ${String(ms)} ms`));
      }, ms);
      this.whenJoined.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Delivers a partition from `offset` on; what was fetched for an earlier position is never delivered after this. */
  seek(partition: number, offset: bigint): void {
    const position = this.positions.get(partition);
    if (position === undefined) return;
    position.expected = offset;
    position.active = true;
    position.generation += 1;
    position.strangeBatches = 0;
    this.apply(partition, position);
  }

  /** Delivers nothing of a partition any more. */
  pause(partition: number): void {
    const position = this.positions.get(partition);
    if (position === undefined) return;
    position.active = false;
    position.generation += 1;
    this.apply(partition, position);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.needs.readings?.remove(this.reading);
    clearInterval(this.watchdog);
    const { consumer } = this;
    this.consumer = undefined;
    if (consumer !== undefined) await closeWithin(CLOSE_MS, consumer.disconnect());
  }

  private async build(): Promise<void> {
    const { kafka, topic, partitions, maxWaitMs = MAX_WAIT_MS } = this.needs;
    this.joined = false;
    this.heardAt = Date.now();
    const consumer = kafka.consumer({
      groupId: `${topic}-${randomUUID()}`,
      partitionAssigners: [exactly(partitions)],
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytesPerPartition: MAX_BYTES,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      metadataMaxAge: METADATA_AGE_MS,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, retries: 8, maxRetryTime: 2000, restartOnFailure: () => Promise.resolve(false) },
    });
    this.consumer = consumer;
    const isOurs = (): boolean => this.consumer === consumer;
    consumer.on(consumer.events.GROUP_JOIN, () => {
      if (!isOurs()) return;
      this.joined = true;
      // Positions live here, not in the group: a member that joins again would start from the beginning.
      for (const [partition, position] of this.positions) {
        if (this.joins > 0 && position.active) this.needs.onDoubt?.(partition);
        this.apply(partition, position);
      }
      this.joins += 1;
      for (const wake of this.whenJoined.splice(0)) wake();
    });
    noticeSilence({
      consumer,
      maxWaitMs,
      onDoubt: () => {
        this.doubtAll();
      },
      onHeard: () => {
        this.heardAt = Date.now();
      },
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.needs.onTrouble(payload.error);
      if (isOurs()) this.rebuildSoon();
    });
    await consumer.connect();
    if (!this.closed) await consumer.subscribe({ topic, fromBeginning: true });
    if (!this.closed) await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.consume(payload) });
    // What kafkajs connects while it is disconnected stays connected.
    if (this.closed) void closeWithin(CLOSE_MS, consumer.disconnect());
  }

  private doubtAll(): void {
    for (const [partition, { active }] of this.positions) if (active) this.needs.onDoubt?.(partition);
  }

  /** Tells kafkajs where to read; it listens only while it is a member of its group. */
  private apply(partition: number, { active, expected }: Position): void {
    const { consumer } = this;
    if (!this.joined || consumer === undefined) return;
    const { topic } = this.needs;
    try {
      if (!active) consumer.pause([{ topic, partitions: [partition] }]);
      else {
        consumer.seek({ topic, partition, offset: String(expected) });
        consumer.resume([{ topic, partitions: [partition] }]);
      }
    } catch (error) {
      this.needs.onTrouble(error);
    }
  }

  private async consume(payload: EachBatchPayload): Promise<void> {
    const { partition } = payload.batch;
    const position = this.positions.get(partition);
    this.heardAt = Date.now();
    if (this.closed || position?.active !== true || payload.batch.messages.length === 0) return;
    if (fetchedOffset(payload) !== position.expected) {
      await this.onStrangeBatch(partition, position);
      return;
    }
    position.strangeBatches = 0;
    const { generation } = position;
    const beat = setInterval(() => {
      this.heardAt = Date.now();
      payload.heartbeat().catch((error: unknown) => {
        this.needs.onTrouble(error);
      });
    }, HEARTBEAT_MS);
    try {
      await this.needs.onMessages(partition, messagesOf(payload));
    } finally {
      clearInterval(beat);
    }
    if (position.generation !== generation) return;
    position.expected = BigInt(payload.batch.lastOffset()) + 1n;
    payload.resolveOffset(payload.batch.lastOffset());
  }

  /** Fetched before a seek, or kafkajs went elsewhere by itself because the position is out of range. */
  private async onStrangeBatch(partition: number, position: Position): Promise<void> {
    position.strangeBatches += 1;
    this.needs.onDoubt?.(partition);
    if (position.strangeBatches >= STRANGE_BATCHES) {
      const { generation } = position;
      const { low, high } = await this.bounds(partition);
      if (position.generation !== generation) return;
      if (position.expected < low || position.expected > high) {
        position.expected = low;
        this.needs.onReset(partition, low);
      }
    }
    this.apply(partition, position);
  }

  private async bounds(partition: number): Promise<Bounds> {
    const admin = this.needs.kafka.admin();
    await admin.connect();
    try {
      return (await fetchBounds(admin, this.needs.topic)).get(partition) ?? { low: 0n, high: 0n };
    } finally {
      void closeWithin(CLOSE_MS, admin.disconnect());
    }
  }

  /** A consumer that fetches no more, without a word, is replaced. */
  private watch(): void {
    if (this.closed || this.rebuilding || Date.now() - this.heardAt < SILENT_MS) return;
    this.needs.onTrouble(new Error(`the consumer of ${this.needs.topic} has been silent for ${String(SILENT_MS)} ms: it is replaced`));
    this.rebuildSoon();
  }

  private rebuildSoon(): void {
    if (this.rebuilding || this.closed) return;
    this.rebuilding = true;
    const timer = setTimeout(() => {
      this.rebuild().catch((error: unknown) => {
        this.needs.onTrouble(error);
      });
    }, REBUILD_AFTER_MS);
    timer.unref();
  }

  private async rebuild(): Promise<void> {
    const old = this.consumer;
    this.consumer = undefined;
    if (old !== undefined) void closeWithin(CLOSE_MS, old.disconnect());
    try {
      if (!this.closed) await this.build();
    } finally {
      this.rebuilding = false;
      // A build that failed leaves no consumer that could crash: the watchdog tries again.
      if (this.isClosedMeanwhile()) await this.close();
    }
  }

  private isClosedMeanwhile(): boolean {
    return this.closed;
  }
}
