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
/** Lines of one question, and bytes of their long texts: a task may have a megabyte of them. The last line may exceed them. */
const LINES_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 4_000_000;

/** In the order in which an archive is read: a DAG before what belongs to it. `long` are the columns that may be. */
const TABLES = [
  { table: 'dags', key: ['id'], long: ['description'] },
  { table: 'tasks', key: ['dag_id', 'index'], long: ['payload', 'result', 'error', 'checkpoint'] },
  { table: 'attempts', key: ['dag_id', 'index', 'dispatch'], long: ['error'] },
  { table: 'task_logs', key: ['dag_id', 'index', 'fence', 'first'], long: ['lines'] },
  { table: 'dag_events', key: ['dag_id', 'id'], long: ['message'] },
  { table: 'commands', key: ['dag_id', 'id'], long: ['command', 'detail'] },
  { table: 'dead_letters', key: ['dag_id', 'index', 'dispatch'], long: ['error', 'raw'] },
] as const;

type Table = (typeof TABLES)[number];
type Line = Readonly<Record<string, unknown>> & { readonly json: string; readonly looked: number };

// How long a text is is known without reading it.
const linesQuery = ({ table, key, long }: Table, after: string): string => {
  const columns = key.join(', ');
  const bytes = long.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  return `
    SELECT ${columns}, looked::integer, row_to_json(stored)::text AS json
    FROM (
      SELECT ${columns}, count(*) OVER () AS looked, sum(bytes) OVER (ORDER BY ${columns}) - bytes AS before
      FROM (SELECT ${columns}, ${bytes} AS bytes FROM ${table} WHERE dag_id = ANY ($1) ${after} ORDER BY ${columns} LIMIT ${String(LINES_AT_ONCE)}) page
    ) sized
    JOIN ${table} AS stored USING (${columns})
    WHERE before < ${String(BYTES_AT_ONCE)}
    ORDER BY ${columns}`;
};

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
  for (const each of TABLES) {
    const { table, key } = each;
    let last: Line | undefined;
    do {
      const after = last === undefined ? '' : `AND (${key.join(', ')}) > (${key.map((_, i) => `$${String(i + 2)}`).join(', ')})`;
      const values: unknown[] = last === undefined ? [] : key.map((column) => last?.[column]);
      const { rows } = await reaching(() => pool.query<Line>(linesQuery(each, after), [dags, ...values]));
      for (const { json } of rows) yield `{"table":"${table}","row":${json}}\n`;
      const end = rows.at(-1);
      last = end === undefined || (rows.length === end.looked && end.looked < LINES_AT_ONCE) ? undefined : end;
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
