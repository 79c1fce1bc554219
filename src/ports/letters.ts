/** The dead letters: tasks that gave up, and records that can't be decoded. Every call rejects with `StoreUnavailable` (core/failure). */
import type { LetterKind, TaskError } from '../core/dag';
import type { DagId, TaskRef } from '../core/ids';
import type { AttemptView } from './history';
import type { TaskView } from './views';

export type LetterState = 'OPEN' | 'REPLAYED' | 'DISCARDED';

/** Times in milliseconds since 1970. */
export interface DeadLetterView {
  /** Decimal text, growing. */
  readonly id: string;
  readonly state: LetterState;
  readonly kind: LetterKind;
  readonly failedAt: number;
  /** The task that gave up, under which dispatch; null for a record that can't be decoded. */
  readonly task: { readonly ref: TaskRef; readonly dispatch: number; readonly name: string; readonly type: string; readonly dagName: string } | null;
  /** Where the record lies that can't be decoded; `raw` is its beginning in base64. */
  readonly record: { readonly place: string; readonly offset: string; readonly raw: string } | null;
  readonly error: TaskError | null;
  readonly settledAt: number | null;
  readonly settledBy: string | null;
  /** When it was written to the topic task-dlq. */
  readonly publishedAt: number | null;
}

export interface DeadLetterDetail extends DeadLetterView {
  /** The task as it is now, with its payload; null for a record. */
  readonly now: TaskView | null;
  readonly attempts: readonly AttemptView[];
}

export interface DeadLetterFilter {
  readonly state?: readonly LetterState[];
  readonly kind?: readonly LetterKind[];
  readonly type?: string;
  readonly dag?: DagId;
  /** Exact, or a prefix where it ends in `*`. */
  readonly dagName?: string;
  readonly taskName?: string;
  readonly failedAfter?: number;
  readonly failedBefore?: number;
}

export interface DeadLetterViews {
  /** Newest first, older than the letter `after`. */
  letters(filter: DeadLetterFilter, limit: number, after?: string): Promise<DeadLetterView[]>;
  letter(id: string): Promise<DeadLetterDetail | undefined>;
  /** How many are open, by kind and type (null for records). */
  openLetters(): Promise<{ readonly kind: LetterKind; readonly type: string | null; readonly count: number }[]>;
}

/** The key of the command by which a bulk replay runs a letter's task again, `under` the key of the request where that had one. */
export const replayKeyOf = (letter: string, under: string | null): string =>
  `replay of dead letter ${letter}${under === null ? '' : ` under ${under}`}`;

/**
 * A letter is closed as REPLAYED by `RunStore.commit`, where it stores the outcome of a command: the open letters of that
 * command's DAG whose tasks aren't FAILED any more are closed in the same transaction, whatever the command was called.
 */
export interface DeadLetterStore {
  /**
   * Closes open letters as DISCARDED and refuses their replays that wait for their turn; a letter whose replay is due within moments stays as
   * it is. Answers how many were closed.
   */
  discard(ids: readonly string[], by: string | null): Promise<number>;
}

/** A letter with all that its message in the topic tells. Times in milliseconds since 1970. */
export interface UnpublishedLetter extends DeadLetterView {
  /** JSON text of the task's payload as it is now; null for none, and for a record. */
  readonly payload: string | null;
  readonly worker: string | null;
  readonly queuedAt: number | null;
  readonly startedAt: number | null;
  readonly runningMs: number;
  /** The last failed attempts, oldest first. */
  readonly attempts: readonly AttemptView[];
}

/** A record of a log that can't be decoded. */
export interface UndecodableRecord {
  readonly shard: number;
  /** Topic and partition. */
  readonly place: string;
  /** Decimal text. */
  readonly offset: string;
  readonly at: number;
  readonly message: string;
  /** The record's beginning in base64, and a hash of all its bytes. */
  readonly raw: string;
  readonly hash: string;
}

/** What the topic task-dlq hasn't got yet: a letter is stored with its failure and told afterwards, at least once. */
export interface DeadLetterOutbox {
  /** Oldest first. */
  unpublishedDeadLetters(shards: readonly number[], limit: number): Promise<UnpublishedLetter[]>;
  markPublished(ids: readonly string[]): Promise<void>;
  /** Stores a record as a letter; one that is read again is the same letter. */
  keepRecord(record: UndecodableRecord): Promise<void>;
}

/** The topic task-dlq, for consumers outside. */
export interface DeadLetterTopic {
  /** Durable when it resolves; each value is JSON text. Rejects with BROKER_UNAVAILABLE. */
  publish(values: readonly string[]): Promise<void>;
}
