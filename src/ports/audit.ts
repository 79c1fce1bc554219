/** Looks at what is stored, for whoever audits it: only read, in bounded pieces. Every call rejects with `StoreUnavailable` (core/failure). */
import type { DagStatus } from '../core/dag';
import type { DagId } from '../core/ids';
import type { Wanted } from './leases';

/** How many tasks are in states that end them. */
export interface Ends {
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
}

/** A task that is in the way of an invariant. */
export interface SuspectTask {
  readonly task: number;
  readonly name: string;
  readonly dispatch: number;
  /** `undue`: it waits for a time that its row doesn't tell. `holderless`: it runs, or has long been CANCELLING, in a session that isn't live. */
  readonly why: 'undue' | 'holderless';
  readonly status: string;
  readonly session: string | null;
}

/** A DAG's own row beside what its tasks' rows add up to, read in one moment. */
export interface DagStanding {
  readonly dag: DagId;
  readonly shard: number;
  readonly name: string;
  readonly status: DagStatus;
  readonly total: number;
  readonly counters: Ends;
  readonly rows: Ends & {
    readonly total: number;
    /** QUEUED, RUNNING, RETRYING, WAITING or CANCELLING: something happens to them by itself. */
    readonly active: number;
    readonly held: number;
  };
  /** Milliseconds since anything of it moved, as far as the rows tell. */
  readonly stillMs: number;
  /** Some of them, at most 100. */
  readonly suspects: readonly SuspectTask[];
}

export interface DagPlace {
  readonly shard: number;
  /** Decimal text. */
  readonly id: string;
}

/** What is later than it may be; each list is bounded. */
export interface Late {
  /** Waits of tasks, and of DAGs (`task` null), that are over, in shards that somebody owns. */
  readonly due: readonly { readonly dag: DagId; readonly task: number | null; readonly dispatch: number; readonly lateMs: number }[];
  readonly shards: readonly { readonly shard: number; readonly epoch: number; readonly sinceMs: number | null }[];
  readonly commands: readonly { readonly id: string; readonly dag: DagId; readonly kind: string; readonly lateMs: number }[];
  readonly letters: readonly { readonly id: string; readonly shard: number; readonly lateMs: number }[];
  readonly removals: readonly { readonly dag: DagId; readonly lateMs: number }[];
}

export interface LateLimits {
  readonly dueMs: number;
  readonly commandMs: number;
  readonly letterMs: number;
  readonly removalMs: number;
}

/** A dispatch that is over by its task's row. */
export interface Unneeded<T extends Wanted> {
  readonly wanted: T;
  /** Milliseconds since the row last moved; null where there is none any more, or where it doesn't tell. */
  readonly sinceMs: number | null;
}

/** Who lives, as far as rows are compared with it. */
export interface Living {
  /** The sessions that live, null where nobody knows. */
  readonly sessions: readonly string[] | null;
  /** A CANCELLING task in a session that doesn't counts only after so long. */
  readonly cancellingMs: number;
}

export interface RowAudit {
  /** Live DAGs in the order of their places, after one of them: as many as hold about 20,000 tasks. `next` is null at the end. */
  liveDags(after: DagPlace | null, living: Living): Promise<{ readonly dags: DagStanding[]; readonly next: DagPlace | null }>;
  /** Of the newest DAGs those that are final. */
  endedDags(): Promise<DagStanding[]>;
  late(limits: LateLimits): Promise<Late>;
  /** Of these dispatches those that their tasks' rows are done with, for good: numbers only grow. One statement, however many they are. */
  unneeded<T extends Wanted>(wanted: readonly T[]): Promise<readonly Unneeded<T>[]>;
  /** Counts the tasks of a final DAG anew into its row, beside whatever its shard's owner commits; false where it isn't final. */
  recount(dag: DagId): Promise<boolean>;
}
