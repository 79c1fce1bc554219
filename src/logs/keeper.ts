/** The scheduler's side of task logs: stores what the workers sent to the shards that it owns, and removes what is kept no longer. */
import { isFailure } from '../core/failure';
import { every } from '../lifecycle/every';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { LogChunk, LogFeed, LogFeedReader, TaskLogStore } from '../ports/taskLogs';

export interface KeeperNeeds {
  readonly feed: LogFeed;
  readonly store: Pick<TaskLogStore, 'keep' | 'places'>;
  /** The shards that this process owns now. */
  readonly owned: () => readonly number[];
  readonly attemptBytes: number;
  readonly clock: Clock;
  readonly announce: Announce;
}

const LOOK_MS = 500;
const AT_ONCE = 200;

/** Two schedulers that take a shard for theirs for a moment store the same rows. */
export const createKeeper = ({ feed, store, owned, attemptBytes, clock, announce }: KeeperNeeds): Service => {
  let reader: LogFeedReader | undefined;
  let taken = new Set<number>();

  const failed = (error: unknown): void => {
    announce('loop.failed', { loop: 'task logs', error });
  };
  const keep = async (chunks: readonly LogChunk[], place?: { shard: number; next: bigint }): Promise<void> => {
    try {
      await store.keep(chunks, attemptBytes, place);
    } catch (error) {
      failed(error);
      // The same comes again. What the store refuses for its content would be refused for ever: it is dropped, and its numbers tell.
      if (isFailure(error, 'STORE_UNAVAILABLE')) throw error;
      if (place !== undefined) await store.keep([], attemptBytes, place);
    }
  };
  const consume = async (shard: number, chunks: readonly LogChunk[], next: bigint): Promise<void> => {
    for (let from = 0; from + AT_ONCE < chunks.length; from += AT_ONCE) await keep(chunks.slice(from, from + AT_ONCE));
    const rest = chunks.length % AT_ONCE || Math.min(chunks.length, AT_ONCE);
    await keep(chunks.slice(chunks.length - rest), { shard, next });
  };
  const look = async (): Promise<void> => {
    const now = new Set(owned());
    reader ??= now.size === 0 ? undefined : await feed.open(consume);
    for (const shard of taken) if (!now.has(shard)) reader?.drop(shard);
    taken = new Set([...taken].filter((shard) => now.has(shard)));
    const fresh = [...now].filter((shard) => !taken.has(shard));
    if (fresh.length === 0) return;
    for (const { shard, next } of await store.places(fresh)) {
      reader?.take(shard, next);
      taken.add(shard);
    }
  };
  const loop = every({ name: 'task logs', ms: LOOK_MS, clock, once: look, onError: failed });
  return {
    name: 'task logs',
    start: () => loop.start(),
    stop: async () => {
      await loop.stop();
      const open = reader;
      reader = undefined;
      taken = new Set();
      await open?.close();
    },
  };
};

export interface LogExpiryNeeds {
  readonly store: Pick<TaskLogStore, 'removeBefore'>;
  readonly keepDays: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly mayGoOn: () => boolean;
}

const DAY_MS = 86_400_000;
const REMOVED_AT_ONCE = 1000;

/** Removes what came longer ago than it is kept for, in small steps. */
export const createLogExpiry =
  ({ store, keepDays, clock, mayGoOn }: LogExpiryNeeds) =>
  async (): Promise<void> => {
    const before = clock.now() - keepDays * DAY_MS;
    for (let removed = REMOVED_AT_ONCE; removed === REMOVED_AT_ONCE && mayGoOn();) removed = await store.removeBefore(before, REMOVED_AT_ONCE);
  };
