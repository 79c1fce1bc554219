/** Tasks and attempts by months: cut while others write, and dropped when nothing of a month is wanted any more. */
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { type DagId, leastIdAt } from '../../core/ids';
import type { DroppedMonth, Month, Months } from '../../ports/retention';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching, sqlStateOf } from './failures';
import { alone, boundAt, createPartition, CUT_CHECK, DIVIDED, type DividedTable, type Partition, partitionsOf } from './partitions';

/** A check that reads a table of hundreds of gigabytes. */
const VALIDATION_MS = 12 * 3_600_000;
const CHECK_VIOLATION = '23514';
/** Rows of one statement. */
const SLICE = 5_000;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const takeBack = async (pool: Pool, table: DividedTable): Promise<void> => {
  for (const { name, beingCut } of await partitionsOf(pool, table))
    if (beingCut) await alone(pool, { parts: [{ name }] }, (client) => client.query(`ALTER TABLE ${name} DROP CONSTRAINT IF EXISTS ${CUT_CHECK}`));
};

/** That nothing of a later time is there, and that nothing comes: where it holds, the server needs to read nothing under its lock. */
const prove = async (pool: Pool, { name }: Partition, at: number): Promise<boolean> => {
  await alone(pool, { parts: [{ name }] }, (client) =>
    client.query(`ALTER TABLE ${name} ADD CONSTRAINT ${CUT_CHECK} CHECK (dag_id < ${boundAt(at)}) NOT VALID`),
  );
  try {
    await transaction(pool, async (client) => {
      await client.query('SET LOCAL statement_timeout = 0');
      // Reads it all, and locks nobody out.
      const patiently: QueryConfig & { readonly query_timeout: number } = {
        text: `ALTER TABLE ${name} VALIDATE CONSTRAINT ${CUT_CHECK}`,
        query_timeout: VALIDATION_MS,
      };
      await client.query(patiently);
    });
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== CHECK_VIOLATION) throw error;
    return false;
  }
};

/** Without it the server would read the table while everybody waits: another leader may have taken it back, who believes that this one is gone. */
const demandProof = async (client: PoolClient, { name }: Partition, at: number): Promise<void> => {
  const { rowCount } = await client.query(
    `SELECT 1 FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2 AND convalidated AND strpos(pg_get_constraintdef(oid), $3) > 0`,
    [name, CUT_CHECK, leastIdAt(at)],
  );
  if (rowCount === 0) throw new Error(`the cut of ${name} was taken back meanwhile`);
};

const cutTable = async (pool: Pool, table: DividedTable, at: number): Promise<'cut' | 'occupied'> => {
  const last = (await partitionsOf(pool, table)).at(-1);
  // Where a crash came between two tables, one of them is cut already.
  if (last === undefined || (last.from !== null && last.from >= at)) return 'cut';
  const { rowCount } = await pool.query(`SELECT 1 FROM ${table} WHERE dag_id >= $1 LIMIT 1`, [leastIdAt(at)]);
  if (rowCount !== 0 || !(await prove(pool, last, at))) {
    await takeBack(pool, table);
    return 'occupied';
  }
  await alone(pool, { whole: table, parts: [last] }, async (client) => {
    await demandProof(client, last, at);
    const from = last.from === null ? 'MINVALUE' : boundAt(last.from);
    await client.query(`ALTER TABLE ${table} DETACH PARTITION ${last.name}`);
    await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${last.name} FOR VALUES FROM (${from}) TO (${boundAt(at)})`);
    await client.query(`ALTER TABLE ${last.name} DROP CONSTRAINT ${CUT_CHECK}`);
    await createPartition(client, table, { from: at, to: null }, last);
  });
  return 'cut';
};

const idsOf = ({ from, to }: Month): [DagId, string] => [leastIdAt(from ?? 0), to === null ? LAST_ID : leastIdAt(to)];

const hasDags = async (runner: Pick<Pool | PoolClient, 'query'>, month: Month): Promise<boolean> => {
  const { rowCount } = await runner.query('SELECT 1 FROM dags WHERE dag_id >= $1 AND dag_id < $2 LIMIT 1', idsOf(month));
  return rowCount !== 0;
};

/** Of months older than all that is kept: the oldest takes their time. Asked again under the lock, behind which no DAG is stored. */
const dropOldest = (pool: Pool, table: DividedTable, parts: readonly Partition[]): Promise<DroppedMonth[]> =>
  alone(pool, { whole: table, parts }, async (client) => {
    const last = parts.at(-1)!;
    const oldest = { from: null, to: last.to };
    if (await hasDags(client, oldest)) return [];
    await client.query(`DROP TABLE ${parts.map(({ name }) => name).join(', ')}`);
    await createPartition(client, table, oldest, last);
    return [{ table, until: last.to!, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) }];
  });

/** A month behind one that is kept stays as an empty place. */
const empty = (pool: Pool, table: DividedTable, part: Partition): Promise<DroppedMonth[]> =>
  alone(pool, { parts: [part] }, async (client) => {
    if (await hasDags(client, part)) return [];
    await client.query(`TRUNCATE TABLE ONLY ${part.name}`);
    return [{ table, until: part.to!, bytes: part.bytes }];
  });

const dropOf = async (pool: Pool, table: DividedTable, endedBefore: number): Promise<DroppedMonth[]> => {
  const ended = (await partitionsOf(pool, table)).filter(({ to }) => to !== null && to <= endedBefore);
  const used = await Promise.all(ended.map((part) => hasDags(pool, part)));
  const kept = used.indexOf(true);
  const oldest = kept === -1 ? ended : ended.slice(0, kept);
  const dropped = oldest.length > 1 ? await dropOldest(pool, table, oldest) : [];
  const places = ended.filter((part, i) => used[i] === false && !part.isBlank && (oldest.length < 2 || i >= oldest.length));
  for (const part of places) dropped.push(...(await empty(pool, table, part)));
  return dropped;
};

/** Slice after slice by key, as a search for what is left would read what is deleted again and again. */
const clearTable = async (pool: Pool, table: DividedTable, month: Month): Promise<number> => {
  const [from, to] = idsOf(month);
  const END = `SELECT dag_id AS dag, index FROM ${table} WHERE (dag_id, index) > ($1, $2) AND dag_id >= $1 AND dag_id < $3
    ORDER BY dag_id, index OFFSET ${String(SLICE)} LIMIT 1`;
  const DELETE = `DELETE FROM ${table} t WHERE (dag_id, index) > ($1, $2) AND (dag_id, index) <= ($4, $5) AND dag_id >= $1 AND dag_id < $3
    AND NOT EXISTS (SELECT 1 FROM dags d WHERE d.dag_id = t.dag_id)`;
  let after: { readonly dag: string; readonly index: number } | undefined = { dag: from, index: -1 };
  let deleted = 0;
  while (after !== undefined) {
    const values: unknown[] = [after.dag, after.index, to];
    const { rows } = await pool.query<{ dag: string; index: number }>(END, values);
    [after] = rows;
    deleted += (await pool.query(DELETE, [...values, after?.dag ?? LAST_ID, after?.index ?? 0])).rowCount ?? 0;
  }
  return deleted;
};

/** By the bounds that all of the tables have. */
const allMonths = async (pool: Pool): Promise<Month[]> => {
  const tables = await Promise.all(DIVIDED.map((table) => partitionsOf(pool, table)));
  if (tables.some((parts) => parts.length === 0)) return [];
  const isEverywhere = (bound: number | null): boolean => tables.every((parts) => parts.some(({ to }) => to === bound));
  const bounds = tables[0]!.map(({ to }) => to).filter(isEverywhere);
  return bounds.map((to, i) => ({ from: bounds[i - 1] ?? null, to }));
};

/** Makes the Months of an open, migrated database. */
export const createMonths = ({ engine: pool }: Pick<Database, 'engine'>): Months => ({
  all: () => reaching(() => allMonths(pool)),
  takeBack: () =>
    reaching(async () => {
      for (const table of DIVIDED) await takeBack(pool, table);
    }),
  cut: (at) =>
    reaching(async () => {
      for (const table of DIVIDED) if ((await cutTable(pool, table, at)) === 'occupied') return 'occupied';
      return 'cut';
    }),
  drop: (endedBefore) =>
    reaching(async () => {
      const dropped: DroppedMonth[] = [];
      for (const table of DIVIDED) dropped.push(...(await dropOf(pool, table, endedBefore)));
      return dropped;
    }),
  clear: (month) =>
    reaching(async () => {
      let deleted = 0;
      for (const table of DIVIDED) deleted += await clearTable(pool, table, month);
      return deleted;
    }),
});
