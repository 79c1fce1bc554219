/**
 * Persist, then speak. Events are applied in memory as they come; one commit at a time carries whatever was applied
 * since the last one began, over all owned shards. So a busy scheduler commits in large batches and an idle one at once.
 */
import type { Run } from '../core/run';
import type { LawSettings } from '../core/transition';
import { isFailure } from '../core/failure';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { CommitBatch, RunStore } from '../ports/store';
import type { LogRecord } from '../ports/transport';
import { applyPiece, batchSize, commitOf, isEmpty, isFull, leaveOutShards, newBatch, noteTraced, type Batch, type Piece } from './batch';
import type { Caution } from './caution';
import type { LiveShard } from './liveShard';

export interface CommitterNeeds {
  readonly store: Pick<RunStore, 'commit'>;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly caution: Caution;
  readonly law: LawSettings;
  /** Whoever makes spans of what was committed; absent where nothing is traced. */
  readonly spans?: object | undefined;
  /** Applied changes that may wait for a commit; beyond that `apply` waits, which slows the log's reader down. */
  readonly maxOpen: number;
  /** What may go out before the commit: called for each record, with the step as far as it is filled. */
  readonly applied: (batch: Batch) => void;
  readonly committed: (batch: Batch) => void;
  /** Nobody knows what the store has of these shards: they must be read anew. */
  readonly doubted: (shards: readonly LiveShard[]) => void;
}

export interface Committer {
  /** Applies a record; resolves at once, or when there is room again. */
  apply(shard: LiveShard, record: LogRecord): Promise<void>;
  /** Writes rows that no event asked for (a task that has waited long enough to be shown as QUEUED). */
  note(shard: LiveShard, run: Run, write: (batch: Batch) => void): void;
  /** Whether something of a run was applied that no commit carries yet. */
  hasOpen(run: Run): boolean;
  /** Resolves when all that was applied so far is committed or given up. */
  settle(): Promise<void>;
}

export const createCommitter = (needs: CommitterNeeds): Committer => {
  const { store, clock, announce, caution, law } = needs;
  let open = newBatch();
  let running: Promise<void> | undefined;
  /** Batches begun and ended so far: whoever waits, waits for those that were open when it came, not for all that follow. */
  let begun = 0;
  let ended = 0;
  let settling: { readonly until: number; readonly resolve: () => void }[] = [];

  const giveUp = (closing: Batch, error: unknown): void => {
    const shards = new Map([...closing.shards, ...open.shards]);
    if (isFailure(error, 'UNSTORABLE')) {
      // Only an event that was alone in its whole commit is known to be the guilty one.
      const alone = batchSize(closing) <= 1;
      for (const [shard, piece] of closing.lastPieces) caution.refused(piece, alone ? 1 : Math.max(2, closing.events.get(shard) ?? 0));
    }
    open = newBatch();
    announce('commit.failed', { error, shards: [...shards.keys()] });
    needs.doubted([...shards.values()]);
  };

  const commit = async (closing: Batch): Promise<void> => {
    const began = clock.monotonic();
    let rows: CommitBatch;
    try {
      rows = commitOf(closing);
      await store.commit(rows);
    } catch (error) {
      giveUp(closing, error);
      return;
    }
    for (const shard of closing.shards.keys()) caution.accepted(shard);
    let events = 0;
    for (const count of closing.events.values()) events += count;
    announce('commit.done', { events, tasks: rows.tasks.length, dags: rows.dags.length, tookMs: clock.monotonic() - began });
    needs.committed(closing);
  };

  /** A shard that was given up takes nothing with it. */
  const onlyLive = (batch: Batch): Batch => {
    const given = new Set([...batch.shards.values()].filter(({ live }) => !live).map(({ shard }) => shard));
    if (given.size > 0) leaveOutShards(batch, given);
    return batch;
  };

  const wakeUntil = (number: number): void => {
    const done = settling.filter(({ until }) => until <= number);
    settling = settling.filter(({ until }) => until > number);
    for (const { resolve } of done) resolve();
  };

  const run = async (): Promise<void> => {
    while (!isEmpty(open)) {
      const closing = onlyLive(open);
      open = newBatch();
      begun += 1;
      if (!isEmpty(closing)) await commit(closing);
      ended += 1;
      wakeUntil(ended);
    }
    running = undefined;
    // Nothing is open any more: what was waited for may have been given up.
    wakeUntil(Infinity);
  };

  const kick = (): Promise<void> => (running ??= Promise.resolve().then(run));

  return {
    apply: async (shard, record) => {
      for (const piece of caution.piecesOf(record)) {
        for (let rest: Piece | undefined = piece; rest !== undefined;) {
          if (!shard.live) return;
          const applied = applyPiece(open, shard, rest, law);
          ({ rest } = applied);
          if (needs.spans !== undefined) noteTraced(open, shard, applied.done);
          needs.applied(open);
          const done = kick();
          if (caution.isCareful(shard.shard)) await done;
          while (running !== undefined && (batchSize(open) > needs.maxOpen || isFull(open))) await running;
        }
      }
    },
    note: (shard, run, write) => {
      if (!shard.live || shard.runs.get(run.dag) !== run) return;
      open.shards.set(shard.shard, shard);
      write(open);
      void kick();
    },
    hasOpen: (run) => open.step.touched.has(run),
    settle: async () => {
      const until = begun + (isEmpty(open) ? 0 : 1);
      if (until > ended) await new Promise<void>((resolve) => settling.push({ until, resolve }));
    },
  };
};
