/** What is kept for how long: DAGs that are over are found, read for an archive, and removed. Every call rejects with `StoreUnavailable` (core/failure). */
import type { DagStatus } from '../core/dag';
import type { DagId } from '../core/ids';

export type FinalStatus = Extract<DagStatus, 'COMPLETED' | 'FAILED' | 'CANCELLED'>;

/** DAGs that ended in these ways before these times (milliseconds since 1970) are kept no longer; a status that isn't named is kept. */
export type Cutoffs = Readonly<Partial<Record<FinalStatus, number>>>;

export interface ExpiredDag {
  readonly dag: DagId;
  readonly tasks: number;
}

export interface ExpiredPage {
  readonly dags: readonly ExpiredDag[];
  /** Where the next look goes on; null where it has come to DAGs that can't have expired. */
  readonly next: string | null;
}

export interface ExpiredDags {
  /** One look over a bounded number of DAGs, oldest first, from where another one ended; null for the oldest of all. */
  expired(cutoffs: Cutoffs, from: string | null): Promise<ExpiredPage>;
  /**
   * Everything that is stored of these DAGs, a line of JSON for each row: `{"table": "tasks", "row": {…}}`, with the names of the columns. The
   * rows of `dags` come first.
   */
  lines(dags: readonly DagId[]): AsyncIterable<string>;
  /** Deletes those that are still final; answers which. Nobody sees them any more when it resolves. */
  removeExpired(dags: readonly DagId[]): Promise<DagId[]>;
}

/** Where lines are kept after their DAGs are gone. */
export interface Archive {
  /** Resolves when a file of this name with these lines is durable; answers its bytes. A file of the same name is replaced as a whole. */
  store(name: string, lines: AsyncIterable<string>): Promise<number>;
}
