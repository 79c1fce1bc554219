/** What is kept for how long: DAGs that are over are found, read for an archive, and removed. Every call rejects with `StoreUnavailable` (core/failure). */
import type { DagStatus } from '../core/dag';
import type { DagId } from '../core/ids';

export type FinalStatus = Extract<DagStatus, 'COMPLETED' | 'FAILED' | 'CANCELLED'>;

/** Days after its end that a DAG is kept, by how it ended; null for ever. */
export interface KeptDays {
  readonly completedDays: number | null;
  readonly failedDays: number | null;
  readonly cancelledDays: number | null;
}

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
  /**
   * Deletes those that are still final, since before these times; answers which. Nobody sees them any more when it resolves. The rows of tasks and attempts of
   * those that may lie are left for the drop of their month.
   */
  removeExpired(dags: readonly DagId[], cutoffs: Cutoffs, mayLie: (dag: DagId) => boolean): Promise<DagId[]>;
}

/** The part of what grows with each task whose DAGs were planned from one time (milliseconds since 1970) until another; null where it has no bound. */
export interface Month {
  readonly from: number | null;
  readonly to: number | null;
}

export interface DroppedMonth {
  readonly table: string;
  /** Of the DAGs whose rows lay there. */
  readonly until: number;
  readonly bytes: number;
}

/** How the tables that grow with each task are divided by time. Each call may be made again after a crash in its middle. */
export interface Months {
  /** Oldest first. What a crash has left undivided in one of the tables counts as undivided. */
  all(): Promise<readonly Month[]>;
  /** Takes back what a crash in the middle of a cut left: nothing that comes is refused for it later. */
  takeBack(): Promise<void>;
  /**
   * Divides the newest month at a time to come: what is older lies in one that has an end from then on. `occupied` where something of a later time is there
   * already: then nothing is changed. Rejects where the tables are in use at the moment.
   */
  cut(at: number): Promise<'cut' | 'occupied'>;
  /** Drops months that ended before this time and of which no DAG is there; whatever comes of their time later finds a place in the oldest. */
  drop(endedBefore: number): Promise<readonly DroppedMonth[]>;
  /** Deletes rows that lie in a month and whose DAGs are gone, in slices; answers how many. */
  clear(month: Month): Promise<number>;
}

/** Where lines are kept after their DAGs are gone. */
export interface Archive {
  /**
   * Resolves when a file of this name with these lines is durable; answers its bytes. A file of the same name is replaced as a whole. Rejects with
   * whatever the lines reject with, and when the signal fires; a part of a file is never there under its name.
   */
  store(name: string, lines: AsyncIterable<string>, signal?: AbortSignal): Promise<number>;
}
