/** What handlers did, by tables of a database that no fault touches: their calls and their effects (effect.cjs writes them). */
import { Pool, type QueryResultRow } from 'pg';
import { atEnd } from '../harness/cleanup';

const TABLES = `
  CREATE TABLE calls (task_id text, fence bigint, worker text, attempt int, began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz, outcome text, PRIMARY KEY (task_id, fence));
  CREATE INDEX calls_open ON calls (worker) WHERE ended_at IS NULL;
  CREATE TABLE effects (task_id text PRIMARY KEY, fence bigint NOT NULL, value int NOT NULL);
  CREATE TABLE suspensions (worker text, from_time timestamptz DEFAULT clock_timestamp(), to_time timestamptz);`;

// A call that began while another one of its task had not ended, unless the process of the earlier was suspended meanwhile.
const OVERLAPS = `SELECT b.task_id, a.fence AS earlier, b.fence AS later, a.worker AS first, b.worker AS second, a.began_at, a.ended_at, b.began_at AS overtaken_at
  FROM calls a JOIN calls b ON a.task_id = b.task_id AND a.fence <> b.fence AND a.began_at <= b.began_at AND b.began_at < coalesce(a.ended_at, 'infinity')
  WHERE NOT EXISTS (SELECT 1 FROM suspensions s WHERE s.worker = a.worker AND s.from_time < coalesce(a.ended_at, 'infinity') AND coalesce(s.to_time, 'infinity') > a.began_at)`;

// Fences are ordered as the grants: who begins later has the larger one.
const UNORDERED = `SELECT a.task_id, a.fence AS earlier, b.fence AS later FROM calls a JOIN calls b USING (task_id)
  WHERE a.began_at < b.began_at AND a.fence >= b.fence`;

const NEXT = `SELECT (extract(epoch FROM min(began_at) - $2::timestamptz) * 1000)::float AS ms FROM calls
  WHERE began_at > $2::timestamptz AND %s = ANY($1::text[]) GROUP BY %s`;
const NEXT_OF_ALL = `SELECT (extract(epoch FROM min(began_at) - $1::timestamptz) * 1000)::float AS ms FROM calls WHERE began_at > $1::timestamptz HAVING count(*) > 0`;
const DAG_OF_CALL = `left(task_id, 30) || '000000'`;

export interface Effect {
  readonly taskId: string;
  readonly fence: string;
  readonly value: number;
}

export interface Witness {
  readonly url: string;
  /** The witness's clock, by which calls are stamped, as its own text (microseconds). */
  now(): Promise<string>;
  /** Tasks with a call that hasn't ended, of one worker or all. */
  inFlight(worker?: string): Promise<string[]>;
  /** Milliseconds from `since` to the next call of each of these tasks or DAGs that has one; without any, to the next of all. */
  nextCalls(of: 'task' | 'dag', ids: readonly string[], since: string): Promise<number[]>;
  /** A worker's process is gone, and its calls with it. */
  died(worker: string): Promise<void>;
  suspended(worker: string): Promise<void>;
  resumed(worker: string): Promise<void>;
  effects(dagIds: readonly string[]): Promise<Map<string, Effect>>;
  /** Calls of a task that overlapped, and fences that don't grow: rows to be shown, none expected. */
  overlaps(): Promise<object[]>;
  /** Calls whose write was refused because a later one had written. */
  refused(): Promise<number>;
}

/** Makes the tables in an empty database. */
export const openWitness = async (url: string): Promise<Witness> => {
  const pool = new Pool({ connectionString: url, max: 3 });
  pool.on('error', () => undefined);
  atEnd(() => pool.end());
  await pool.query(TABLES);
  const ask = async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(sql, [...values])).rows;
  const column = { task: 'task_id', dag: DAG_OF_CALL };
  return {
    url,
    now: async () => (await ask<{ now: string }>('SELECT clock_timestamp()::text AS now'))[0]!.now,
    inFlight: async (worker) =>
      (
        await ask<{ task_id: string }>('SELECT DISTINCT task_id FROM calls WHERE ended_at IS NULL AND ($1::text IS NULL OR worker = $1)', [
          worker ?? null,
        ])
      ).map(({ task_id: id }) => id),
    nextCalls: async (of, ids, since) =>
      (ids.length > 0
        ? await ask<{ ms: number }>(NEXT.replaceAll('%s', column[of]), [ids, since])
        : await ask<{ ms: number }>(NEXT_OF_ALL, [since])
      ).map(({ ms }) => ms),
    died: async (worker) => {
      await ask(`UPDATE calls SET ended_at = clock_timestamp(), outcome = 'killed' WHERE worker = $1 AND ended_at IS NULL`, [worker]);
    },
    suspended: async (worker) => {
      await ask('INSERT INTO suspensions (worker) VALUES ($1)', [worker]);
    },
    resumed: async (worker) => {
      await ask('UPDATE suspensions SET to_time = clock_timestamp() WHERE worker = $1 AND to_time IS NULL', [worker]);
    },
    effects: async (dagIds) => {
      const rows = await ask<{ task_id: string; fence: string; value: number }>(
        `SELECT task_id, fence::text, value FROM effects WHERE ${DAG_OF_CALL} = ANY($1::text[])`,
        [dagIds],
      );
      return new Map(rows.map(({ task_id: taskId, fence, value }) => [taskId, { taskId, fence, value }]));
    },
    overlaps: async () => [...(await ask(OVERLAPS)), ...(await ask(UNORDERED))],
    refused: async () => (await ask<{ count: number }>(`SELECT count(*)::int AS count FROM calls WHERE outcome = 'refused'`))[0]!.count,
  };
};
