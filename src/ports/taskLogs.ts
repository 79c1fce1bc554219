/** The logs of tasks: how their lines come from the workers, and where they are kept. A line may be lost on its way; its number tells. */
import type { StoredLine } from '../core/logLine';
import type { DagId, TaskRef } from '../core/ids';

/** Lines of one attempt, one after the other. */
export interface LogChunk {
  readonly dag: DagId;
  readonly task: number;
  /** Of the grant under which the attempt ran: decimal text. */
  readonly fence: string;
  readonly attempt: number;
  readonly worker: string;
  /** The number of its first line, from 0 within the attempt, and how many lines there are; 0 where only the end is told. */
  readonly first: number;
  readonly count: number;
  /** Bytes of the attempt's chunks before this one, and of this one, each with what a chunk costs by itself. */
  readonly position: number;
  readonly bytes: number;
  /** Nothing comes after it. */
  readonly ended: boolean;
  /** JSON text of an array of packed lines (core/logLine). */
  readonly lines: string;
}

/** The worker's side. Durable when it resolves; rejects with BROKER_UNAVAILABLE or STORE_UNAVAILABLE. */
export type AppendLogs = (chunks: readonly LogChunk[]) => Promise<void>;

export interface LogFeed {
  /**
   * Starts reading nothing; `take` adds shards. The next chunks of a shard come after `consume` resolved, `next` being the offset behind
   * them; a rejection brings the same again. What can't be decoded is told of and passed over.
   */
  open(consume: (shard: number, chunks: readonly LogChunk[], next: bigint) => Promise<void>): Promise<LogFeedReader>;
}

export interface LogFeedReader {
  take(shard: number, from: bigint): void;
  drop(shard: number): void;
  close(): Promise<void>;
}

/** Where a shard's feed is read on. */
export interface LogPlace {
  readonly shard: number;
  readonly next: bigint;
}

/** Every call rejects with `StoreUnavailable` (core/failure). */
export interface TaskLogStore {
  /**
   * Stores chunks whose DAGs are there, each once however often it comes, and with them the place in the feed. Of an attempt that has more
   * than `attemptBytes` the first quarter and the newest three quarters stay.
   */
  keep(chunks: readonly LogChunk[], attemptBytes: number, place?: LogPlace): Promise<void>;
  /** Where these shards' feeds are read on; 0 for one that never was. */
  places(shards: readonly number[]): Promise<LogPlace[]>;
  /** Removes chunks that were stored before a time (milliseconds since 1970), at most `limit` of them; answers how many. */
  removeBefore(time: number, limit: number): Promise<number>;
}

export interface ChunkView {
  /** Decimal text, growing in the order in which the chunks came. */
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
  readonly first: number;
  /** Lines of its attempt right before it that aren't there. */
  readonly missing: number;
  readonly ended: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  readonly lines: readonly StoredLine[];
}

export interface TaskLogViews {
  /** The chunks of a task in the order in which they came, from the chunk `from` on; of one attempt where that is named. */
  chunks(task: TaskRef, where: { readonly attempt?: number | undefined; readonly from?: string | undefined }, limit: number): Promise<ChunkView[]>;
}
