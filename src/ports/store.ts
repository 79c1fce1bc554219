/**
 * What the engine asks of PostgreSQL, the source of truth. Every call rejects with `StoreUnavailable` (core/failure)
 * where the store can't be reached in time; nothing is then half done, though a commit may have happened.
 */
import type { AppliedEdit, AttemptChange, DagChange, DagRecord, DeadLetterChange, HistoryChange, TaskChange } from '../core/change';
import type { Command, Commanded, CommandOutcome } from '../core/command';
import type { PlannedDag } from '../core/dag';
import type { DagId, TaskRef } from '../core/ids';
import type { EndNotice } from '../core/notices';

/** A place in a shard's log: the first offset that isn't applied yet, and what the record before it looked like. */
export interface LogPosition {
  readonly nextOffset: bigint;
  /** Timestamp and hash of the record at nextOffset - 1; null before the first. */
  readonly last: { readonly timestamp: number; readonly hash: string } | null;
}

export interface OwnedShard {
  readonly shard: number;
  readonly epoch: number;
  readonly position: LogPosition;
}

/** Who owns which shard, by the store's own clock. */
export interface ShardLeases {
  /** Makes rows for `count` shards where there are none yet; a different stored count is an error (it is set once). */
  define(count: number): Promise<void>;
  /**
   * One heartbeat of a scheduler, in one round trip: registers it as alive, renews all that it owns, and tells what it still owns,
   * how many schedulers are alive and how many shards are free (no owner, or one whose lease has ended).
   */
  renew(scheduler: string, leaseMs: number): Promise<{ owned: { shard: number; epoch: number }[]; schedulers: number; free: number }>;
  /** Takes up to `limit` free shards; each epoch is raised by one, and committed, before this resolves. */
  acquire(scheduler: string, leaseMs: number, limit: number): Promise<OwnedShard[]>;
  /** Takes one shard that this scheduler owns already anew, after a failed commit: raises its epoch; undefined if it owns it no more. */
  retake(scheduler: string, leaseMs: number, shard: number): Promise<OwnedShard | undefined>;
  /** Gives shards up at once, so that others needn't wait for the lease to end; with no shards, just signs the scheduler off. */
  release(scheduler: string, shards: readonly { shard: number; epoch: number }[]): Promise<void>;
}

export interface Submission {
  readonly dag: PlannedDag;
  readonly idempotency: { readonly key: string; readonly bodyHash: string } | null;
}

export type Admission =
  | { readonly kind: 'stored'; readonly id: number }
  /** The key was used before: with this body (`sameBody`), or with another one. */
  | { readonly kind: 'repeated'; readonly dag: DagId; readonly sameBody: boolean };

export interface CommitBatch {
  /** Ascending by shard; every one is compared with its stored epoch in the same statement. */
  readonly shards: readonly OwnedShard[];
  readonly tasks: readonly TaskChange[];
  readonly dags: readonly DagChange[];
  readonly attempts: readonly AttemptChange[];
  readonly deadLetters: readonly DeadLetterChange[];
  readonly history: readonly HistoryChange[];
  /** Outcomes of commands: stored with the effect, in one transaction. */
  readonly commands: readonly CommandOutcome[];
  readonly edits: readonly AppliedEdit[];
  /** Ends of DAGs that somebody wants to be told of; absent for none. */
  readonly notices?: readonly EndNotice[];
}

/** Persists what the law decided; never decides itself. */
export interface RunStore {
  /** Stores new DAGs with their tasks, all in one transaction, durable when it resolves. Answers in the order given. */
  admit(submissions: readonly Submission[]): Promise<Admission[]>;
  /** Writes a batch, all or nothing. Rejects with `StaleEpoch` (core/failure) where any epoch was raised, `Unstorable` for its content. */
  commit(batch: CommitBatch): Promise<void>;
  /** All DAGs of a shard that aren't final, in pages, oldest first. */
  liveDags(shard: number): AsyncIterable<DagRecord[]>;
  /** One DAG if it is not final: what an event or a hint needs that isn't in memory. */
  liveDag(dag: DagId): Promise<DagRecord | undefined>;
  /** One DAG whatever its state: what a command on a final DAG needs. */
  anyDag(dag: DagId): Promise<DagRecord | undefined>;
  /** Ids of DAGs in these shards still CREATED whose createdAt lies in [fromMs, toMs): what a hint may have missed. Oldest first. */
  createdDags(shards: readonly number[], window: { readonly fromMs: number; readonly toMs: number }, limit: number): Promise<DagId[]>;
}

export interface NewCommand {
  readonly dag: DagId;
  readonly command: Command;
  readonly by: string | null;
  readonly reason: string | null;
  /** Not to be applied before; null for at once. */
  readonly notBefore: number | null;
  /** A client's key: the same key on the same DAG is the same command. */
  readonly key: string | null;
}

/** Commands wait here until the owner of their DAG's shard has applied them; `RunStore.commit` stores the outcome. */
export interface CommandStore {
  /** Stores commands, durable when it resolves; answers their ids (of an earlier one with the same key, that one's) in the order given. */
  request(commands: readonly NewCommand[]): Promise<{ readonly id: string; readonly repeated: boolean }[]>;
  /** Keys under which a command was refused are free again: the next one under them is another command. */
  freeRefusedKeys(keys: readonly Pick<NewCommand, 'dag' | 'key'>[]): Promise<void>;
  /** Commands of these shards without an outcome whose time has come, asked before `requestedBeforeMs`, oldest first. */
  pendingCommands(shards: readonly number[], requestedBeforeMs: number, nowMs: number, limit: number): Promise<Omit<Commanded, 'type'>[]>;
  commandOutcome(id: string): Promise<CommandOutcome | undefined>;
  /** Ids of commands of a shard that were settled since: what a second hint must not apply again after a takeover. */
  settledCommands(shard: number, sinceMs: number): Promise<string[]>;
  /** The outcome of commands whose DAG doesn't exist. */
  refuseCommands(outcomes: readonly CommandOutcome[]): Promise<void>;
}

/** A wait whose time has come. */
export interface DueTask {
  readonly dag: DagId;
  readonly task: number;
  /** The task's committed dispatch number: with the time, which wait is meant. */
  readonly dispatch: number;
  readonly dueAt: number;
}

/** The inputs of a task, read only at its dispatch. All JSON texts. */
export interface TaskInputs {
  readonly payload: string | null;
  readonly checkpoint: string | null;
  /** Results of the direct dependencies that left one, by task name. */
  readonly upstream: Readonly<Record<string, string>>;
}

/** Questions that the engine's own loops ask; all indexed, all bounded. */
export interface WorkIndex {
  due(shards: readonly number[], nowMs: number, limit: number): Promise<DueTask[]>;
  /** Live DAGs whose own time is over. */
  dueDags(shards: readonly number[], nowMs: number, limit: number): Promise<DagId[]>;
  /** By task id; null where those of a task come to more than `mostBytes`. */
  inputs(tasks: readonly TaskRef[], mostBytes: number): Promise<Map<string, TaskInputs | null>>;
}
