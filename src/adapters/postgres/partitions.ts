/** Partitions of a table by ranges of `dag_id`, as the catalog tells of them, and the locks under which they change. */
import type { Pool, PoolClient } from 'pg';
import { type DagId, leastIdAt, mintedAt } from '../../core/ids';
import type { Month } from '../../ports/retention';
import { transaction } from './connections';

/** What is divided by months. */
export const DIVIDED = ['tasks', 'attempts'] as const;
export type DividedTable = (typeof DIVIDED)[number];

export interface Partition extends Month {
  /** As SQL names it. */
  readonly name: string;
  /** With its indexes and what is stored beside it. */
  readonly bytes: number;
  /** Whether it has never held a row, or none since it was emptied as a whole. */
  readonly isBlank: boolean;
  /** `WITH (…)` of a further one like it; empty where it has no settings. */
  readonly settings: string;
  /** Whether a cut of it isn't at its end. */
  readonly beingCut: boolean;
}

/** Of the check by which a cut proves to the server that nothing of a later time is there. */
export const CUT_CHECK = 'months_cut';

const PARTITIONS = `
  SELECT c.oid::regclass::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound, pg_total_relation_size(c.oid)::text AS bytes, pg_relation_size(c.oid) = 0 AS blank,
    coalesce(c.reloptions, '{}') || ARRAY(SELECT 'toast.' || o FROM unnest(t.reloptions) o) AS options,
    EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = '${CUT_CHECK}') AS being_cut
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  WHERE i.inhparent = $1::text::regclass`;

interface PartitionRow {
  readonly name: string;
  readonly bound: string;
  readonly bytes: string;
  readonly blank: boolean;
  readonly options: readonly string[];
  readonly being_cut: boolean;
}

const BOUND = /^FOR VALUES FROM \((.*)\) TO \((.*)\)$/;

const timeOf = (bound: string | undefined): number | null =>
  bound === undefined || bound === 'MINVALUE' || bound === 'MAXVALUE' ? null : mintedAt(bound.slice(1, -1) as DagId);

const settingOf = (option: string): string => {
  const at = option.indexOf('=');
  return `${option.slice(0, at)} = '${option.slice(at + 1).replaceAll("'", "''")}'`;
};

const partitionOf = ({ name, bound, bytes, blank: isBlank, options, being_cut: beingCut }: PartitionRow): Partition => {
  const [, from, to] = BOUND.exec(bound) ?? [];
  const settings = options.length === 0 ? '' : `WITH (${options.map(settingOf).join(', ')})`;
  return { name, from: timeOf(from), to: timeOf(to), bytes: Number(bytes), isBlank, settings, beingCut };
};

/** A table's partitions, oldest first; none where an operator has made it a plain one. */
export const partitionsOf = async (runner: Pick<Pool | PoolClient, 'query'>, table: DividedTable): Promise<Partition[]> => {
  const { rows } = await runner.query<PartitionRow>(PARTITIONS, [table]);
  return rows.map(partitionOf).sort((a, b) => (a.from ?? -Infinity) - (b.from ?? -Infinity));
};

/** A bound of a range, as SQL. */
export const boundAt = (ms: number): string => `'${leastIdAt(ms)}'`;

/** By the month in which it begins; the oldest has no beginning. */
const nameOf = (table: DividedTable, from: number | null): string =>
  from === null ? `${table}_base` : `${table}_${new Date(from).toISOString().slice(0, 10).replaceAll('-', '_')}`;

/** Makes a further partition like another one. */
export const createPartition = async (client: PoolClient, table: DividedTable, { from, to }: Month, like: Partition): Promise<void> => {
  const range = `FROM (${from === null ? 'MINVALUE' : boundAt(from)}) TO (${to === null ? 'MAXVALUE' : boundAt(to)})`;
  await client.query(`CREATE TABLE ${nameOf(table, from)} PARTITION OF ${table} FOR VALUES ${range} ${like.settings}`);
};

/** The longest that everybody else waits, and that is waited for the server's own work on a table, which gives way after a second. */
const OTHERS_WAIT_MS = 200;
const UPKEEP_ENDS_MS = 3_000;

/**
 * Runs `work` while nobody else uses these tables; rejects where they don't come free in time. First comes what keeps only the server's
 * upkeep away: to wait for that with everybody behind would be long.
 */
export const alone = <T>(
  pool: Pool,
  { whole, parts }: { readonly whole?: DividedTable; readonly parts: readonly Pick<Partition, 'name'>[] },
  work: (client: PoolClient) => Promise<T>,
): Promise<T> =>
  transaction(pool, async (client) => {
    const names = parts.map(({ name }) => name);
    await client.query(`SET LOCAL lock_timeout = ${String(UPKEEP_ENDS_MS)}`);
    for (const name of names) await client.query(`LOCK TABLE ONLY ${name} IN SHARE UPDATE EXCLUSIVE MODE`);
    await client.query(`SET LOCAL lock_timeout = ${String(OTHERS_WAIT_MS)}`);
    // In the order in which statements take them: the table, then its parts.
    for (const table of whole === undefined ? names : [whole, ...names]) await client.query(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`);
    return work(client);
  });
