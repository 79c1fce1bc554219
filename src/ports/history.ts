/** What was done to a DAG and what happened to it, as it is kept. Every call rejects with `StoreUnavailable` (core/failure). */
import type { Command, CommandOutcome } from '../core/command';
import type { TaskError } from '../core/dag';
import type { DagId, TaskRef } from '../core/ids';

/** A line of a DAG's history. Times in milliseconds since 1970. */
export interface HistoryView {
  /** Decimal text, growing within a DAG. */
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly task: { readonly ref: TaskRef; readonly name: string } | null;
  readonly by: string | null;
  readonly message: string | null;
}

export interface CommandView {
  readonly id: string;
  readonly dag: DagId;
  readonly command: Command;
  readonly by: string | null;
  readonly reason: string | null;
  readonly requestedAt: number;
  readonly notBefore: number | null;
  /** Null while it waits. */
  readonly outcome: CommandOutcome['outcome'] | null;
  readonly detail: string | null;
  readonly affected: number;
  readonly settledAt: number | null;
}

/** An attempt that didn't succeed. */
export interface AttemptView {
  readonly attempt: number;
  readonly dispatch: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  readonly error: TaskError;
}

export interface HistoryViews {
  /** Oldest first, after the line `after`. */
  events(dag: DagId, limit: number, after?: string): Promise<HistoryView[]>;
  /** Oldest first, after the command `after`. */
  commands(dag: DagId, limit: number, after?: string): Promise<CommandView[]>;
  command(id: string): Promise<CommandView | undefined>;
  /** The command on this DAG that came with a client's key. */
  commandWithKey(dag: DagId, key: string): Promise<CommandView | undefined>;
  /** Failed attempts of a task, oldest first, at most `limit` of the last. */
  attempts(task: TaskRef, limit: number): Promise<AttemptView[]>;
}

/** Deletes what is over. */
export interface DagRemoval {
  /**
   * Deletes a final DAG with all of its rows; `live` where it isn't final, and nothing is changed then. When it resolves nobody
   * sees the DAG any more, though rows of a large one may still be deleted in slices.
   */
  remove(dag: DagId): Promise<'removed' | 'live' | 'absent'>;
  /** Finishes what a process that died had begun to delete, at most `limit` DAGs; answers how many. */
  clearRemoved(limit: number): Promise<number>;
}
