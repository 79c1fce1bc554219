/** What waits to be told, and how it becomes deliveries. */
import type { Pool, PoolClient } from 'pg';
import type { TaskError } from '../../core/dag';
import { taskIdOf, type DagId } from '../../core/ids';
import type { DagEnd, Notice, NoticeDag, NoticeEvent, NoticeLetter } from '../../core/notices';
import type { NewDelivery, NoticeStore, WaitingNotice } from '../../ports/notices';
import { type ArrayColumn, parametersOf, plain, valuesOf, words } from './arrays';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';

interface Row {
  readonly id: string;
  readonly event: NoticeEvent;
  readonly at: Date;
  readonly dag_id: DagId | null;
  readonly facts: string | null;
  readonly letter_id: string | null;
  readonly name: string | null;
  readonly tags: string[] | null;
  readonly status: string | null;
  readonly total_tasks: number;
  readonly completed_tasks: number;
  readonly failed_tasks: number;
  readonly skipped_tasks: number;
  readonly cancelled_tasks: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly late_at: Date | null;
  readonly kind: string | null;
  readonly index: number | null;
  readonly task_name: string | null;
  readonly type: string | null;
  readonly error: string | null;
}

const WAITING = `
  SELECT n.id, n.event, n.at, n.dag_id, n.facts, n.letter_id, d.name, d.tags, d.status, d.total_tasks, d.completed_tasks, d.failed_tasks,
    d.skipped_tasks, d.cancelled_tasks, d.created_at, d.started_at, d.completed_at, d.late_at, l.kind, l.index, l.task_name, l.type, l.error
  FROM (SELECT * FROM notices ORDER BY id LIMIT $1) n
  LEFT JOIN dags d ON d.dag_id = n.dag_id
  LEFT JOIN dead_letters l ON l.id = n.letter_id
  ORDER BY n.id`;

const STATUS: Readonly<Partial<Record<NoticeEvent, string>>> = { DAG_COMPLETED: 'COMPLETED', DAG_FAILED: 'FAILED', DAG_CANCELLED: 'CANCELLED' };

/** As it was at its end, even where it was set in motion again since. */
const endOf = (row: Row): DagEnd =>
  row.facts === null
    ? {
        completedTasks: row.completed_tasks,
        failedTasks: row.failed_tasks,
        skippedTasks: row.skipped_tasks,
        cancelledTasks: row.cancelled_tasks,
        startedAt: row.started_at?.getTime() ?? null,
        completedAt: row.completed_at?.getTime() ?? null,
        reason: null,
      }
    : (JSON.parse(row.facts) as DagEnd);

const dagOf = (row: Row & { readonly dag_id: DagId; readonly name: string }): NoticeDag => ({
  dagId: row.dag_id,
  name: row.name,
  tags: row.tags ?? [],
  status: STATUS[row.event] ?? row.status ?? '',
  totalTasks: row.total_tasks,
  createdAt: row.created_at.getTime(),
  lateAt: row.late_at?.getTime() ?? null,
  end: endOf(row),
});

const letterOf = (row: Row & { readonly letter_id: string; readonly kind: string }): NoticeLetter => ({
  letterId: row.letter_id,
  kind: row.kind,
  taskId: row.dag_id === null || row.index === null ? null : taskIdOf(row.dag_id, row.index),
  taskName: row.task_name,
  type: row.type,
  error: row.error === null ? null : (JSON.parse(row.error) as TaskError).message,
});

const hasDag = <R extends Row>(row: R): row is R & { dag_id: DagId; name: string } => row.dag_id !== null && row.name !== null;
const hasLetter = <R extends Row>(row: R): row is R & { letter_id: string; kind: string } => row.letter_id !== null && row.kind !== null;

const noticeOf = (row: Row): Notice | undefined => {
  const [dag, letter] = [hasDag(row) ? dagOf(row) : null, hasLetter(row) ? letterOf(row) : null];
  // Deleted meanwhile: nothing is left to tell.
  if ((row.dag_id !== null && dag === null) || (row.letter_id !== null && letter === null)) return undefined;
  return { event: row.event, at: row.at.getTime(), dag, letter };
};

const subjectOf = (row: Row): string => (row.letter_id === null ? `${row.dag_id ?? ''}@${String(row.at.getTime())}` : `letter ${row.letter_id}`);

const readWaiting = async (pool: Pool, limit: number): Promise<WaitingNotice[]> => {
  const { rows } = await pool.query<Row>({ name: 'notices_waiting', text: WAITING, values: [limit] });
  return rows.map((row) => ({ id: row.id, subject: subjectOf(row), notice: noticeOf(row) }));
};

const DELIVERY_COLUMNS: readonly ArrayColumn<NewDelivery>[] = [
  plain('uuid', ({ id }) => id),
  plain('uuid', ({ subscription }) => subscription),
  plain('text', ({ event }) => event),
  words(({ subject }) => subject),
  words(({ title }) => title),
  words(({ body }) => body),
];

/** `$1, $2, …` are the columns; a subscription that was removed meanwhile gets none. */
export const INSERT_DELIVERIES = `
  INSERT INTO deliveries (id, subscription_id, event, subject, title, body)
  SELECT u.id, u.subscription_id, u.event, u.subject, u.title, u.body
  FROM unnest(${parametersOf(DELIVERY_COLUMNS)}) WITH ORDINALITY AS u (id, subscription_id, event, subject, title, body, n)
  JOIN subscriptions s ON s.id = u.subscription_id
  ORDER BY u.n
  ON CONFLICT DO NOTHING`;
export const deliveryValues = (deliveries: readonly NewDelivery[]): string[] => valuesOf(DELIVERY_COLUMNS, deliveries);

const settle = async (client: PoolClient, ids: readonly string[], deliveries: readonly NewDelivery[]): Promise<number> => {
  const text = INSERT_DELIVERIES;
  const written =
    deliveries.length === 0 ? 0 : ((await client.query({ name: 'add_deliveries', text, values: deliveryValues(deliveries) })).rowCount ?? 0);
  await client.query({ name: 'forget_notices', text: 'DELETE FROM notices WHERE id = ANY ($1::bigint[])', values: [ids] });
  return written;
};

// What somebody else is just about to change is looked at in the next round.
const NOTE_LATE = `
  WITH due AS (
    SELECT id FROM dags WHERE late_at <= now() AND late_checked_at IS NULL ORDER BY late_at LIMIT $1 FOR UPDATE SKIP LOCKED
  ), checked AS (
    UPDATE dags d SET late_checked_at = clock_timestamp() FROM due WHERE d.id = due.id RETURNING d.dag_id, d.late_at, d.completed_at
  ), noted AS (
    INSERT INTO notices (event, at, dag_id)
    SELECT 'DAG_LATE', late_at, dag_id FROM checked
    WHERE (completed_at IS NULL OR completed_at > late_at)
      AND EXISTS (SELECT FROM subscriptions WHERE enabled AND 'DAG_LATE' = ANY (events))
    ORDER BY late_at
  )
  SELECT count(*)::integer AS count FROM checked`;

/** Makes the NoticeStore of an open, migrated database. */
export const createNoticeStore = ({ engine: pool }: Pick<Database, 'engine'>): NoticeStore => ({
  waiting: (limit) => reaching(() => readWaiting(pool, limit)),
  settle: (ids, deliveries) => reaching(() => transaction(pool, (client) => settle(client, ids, deliveries))),
  noteLate: (limit) =>
    reaching(async () => (await pool.query<{ count: number }>({ name: 'note_late', text: NOTE_LATE, values: [limit] })).rows[0]!.count),
});
