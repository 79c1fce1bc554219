/** How events and work travel between processes: Kafka, or memory within one process. */
import type { Dispatch, Dispatched, Event } from '../core/event';
import type { LogPosition } from './store';

/** One record of a shard's log: what one process had to tell at once. */
export interface LogRecord {
  readonly shard: number;
  readonly offset: bigint;
  /** When the log took it, in milliseconds: the law's `now`. */
  readonly timestamp: number;
  readonly hash: string;
  readonly events: readonly Event[];
}

/** How many records of a topic the readers of this process have still to read. */
export interface Lag {
  readonly topic: string;
  readonly records: number;
}

/** The shards' logs (topic `task-events`, a partition for each shard). */
export interface EventLog {
  /** Durable on all in-sync replicas when it resolves. One record for each shard named (more where it would grow too large). */
  append(events: ReadonlyMap<number, readonly Event[]>): Promise<void>;
  /**
   * Starts reading nothing; `take` adds shards. Records of a shard come in order; the next batch comes after `consume`
   * resolved, which is how the reader is slowed down. What can't be decoded is reported to `onUndecodable` and passed over.
   */
  open(consume: (records: readonly LogRecord[]) => Promise<void>): Promise<LogReader>;
  /** Whether the log answers, for health: rejects or resolves within a second. */
  ping(): Promise<void>;
}

export interface LogReader {
  /**
   * Reads a shard from a position, again if it was read before. Where the record before the position isn't the one it names
   * (a topic made again), from the earliest there is: then `consume` sees lower offsets, which the owner takes as they are.
   */
  take(shard: number, from: LogPosition): void;
  /** Delivers no more of this shard from now on. */
  drop(shard: number): void;
  close(): Promise<void>;
}

/** What a dispatcher tells one worker: tasks to run, and which of its checkpoints are durable. */
export interface WorkOrder {
  /** The session it is meant for: any other drops it. */
  readonly session: string;
  readonly shard: number;
  /** The sender's epoch of that shard: a worker drops what is older than the newest it saw. */
  readonly epoch: number;
  readonly sentAt: number;
  /** Base URL of the sender, which answers for inputs that were too large to travel. */
  readonly origin: string;
  readonly dispatches: readonly Dispatch[];
  /** Dispatches that shall come to an end: what hasn't begun is dropped, what runs gets its signal; each is answered by `withdrawn`. */
  readonly revoked: readonly Dispatched[];
  readonly acknowledged: readonly { readonly dispatch: Pick<Dispatch, 'dag' | 'task' | 'dispatch'>; readonly sequence: number }[];
}

/** The workers' inboxes (topic `task-queue`, a partition for each live worker). */
export interface WorkQueue {
  /** Makes sure that inboxes 0 .. count - 1 exist. */
  provide(count: number): Promise<void>;
  send(orders: ReadonlyMap<number, readonly WorkOrder[]>): Promise<void>;
  /** Reads one inbox from its end: resolves when everything sent from now on will be delivered. */
  receive(inbox: number, consume: (orders: readonly WorkOrder[]) => Promise<void>): Promise<{ close(): Promise<void> }>;
}
