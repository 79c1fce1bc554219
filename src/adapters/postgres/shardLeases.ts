/** Who owns which shard, by the database's clock: each answer is one statement. */
import type { Pool } from 'pg';
import { failure } from '../../core/failure';
import type { OwnedShard, ShardLeases } from '../../ports/store';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';

// A lease ends by the database's clock at the time of the write, which may come late where a commit holds the row.
const LEASE_END = `clock_timestamp() + $2::double precision * interval '1 millisecond'`;

// Rows are locked in ascending order, as a commit does.
const RENEW = `
  WITH alive AS (
    INSERT INTO schedulers (id, lease_until) VALUES ($1, ${LEASE_END})
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
  ), mine AS MATERIALIZED (
    SELECT id FROM shards WHERE owner = $1 ORDER BY id FOR UPDATE
  ), renewed AS (
    UPDATE shards s SET lease_until = ${LEASE_END} FROM mine WHERE s.id = mine.id RETURNING s.id AS shard, s.epoch
  )
  SELECT
    (SELECT coalesce(json_agg(json_build_object('shard', shard, 'epoch', epoch) ORDER BY shard), '[]') FROM renewed) AS owned,
    (SELECT count(*) + 1 FROM schedulers WHERE id <> $1 AND lease_until > clock_timestamp())::integer AS schedulers,
    (SELECT count(*) FROM shards WHERE owner IS NULL OR (owner <> $1 AND lease_until <= clock_timestamp()))::integer AS free`;

const OWNED = 's.id AS shard, s.epoch, s.next_offset, s.last_timestamp, s.last_hash';

// What somebody else is just taking, or committing to, is passed over: it comes again with the next try.
const ACQUIRE = `
  WITH free AS MATERIALIZED (
    SELECT id FROM shards WHERE owner IS NULL OR lease_until <= clock_timestamp() ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
  )
  UPDATE shards s SET owner = $1, epoch = s.epoch + 1, lease_until = ${LEASE_END} FROM free WHERE s.id = free.id RETURNING ${OWNED}`;

const RETAKE = `UPDATE shards s SET epoch = s.epoch + 1, lease_until = ${LEASE_END} WHERE s.id = $3 AND s.owner = $1 RETURNING ${OWNED}`;

// Who gives up the last of its shards leaves: it must not count as a taker of those it gave up.
const RELEASE = `
  WITH given AS MATERIALIZED (
    SELECT s.id FROM shards s JOIN unnest($2::smallint[], $3::bigint[]) AS u (id, epoch) ON s.id = u.id AND s.epoch = u.epoch
    WHERE s.owner = $1 ORDER BY s.id FOR UPDATE OF s
  ), freed AS (
    UPDATE shards s SET owner = NULL, lease_until = NULL FROM given WHERE s.id = given.id
  )
  DELETE FROM schedulers
  WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM shards WHERE owner = $1 AND id <> ALL ($2::smallint[]))`;

interface OwnedRow {
  readonly shard: number;
  readonly epoch: string;
  readonly next_offset: string;
  readonly last_timestamp: string | null;
  readonly last_hash: string | null;
}

const ownedShard = (row: OwnedRow): OwnedShard => ({
  shard: row.shard,
  epoch: Number(row.epoch),
  position: {
    nextOffset: BigInt(row.next_offset),
    last: row.last_timestamp === null || row.last_hash === null ? null : { timestamp: Number(row.last_timestamp), hash: row.last_hash },
  },
});

const countShards = async (pool: Pick<Pool, 'query'>): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM shards');
  return rows[0]?.count ?? 0;
};

const defineShards = (pool: Pool, count: number): Promise<void> =>
  transaction(pool, async (client) => {
    // Two schedulers that define at once: the second sees the rows of the first.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('shards'))`);
    await client.query(`DELETE FROM schedulers WHERE lease_until < now() - interval '1 hour'`);
    const stored = await countShards(client);
    if (stored === 0) await client.query('INSERT INTO shards (id) SELECT generate_series(0, $1::integer - 1)', [count]);
    else if (stored !== count) {
      throw failure('SHARD_COUNT_DIFFERS', `this database was set up with ${String(stored)} shards, not ${String(count)}: the number is set once`);
    }
  });

interface RenewRow {
  readonly owned: { shard: number; epoch: number }[];
  readonly schedulers: number;
  readonly free: number;
}

/** Makes the ShardLeases of an open, migrated database. */
export const createShardLeases = ({ leases: pool }: Pick<Database, 'leases'>): ShardLeases => {
  const owned = async (name: string, text: string, values: unknown[]): Promise<OwnedShard[]> => {
    const { rows } = await reaching(() => pool.query<OwnedRow>({ name, text, values }));
    return rows.map(ownedShard).sort((a, b) => a.shard - b.shard);
  };
  return {
    define: (count) => reaching(() => defineShards(pool, count)),
    renew: async (scheduler, leaseMs) => {
      const { rows } = await reaching(() => pool.query<RenewRow>({ name: 'renew', text: RENEW, values: [scheduler, leaseMs] }));
      return rows[0] ?? { owned: [], schedulers: 1, free: 0 };
    },
    acquire: (scheduler, leaseMs, limit) => owned('acquire', ACQUIRE, [scheduler, leaseMs, limit]),
    retake: async (scheduler, leaseMs, shard) => (await owned('retake', RETAKE, [scheduler, leaseMs, shard]))[0],
    release: (scheduler, shards) =>
      reaching(async () => {
        const values = [scheduler, shards.map(({ shard }) => shard), shards.map(({ epoch }) => epoch)];
        await pool.query({ name: 'release', text: RELEASE, values });
      }),
  };
};
