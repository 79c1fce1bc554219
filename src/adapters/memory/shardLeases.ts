/** Who owns which shard, in memory: the rules are those of the statements in adapters/postgres. Every call is one transaction. */
import { failure } from '../../core/failure';
import type { Clock } from '../../ports/clock';
import type { OwnedShard, ShardLeases } from '../../ports/store';
import type { ShardRow, Tables } from './tables';

type Settled<T> = T extends Promise<infer R> ? R : T;
/** The port's functions without the waiting. */
export type ShardTable = { readonly [K in keyof ShardLeases]: (...args: Parameters<ShardLeases[K]>) => Settled<ReturnType<ShardLeases[K]>> };

const NOBODY: ShardRow = { owner: null, epoch: 0, leaseUntil: 0, position: { nextOffset: 0n, last: null } };

/** The leases of the tables' shards, by `clock`. */
export const createShardTable = ({ shards }: Pick<Tables, 'shards'>, clock: Pick<Clock, 'now'>): ShardTable => {
  const schedulers = new Map<string, number>();

  const isFree = (row: ShardRow): boolean => row.owner === null || row.leaseUntil <= clock.now();
  const take = (row: ShardRow, scheduler: string, leaseMs: number): OwnedShard => {
    row.owner = scheduler;
    row.epoch += 1;
    row.leaseUntil = clock.now() + leaseMs;
    return { shard: shards.indexOf(row), epoch: row.epoch, position: row.position };
  };
  return {
    define: (count) => {
      if (shards.length === 0) for (let i = 0; i < count; i++) shards.push({ ...NOBODY });
      else if (shards.length !== count) {
        throw failure(
          'SHARD_COUNT_DIFFERS',
          `this store was set up with ${String(shards.length)} shards, not ${String(count)}: the number is set once`,
        );
      }
    },
    renew: (scheduler, leaseMs) => {
      const now = clock.now();
      schedulers.set(scheduler, now + leaseMs);
      const owned = shards.flatMap((row, shard) => (row.owner === scheduler ? [{ shard, epoch: row.epoch }] : []));
      for (const { shard } of owned) shards[shard]!.leaseUntil = now + leaseMs;
      const alive = [...schedulers.values()].filter((until) => until > now).length;
      return { owned, schedulers: alive, free: shards.filter((row) => row.owner !== scheduler && isFree(row)).length };
    },
    acquire: (scheduler, leaseMs, limit) =>
      shards
        .filter(isFree)
        .slice(0, limit)
        .map((row) => take(row, scheduler, leaseMs)),
    retake: (scheduler, leaseMs, shard) => {
      const row = shards[shard];
      return row?.owner === scheduler ? take(row, scheduler, leaseMs) : undefined;
    },
    release: (scheduler, given) => {
      for (const { shard, epoch } of given) {
        const row = shards[shard];
        if (row?.owner === scheduler && row.epoch === epoch) row.owner = null;
      }
      const names = new Set(given.map(({ shard }) => shard));
      if (!shards.some((row, shard) => row.owner === scheduler && !names.has(shard))) schedulers.delete(scheduler);
    },
  };
};
