/** Dead letters that the topic hasn't got yet, each with all that its message tells. */
import type { Pool } from 'pg';
import type { DagId } from '../../core/ids';
import type { AttemptView } from '../../ports/history';
import type { DeadLetterOutbox, UnpublishedLetter } from '../../ports/letters';
import { attemptView, type AttemptRow } from './attemptRow';
import type { Database } from './database';
import { type LetterRow, letterView } from './deadLetters';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

interface OutboxRow extends LetterRow {
  readonly payload: string | null;
  readonly worker: string | null;
  readonly queued_at: Date | null;
  readonly started_at: Date | null;
  readonly running_ms: string | null;
}

const UNPUBLISHED = `
  SELECT l.id, l.dag_id, l.index, l.dispatch, l.dag_name, l.task_name, l.type, l.kind, l.error, l.failed_at, l.state, l.settled_at,
    l.settled_by, l.published_at, l.place, l."offset", l.raw, t.payload, t.worker, t.queued_at, t.started_at, t.running_ms
  FROM (
    SELECT * FROM dead_letters WHERE published_at IS NULL AND shard = ANY ($1::smallint[]) ORDER BY id LIMIT $2
  ) l LEFT JOIN tasks t ON t.dag_id = l.dag_id AND t.index = l.index
  ORDER BY l.id`;

interface IdentifiedAttemptRow extends AttemptRow {
  readonly id: string;
}

/** Attempts that one message tells: the last ones, which are those that matter. */
const ATTEMPTS_TOLD = 20;

const ATTEMPTS = `
  SELECT u.id, a.attempt, a.dispatch, a.worker, a.session, a.started_at, a.ended_at, a.error
  FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::integer[]) AS u (id, dag_id, index, dispatch)
  CROSS JOIN LATERAL (
    SELECT * FROM attempts a WHERE a.dag_id = u.dag_id AND a.index = u.index AND a.dispatch <= u.dispatch
    ORDER BY a.dispatch DESC LIMIT ${String(ATTEMPTS_TOLD)}
  ) a
  ORDER BY u.id, a.dispatch`;

const readAttemptsOf = async (pool: Pool, letters: readonly OutboxRow[]): Promise<Map<string, AttemptView[]>> => {
  const attempts = new Map<string, AttemptView[]>(letters.map(({ id }) => [id, []]));
  const ofTasks = letters.filter((letter): letter is OutboxRow & { dag_id: DagId } => letter.dag_id !== null);
  if (ofTasks.length === 0) return attempts;
  const values = [ofTasks.map(({ id }) => id), ofTasks.map((l) => l.dag_id), ofTasks.map((l) => l.index), ofTasks.map((l) => l.dispatch)];
  const { rows } = await pool.query<IdentifiedAttemptRow>({ name: 'attempts_told', text: ATTEMPTS, values });
  for (const row of rows) attempts.get(row.id)?.push(attemptView(row));
  return attempts;
};

const readUnpublished = async (pool: Pool, shards: readonly number[], limit: number): Promise<UnpublishedLetter[]> => {
  const { rows } = await pool.query<OutboxRow>({ name: 'unpublished_letters', text: UNPUBLISHED, values: [shards, limit] });
  const attempts = await readAttemptsOf(pool, rows);
  return rows.map((row) => ({
    ...letterView(row),
    payload: row.payload,
    worker: row.worker,
    queuedAt: row.queued_at?.getTime() ?? null,
    startedAt: row.started_at?.getTime() ?? null,
    runningMs: Number(row.running_ms ?? 0),
    attempts: attempts.get(row.id) ?? [],
  }));
};

// Whoever wants to be told of letters is told of what the topic was told of, once: a letter is marked once.
const MARK_PUBLISHED = `
  WITH marked AS (
    UPDATE dead_letters SET published_at = clock_timestamp() WHERE id = ANY ($1::bigint[]) AND published_at IS NULL
    RETURNING id, dag_id, failed_at
  )
  INSERT INTO notices (event, at, dag_id, letter_id)
  SELECT 'DEAD_LETTER', failed_at, dag_id, id FROM marked
  WHERE EXISTS (SELECT FROM subscriptions WHERE enabled AND 'DEAD_LETTER' = ANY (events))
  ORDER BY id`;

const KEEP_RECORD = `
  INSERT INTO dead_letters (shard, kind, failed_at, error, place, "offset", raw, hash)
  VALUES ($1, 'UNDECODABLE', to_timestamp($2::double precision / 1000), $3, $4, $5, $6, $7)
  ON CONFLICT DO NOTHING`;

/** Makes the DeadLetterOutbox of an open, migrated database. */
export const createDeadLetterOutbox = ({ engine: pool }: Pick<Database, 'engine'>): DeadLetterOutbox => ({
  unpublishedDeadLetters: (shards, limit) => reaching(() => readUnpublished(pool, shards, limit)),
  markPublished: (ids) =>
    reaching(async () => {
      await pool.query({ name: 'mark_published', text: MARK_PUBLISHED, values: [ids.filter(isRowNumber)] });
    }),
  keepRecord: ({ shard, place, offset, at, message, raw, hash }) =>
    reaching(async () => {
      const error = JSON.stringify({ kind: 'UNDECODABLE', message });
      await pool.query({ name: 'keep_record', text: KEEP_RECORD, values: [shard, at, error, place, offset, raw, hash] });
    }),
});
