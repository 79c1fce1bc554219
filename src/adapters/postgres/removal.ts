/** How a DAG that is over is deleted: at once for whoever looks, slice by slice for the database. */
import type { Pool, PoolClient } from 'pg';
import { isFinalDag, type DagStatus } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { DagRemoval } from '../../ports/history';
import { type Database, transaction } from './database';
import { reaching } from './failures';

/** Rows of one statement: well below a second, so that nobody waits for the locks or the log. */
const SLICE = 5_000;

// Letters go first, as they are shown by themselves.
const TABLES = ['dead_letters', 'tasks', 'attempts', 'dag_events', 'commands'] as const;

/**
 * Takes the DAG's own row away, by which everything else is found, and notes that the rest is to follow. A command that waits
 * may be about to set the DAG in motion again: then it isn't over.
 */
const hide = async (client: PoolClient, dag: DagId): Promise<'removed' | 'live' | 'absent'> => {
  const { rows } = await client.query<{ status: DagStatus }>('SELECT status FROM dags WHERE dag_id = $1 FOR UPDATE', [dag]);
  const [found] = rows;
  if (found === undefined) return 'absent';
  const waiting = await client.query('SELECT 1 FROM commands WHERE dag_id = $1 AND outcome IS NULL LIMIT 1', [dag]);
  if (!isFinalDag(found.status) || waiting.rowCount !== 0) return 'live';
  await client.query('DELETE FROM dags WHERE dag_id = $1', [dag]);
  await client.query('DELETE FROM idempotency_keys WHERE dag_id = $1', [dag]);
  await client.query('INSERT INTO removals (dag_id) VALUES ($1) ON CONFLICT DO NOTHING', [dag]);
  return 'removed';
};

/** Deletes what is left of a DAG; may be called again after a crash in the middle. */
const clear = async (pool: Pool, dag: DagId): Promise<void> => {
  for (const table of TABLES) {
    const text = `DELETE FROM ${table} WHERE dag_id = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE dag_id = $1 LIMIT ${String(SLICE)}))`;
    for (let deleted = SLICE; deleted === SLICE;) deleted = (await pool.query(text, [dag])).rowCount ?? 0;
  }
  await pool.query('DELETE FROM removals WHERE dag_id = $1', [dag]);
};

/** Makes the DagRemoval of an open, migrated database. */
export const createDagRemoval = ({ engine: pool }: Pick<Database, 'engine'>): DagRemoval => ({
  remove: (dag) =>
    reaching(async () => {
      const answer = await transaction(pool, (client) => hide(client, dag));
      if (answer === 'removed') await clear(pool, dag);
      return answer;
    }),
  clearRemoved: (limit) =>
    reaching(async () => {
      const { rows } = await pool.query<{ dag_id: DagId }>('SELECT dag_id FROM removals ORDER BY requested_at LIMIT $1', [limit]);
      for (const { dag_id: dag } of rows) await clear(pool, dag);
      return rows.length;
    }),
});
