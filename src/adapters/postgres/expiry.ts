/** DAGs that are over and kept no longer: found by walking the oldest ones, read as lines, deleted together. */
import type { Pool } from 'pg';
import type { DagStatus } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { Cutoffs, ExpiredDags, ExpiredPage } from '../../ports/retention';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';
import { clear, hide, type Removable } from './removal';

/** Rows of one look: those that are kept for longer are passed over, and cost little. */
const LOOK = 5_000;
const LINES_AT_ONCE = 1_000;

/** In the order in which an archive is read: a DAG before what belongs to it. */
const TABLES = [
  { table: 'dags', key: ['id'] },
  { table: 'tasks', key: ['dag_id', 'index'] },
  { table: 'attempts', key: ['dag_id', 'index', 'dispatch'] },
  { table: 'task_logs', key: ['dag_id', 'index', 'fence', 'first'] },
  { table: 'dag_events', key: ['dag_id', 'id'] },
  { table: 'commands', key: ['dag_id', 'id'] },
  { table: 'dead_letters', key: ['dag_id', 'index', 'dispatch'] },
] as const;

const look = async (pool: Pool, cutoffs: Cutoffs, from: string | null): Promise<ExpiredPage> => {
  const times = Object.values(cutoffs);
  if (times.length === 0) return { dags: [], next: null };
  // What was created after the latest of the times can't have ended before it.
  const { rows } = await pool.query<{ id: string; dag_id: DagId; total_tasks: number; expired: boolean }>(
    `SELECT id, dag_id, total_tasks, coalesce(completed_at < kept.until, false) AS expired
     FROM (SELECT * FROM dags WHERE id > $1 AND created_at < $2 ORDER BY id LIMIT ${String(LOOK)}) AS oldest
     LEFT JOIN unnest($3::text[], $4::timestamptz[]) AS kept (status, until) USING (status)
     ORDER BY id`,
    [from ?? '0', new Date(Math.max(...times)), Object.keys(cutoffs), times.map((time) => new Date(time))],
  );
  return {
    dags: rows.filter(({ expired }) => expired).map(({ dag_id: dag, total_tasks: tasks }) => ({ dag, tasks })),
    next: rows.length < LOOK ? null : rows.at(-1)!.id,
  };
};

async function* linesOf(pool: Pool, dags: readonly DagId[]): AsyncGenerator<string> {
  for (const { table, key } of TABLES) {
    const columns = key.join(', ');
    const text = (after: string): string =>
      `SELECT ${columns}, row_to_json(stored)::text AS json FROM ${table} AS stored WHERE dag_id = ANY ($1) ${after} ORDER BY ${columns} LIMIT ${String(LINES_AT_ONCE)}`;
    let last: Readonly<Record<string, unknown>> | undefined;
    do {
      const after = last === undefined ? '' : `AND (${columns}) > (${key.map((_, i) => `$${String(i + 2)}`).join(', ')})`;
      const values: unknown[] = last === undefined ? [] : key.map((column) => last?.[column]);
      const { rows } = await reaching(() => pool.query<Record<string, unknown> & { json: string }>(text(after), [dags, ...values]));
      for (const { json } of rows) yield `{"table":"${table}","row":${json}}\n`;
      last = rows.length < LINES_AT_ONCE ? undefined : rows.at(-1);
    } while (last !== undefined);
  }
}

/** Makes the ExpiredDags of an open, migrated database. */
export const createExpiry = ({ engine: pool }: Pick<Database, 'engine'>): ExpiredDags => ({
  expired: (cutoffs, from) => reaching(() => look(pool, cutoffs, from)),
  lines: (dags) => linesOf(pool, dags),
  removeExpired: (dags, cutoffs, mayLie) =>
    reaching(async () => {
      // What has ended anew since it was read for an archive has other results now.
      const until: Partial<Record<DagStatus, number>> = cutoffs;
      const hasExpired = ({ status, completed_at: at }: Removable): boolean => at !== null && at.getTime() < (until[status] ?? -Infinity);
      const { removed } = await transaction(pool, (client) => hide(client, dags, hasExpired));
      if (removed.length > 0) await clear(pool, removed, mayLie);
      return removed;
    }),
});
