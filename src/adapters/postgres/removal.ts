/** How a DAG that is over is deleted: at once for whoever looks, slice by slice for the database. */
import type { Pool, PoolClient } from 'pg';
import { isFinalDag, type DagStatus } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { DagRemoval } from '../../ports/history';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';
import { DIVIDED } from './partitions';

/** Rows of one statement: well below a second, so that nobody waits for the locks or the log. */
const SLICE = 5_000;

// Letters go first, as they are shown by themselves.
const TABLES = ['dead_letters', 'task_logs', 'dag_events', 'commands'] as const;

/** A DAG that is to be removed, as it is by now. */
export interface Removable {
  readonly dag_id: DagId;
  readonly status: DagStatus;
  readonly completed_at: Date | null;
}

/**
 * Takes the rows of DAGs away, by which everything else is found, and notes that the rest is to follow. A command that waits
 * may be about to set a DAG in motion again: then it isn't over. What isn't meant by now counts as such. Of several, those that somebody else
 * holds are passed over.
 */
export const hide = async (
  client: PoolClient,
  dags: readonly DagId[],
  isMeant: (dag: Removable) => boolean = () => true,
): Promise<{ readonly removed: DagId[]; readonly live: DagId[] }> => {
  const passing = dags.length === 1 ? '' : 'SKIP LOCKED';
  const { rows } = await client.query<Removable>(
    `SELECT dag_id, status, completed_at FROM dags WHERE dag_id = ANY ($1) ORDER BY id FOR UPDATE ${passing}`,
    [dags],
  );
  const waiting = await client.query<{ dag_id: DagId }>('SELECT DISTINCT dag_id FROM commands WHERE dag_id = ANY ($1) AND outcome IS NULL', [dags]);
  const awaited = new Set(waiting.rows.map(({ dag_id: dag }) => dag));
  const isOver = (row: Removable): boolean => isFinalDag(row.status) && !awaited.has(row.dag_id) && isMeant(row);
  const removed = rows.filter(isOver).map(({ dag_id: dag }) => dag);
  if (removed.length > 0) {
    await client.query('DELETE FROM dags WHERE dag_id = ANY ($1)', [removed]);
    await client.query('DELETE FROM idempotency_keys WHERE dag_id = ANY ($1)', [removed]);
    await client.query('INSERT INTO removals (dag_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING', [removed]);
  }
  return { removed, live: rows.filter((row) => !isOver(row)).map(({ dag_id: dag }) => dag) };
};

const clearTable = async (pool: Pool, table: string, dags: readonly DagId[]): Promise<void> => {
  if (dags.length === 0) return;
  const text = `DELETE FROM ${table} WHERE dag_id = ANY ($1) AND ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE dag_id = ANY ($1) LIMIT ${String(SLICE)}))`;
  // Of two partitions both may have a row in the same place: then more than a slice goes, of the same DAGs.
  for (let deleted = SLICE; deleted >= SLICE;) deleted = (await pool.query(text, [dags])).rowCount ?? 0;
};

/** Deletes what is left of DAGs, but for the tasks and attempts of those that may lie; may be called again after a crash in the middle. */
export const clear = async (pool: Pool, dags: readonly DagId[], mayLie: (dag: DagId) => boolean = () => false): Promise<void> => {
  for (const table of TABLES) await clearTable(pool, table, dags);
  const deleted = dags.filter((dag) => !mayLie(dag));
  for (const table of DIVIDED) await clearTable(pool, table, deleted);
  await pool.query('DELETE FROM removals WHERE dag_id = ANY ($1)', [dags]);
};

/** Makes the DagRemoval of an open, migrated database. */
export const createDagRemoval = ({ engine: pool }: Pick<Database, 'engine'>): DagRemoval => ({
  remove: (dag) =>
    reaching(async () => {
      const { removed, live } = await transaction(pool, (client) => hide(client, [dag]));
      if (removed.length > 0) await clear(pool, removed);
      if (live.length > 0) return 'live';
      return removed.length > 0 ? 'removed' : 'absent';
    }),
  clearRemoved: (limit) =>
    reaching(async () => {
      const { rows } = await pool.query<{ dag_id: DagId }>('SELECT dag_id FROM removals ORDER BY requested_at LIMIT $1', [limit]);
      if (rows.length > 0)
        await clear(
          pool,
          rows.map(({ dag_id: dag }) => dag),
        );
      return rows.length;
    }),
});
