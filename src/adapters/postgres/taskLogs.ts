/** The logs of tasks as rows, one for each chunk of lines. */
import type { Pool, PoolClient } from 'pg';
import { unpackLines } from '../../core/logLine';
import type { ChunkView, LogChunk, LogPlace, TaskLogStore, TaskLogViews } from '../../ports/taskLogs';
import { type ArrayColumn, parametersOf, plain, texts, valuesOf } from './arrays';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

const COLUMNS: readonly ArrayColumn<LogChunk>[] = [
  plain('uuid', ({ dag }) => dag),
  plain('integer', ({ task }) => task),
  plain('bigint', ({ fence }) => fence),
  plain('integer', ({ first }) => first),
  plain('integer', ({ attempt }) => attempt),
  texts(({ worker }) => worker),
  plain('integer', ({ count }) => count),
  plain('bigint', ({ position }) => position),
  plain('integer', ({ bytes }) => bytes),
  plain('boolean', ({ ended }) => String(ended)),
  texts(({ lines }) => lines),
];

// In the order in which they came; what belongs to no DAG any more is dropped. Who deletes one meanwhile waits: it would not see these rows.
const INSERT = `
  WITH there AS (SELECT dag_id FROM dags WHERE dag_id = ANY ($1::uuid[]) ORDER BY id FOR KEY SHARE)
  INSERT INTO task_logs (dag_id, index, fence, first, attempt, worker, count, position, bytes, ended, lines, stored_at)
  SELECT c.dag_id, c.index, c.fence, c.first, c.attempt, c.worker, c.count, c.position, c.bytes, c.ended, c.lines, now()
  FROM unnest(${parametersOf(COLUMNS)}) WITH ORDINALITY AS c (dag_id, index, fence, first, attempt, worker, count, position, bytes, ended, lines, ord)
  JOIN there USING (dag_id)
  ORDER BY c.ord
  ON CONFLICT (dag_id, index, fence, first) DO NOTHING`;

const TRIM = `
  DELETE FROM task_logs l
  USING (SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::bigint[]) AS n (dag_id, index, fence, until)) n
  WHERE (l.dag_id, l.index, l.fence) = (n.dag_id, n.index, n.fence)
    AND l.position >= $5::bigint AND l.position + l.bytes <= n.until AND NOT l.ended`;

const PLACE = `
  INSERT INTO task_log_places (shard, next) VALUES ($1, $2) ON CONFLICT (shard) DO UPDATE SET next = excluded.next`;

const FIRST_PART = 4;

/** Of each attempt that has more than it may: up to where its oldest lines behind the first quarter go. */
const overlong = (chunks: readonly LogChunk[], attemptBytes: number): { readonly chunk: LogChunk; readonly until: number }[] => {
  const newest = new Map<string, LogChunk>();
  for (const chunk of chunks) newest.set(`${chunk.dag}/${String(chunk.task)}/${chunk.fence}`, chunk);
  const head = attemptBytes / FIRST_PART;
  return [...newest.values()]
    .map((chunk) => ({ chunk, until: Math.floor(chunk.position + chunk.bytes - (attemptBytes - head)) }))
    .filter(({ until }) => until > head);
};

const trim = async (client: PoolClient, chunks: readonly LogChunk[], attemptBytes: number): Promise<void> => {
  const over = overlong(chunks, attemptBytes);
  if (over.length === 0) return;
  await client.query(TRIM, [
    over.map(({ chunk }) => chunk.dag),
    over.map(({ chunk }) => chunk.task),
    over.map(({ chunk }) => chunk.fence),
    over.map(({ until }) => until),
    Math.floor(attemptBytes / FIRST_PART),
  ]);
};

/** Makes the TaskLogStore of an open, migrated database. */
export const createTaskLogStore = ({ engine: pool }: Pick<Database, 'engine'>): TaskLogStore => ({
  keep: (chunks, attemptBytes, place) =>
    reaching(async () => {
      if (chunks.length === 0 && place === undefined) return;
      await transaction(pool, async (client) => {
        if (chunks.length > 0) {
          await client.query({ name: 'keep_task_logs', text: INSERT, values: valuesOf(COLUMNS, chunks) });
          await trim(client, chunks, attemptBytes);
        }
        if (place !== undefined) await client.query(PLACE, [place.shard, String(place.next)]);
      });
    }),
  places: (shards) =>
    reaching(async () => {
      const { rows } = await pool.query<{ shard: number; next: string }>('SELECT shard, next FROM task_log_places WHERE shard = ANY ($1)', [shards]);
      const known = new Map(rows.map(({ shard, next }) => [shard, BigInt(next)]));
      return shards.map((shard): LogPlace => ({ shard, next: known.get(shard) ?? 0n }));
    }),
  removeBefore: (time, limit) =>
    reaching(async () => {
      const text = 'DELETE FROM task_logs WHERE ctid = ANY (ARRAY(SELECT ctid FROM task_logs WHERE stored_at < $1 ORDER BY stored_at LIMIT $2))';
      return (await pool.query(text, [new Date(time), limit])).rowCount ?? 0;
    }),
});

interface Row {
  readonly id: string;
  readonly attempt: number;
  readonly worker: string;
  readonly first: number;
  readonly missing: number;
  readonly ended: boolean;
  readonly stored_at: Date;
  readonly lines: string;
}

// What a row lacks before it is seen by the one before of its attempt, wherever the page begins; the lines themselves are read for the page alone.
const CHUNKS = `
  SELECT p.id, p.attempt, p.worker, p.first, p.missing, p.ended, l.stored_at, l.lines
  FROM (
    SELECT id, attempt, worker, fence, first, ended,
      first - coalesce(lag(first + count) OVER (PARTITION BY fence ORDER BY first), 0) AS missing
    FROM task_logs WHERE dag_id = $1 AND index = $2
  ) p
  JOIN task_logs l ON l.dag_id = $1 AND l.index = $2 AND l.fence = p.fence AND l.first = p.first
  WHERE p.id >= $3 AND ($4::integer IS NULL OR p.attempt = $4)
  ORDER BY p.id LIMIT $5`;

const chunkView = ({ lines, stored_at: storedAt, ...row }: Row): ChunkView => ({ ...row, storedAt: storedAt.getTime(), lines: unpackLines(lines) });

const readChunks = async (pool: Pool, values: readonly unknown[]): Promise<ChunkView[]> => {
  const { rows } = await pool.query<Row>({ name: 'task_log_chunks', text: CHUNKS, values: [...values] });
  return rows.map(chunkView);
};

/** Makes the TaskLogViews of an open, migrated database. */
export const createTaskLogViews = ({ views: pool }: Pick<Database, 'views'>): TaskLogViews => ({
  chunks: ({ dag, task }, { attempt = null, from = '0' }, limit) =>
    reaching(async () => (isRowNumber(from) ? readChunks(pool, [dag, task, from, attempt, limit]) : [])),
});
