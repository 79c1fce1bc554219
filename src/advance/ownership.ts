/** Which shards this scheduler owns: its lease, its fair share of them, and taking anew what a failed commit left in doubt. */
import { isFailure } from '../core/failure';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { ShardLeases } from '../ports/store';
import type { Advancer } from './advancer';

export interface OwnershipNeeds {
  readonly scheduler: string;
  readonly shardCount: number;
  readonly leaseMs: number;
  readonly leases: ShardLeases;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly advancer: Pick<Advancer, 'take' | 'drop' | 'owned'>;
  readonly announce: Announce;
}

export interface Ownership {
  /** One beat: renews, takes what is free, gives up what is too much. Never runs twice at once: the caller sees to it. */
  once(): Promise<void>;
  /**
   * Whether the leases last by this process's own clock, counted from the sending of the last renewal: nothing is admitted to the shards
   * or dispatched for them otherwise, even before the store tells that another scheduler has them.
   */
  isLive(): boolean;
  /** These shards are forgotten and must be taken anew at the next beat. */
  doubt(shards: readonly number[]): void;
  /** Gives everything up, for others to take at once. */
  leave(): Promise<void>;
}

export const createOwnership = ({ scheduler, shardCount, leaseMs, leases, clock, advancer, announce }: OwnershipNeeds): Ownership => {
  const doubted = new Set<number>();
  /** Shards that are being read. */
  const takings = new Set<Promise<void>>();
  let liveUntil = -Infinity;

  const retake = async (): Promise<void> => {
    for (const shard of [...doubted]) {
      const owned = await leases.retake(scheduler, leaseMs, shard);
      doubted.delete(shard);
      if (owned !== undefined) begin(owned);
    }
  };

  /** Never rejects. */
  const takeOrDoubt = async (owned: Parameters<Advancer['take']>[0]): Promise<void> => {
    try {
      await advancer.take(owned);
    } catch (error) {
      doubted.add(owned.shard);
      announce('loop.failed', { loop: `taking shard ${String(owned.shard)}`, error });
    }
  };

  /** A beat doesn't wait for it: a large shard takes longer to load than a lease lasts. */
  const begin = (owned: Parameters<Advancer['take']>[0]): void => {
    const taking: Promise<void> = takeOrDoubt(owned).finally(() => takings.delete(taking));
    takings.add(taking);
  };

  const dropWhatIsGone = async (stored: readonly { shard: number; epoch: number }[]): Promise<void> => {
    const epochs = new Map(stored.map(({ shard, epoch }) => [shard, epoch]));
    for (const { shard, epoch } of advancer.owned()) {
      if (epochs.get(shard) !== epoch) await advancer.drop(shard, 'another scheduler took it');
    }
    const held = new Set(advancer.owned().map(({ shard }) => shard));
    for (const { shard } of stored) if (!held.has(shard)) doubted.add(shard);
  };

  const giveUp = async (count: number): Promise<void> => {
    const extra = advancer.owned().slice(0, count);
    for (const { shard } of extra) await advancer.drop(shard, 'another scheduler has fewer');
    await leases.release(scheduler, extra);
  };

  return {
    once: async () => {
      const sentAt = clock.monotonic();
      const { owned, schedulers, free } = await leases.renew(scheduler, leaseMs);
      await dropWhatIsGone(owned);
      liveUntil = sentAt + leaseMs;
      await retake();
      const share = Math.ceil(shardCount / Math.max(1, schedulers));
      if (free > 0 && owned.length < share) {
        const acquired = await leases.acquire(scheduler, leaseMs, Math.min(free, share - owned.length));
        for (const each of acquired) begin(each);
      } else if (owned.length > share) await giveUp(owned.length - share);
    },
    isLive: () => clock.monotonic() < liveUntil,
    doubt: (shards) => {
      for (const shard of shards) doubted.add(shard);
    },
    leave: async () => {
      for (const { shard } of advancer.owned()) await advancer.drop(shard, 'this scheduler stops');
      // What is still being read was dropped with the others, and stops at its next page: the store must live until then.
      await Promise.all(takings);
      try {
        // As the store has it: what is in doubt here is owned all the same.
        const { owned } = await leases.renew(scheduler, leaseMs);
        await leases.release(scheduler, owned);
      } catch (error) {
        if (!isFailure(error)) throw error;
      }
    },
  };
};
