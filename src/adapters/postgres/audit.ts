/** What an audit reads, and the one thing that it writes: by the partial indices of what is live or unsettled, never by a walk over what is over. */
import type { Pool } from 'pg';
import type { DagStatus } from '../../core/dag';
import { type DagId, shardOf } from '../../core/ids';
import type { DagPlace, DagStanding, Late, LateLimits, RowAudit, SuspectTask, Unneeded } from '../../ports/audit';
import type { Wanted } from '../../ports/leases';
import { type ArrayColumn, parametersOf, plain, valuesOf } from './arrays';
import { transaction } from './connections';
import type { Database } from './database';
import { reaching } from './failures';

const DAGS_AT_ONCE = 500;
const TASKS_AT_ONCE = 20_000;
const SUSPECTS = 100;
const LATE_AT_ONCE = 1000;

// A wait whose row doesn't tell its end: nothing sweeps it.
const UNDUE = `t.due_at IS NULL AND (
  t.status = 'RETRYING'
  OR t.status IN ('QUEUED', 'RUNNING') AND t.options::json ->> 'totalTimeoutSeconds' IS NOT NULL
  OR t.status = 'QUEUED' AND t.options::json ->> 'queueTimeoutSeconds' IS NOT NULL
  OR t.status = 'PENDING' AND t.reason::json ->> 'resumeAt' IS NOT NULL)`;

const HOLDERLESS = `t.session IS NOT NULL AND NOT t.session = ANY ($1::text[]) AND (
  t.status = 'RUNNING'
  OR t.status = 'CANCELLING' AND (t.reason::json ->> 'at')::double precision < 1000 * extract(epoch FROM clock_timestamp()) - $2::double precision)`;

const countOf = (condition: string): string => `count(*) FILTER (WHERE ${condition})::integer`;

// Rows of a DAG and its own row are committed together: one statement sees them agree.
const STANDING = `
  SELECT d.id, d.dag_id, d.shard, d.name, d.status, d.total_tasks, d.completed_tasks, d.failed_tasks, d.skipped_tasks, d.cancelled_tasks, c.*,
    1000 * extract(epoch FROM clock_timestamp() - greatest(d.created_at, d.started_at, c.moved_at))::double precision AS still_ms
  FROM page d CROSS JOIN LATERAL (
    SELECT count(*)::integer AS total, ${countOf(`t.status = 'COMPLETED'`)} AS completed, ${countOf(`t.status = 'FAILED'`)} AS failed,
      ${countOf(`t.status = 'SKIPPED'`)} AS skipped, ${countOf(`t.status = 'CANCELLED'`)} AS cancelled,
      ${countOf(`t.status IN ('QUEUED', 'RUNNING', 'RETRYING', 'WAITING', 'CANCELLING')`)} AS active,
      ${countOf(`t.status = 'PENDING' AND t.reason IS NOT NULL AND t.reason::json ->> 'approval' IS DISTINCT FROM 'REQUIRED'`)} AS held, max(greatest(t.queued_at, t.completed_at)) AS moved_at,
      (array_agg(json_build_object('task', t.index, 'name', t.name, 'dispatch', t.dispatch, 'status', t.status, 'session', t.session,
        'why', CASE WHEN ${UNDUE} THEN 'undue' ELSE 'holderless' END)) FILTER (WHERE (${UNDUE}) OR $1::text[] IS NOT NULL AND ${HOLDERLESS}))[1:${String(SUSPECTS)}] AS suspects
    FROM tasks t WHERE t.dag_id = d.dag_id
  ) c`;

const LIVE = `
  WITH next AS MATERIALIZED (
    SELECT * FROM dags WHERE status IN ('CREATED', 'RUNNING', 'PAUSED') AND (shard, id) > ($3, $4::bigint) ORDER BY shard, id LIMIT ${String(DAGS_AT_ONCE)}
  ), sized AS (
    SELECT *, sum(total_tasks) OVER (ORDER BY shard, id) - total_tasks AS before FROM next
  ), page AS (SELECT * FROM sized WHERE before < ${String(TASKS_AT_ONCE)})
  ${STANDING} ORDER BY d.shard, d.id`;

const ENDED = `
  WITH next AS MATERIALIZED (SELECT * FROM dags ORDER BY id DESC LIMIT ${String(DAGS_AT_ONCE)}),
  sized AS (SELECT *, sum(total_tasks) OVER (ORDER BY id DESC) - total_tasks AS before FROM next),
  page AS (SELECT * FROM sized WHERE before < ${String(TASKS_AT_ONCE)} AND status NOT IN ('CREATED', 'RUNNING', 'PAUSED'))
  ${STANDING}`;

interface StandingRow {
  readonly id: string;
  readonly dag_id: DagId;
  readonly shard: number;
  readonly name: string;
  readonly status: DagStatus;
  readonly total_tasks: number;
  readonly completed_tasks: number;
  readonly failed_tasks: number;
  readonly skipped_tasks: number;
  readonly cancelled_tasks: number;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly active: number;
  readonly held: number;
  readonly still_ms: number;
  readonly suspects: SuspectTask[] | null;
}

const standingOf = (row: StandingRow): DagStanding => ({
  dag: row.dag_id,
  shard: row.shard,
  name: row.name,
  status: row.status,
  total: row.total_tasks,
  counters: { completed: row.completed_tasks, failed: row.failed_tasks, skipped: row.skipped_tasks, cancelled: row.cancelled_tasks },
  rows: {
    total: row.total,
    completed: row.completed,
    failed: row.failed,
    skipped: row.skipped,
    cancelled: row.cancelled,
    active: row.active,
    held: row.held,
  },
  stillMs: row.still_ms,
  suspects: row.suspects ?? [],
});

const before = (ms: number): string => `clock_timestamp() - $${String(ms)}::double precision * interval '1 millisecond'`;
const since = (column: string): string => `round(1000 * extract(epoch FROM clock_timestamp() - ${column}))::double precision`;
const OWNED = `EXISTS (SELECT 1 FROM shards s WHERE s.id = shard AND s.lease_until > clock_timestamp())`;
const MOST = `LIMIT ${String(LATE_AT_ONCE)}`;

const LATE = {
  tasks: `SELECT dag_id AS dag, index AS task, dispatch, ${since('due_at')} AS "lateMs" FROM tasks
    WHERE due_at IS NOT NULL AND due_at < ${before(1)} AND ${OWNED} ORDER BY due_at ${MOST}`,
  dags: `SELECT dag_id AS dag, NULL::integer AS task, 0 AS dispatch, ${since('due_at')} AS "lateMs" FROM dags
    WHERE due_at IS NOT NULL AND status IN ('CREATED', 'RUNNING', 'PAUSED') AND due_at < ${before(1)} AND ${OWNED} ORDER BY due_at ${MOST}`,
  shards: `SELECT id AS shard, epoch::integer AS epoch, ${since('lease_until')} AS "sinceMs" FROM shards
    WHERE owner IS NULL OR lease_until < clock_timestamp() ORDER BY id ${MOST}`,
  commands: `SELECT id, dag_id AS dag, kind, ${since('greatest(requested_at, not_before)')} AS "lateMs" FROM commands
    WHERE outcome IS NULL AND greatest(requested_at, not_before) < ${before(1)} ORDER BY id ${MOST}`,
  letters: `SELECT id, shard, ${since('failed_at')} AS "lateMs" FROM dead_letters
    WHERE published_at IS NULL AND failed_at < ${before(1)} ORDER BY id ${MOST}`,
  removals: `SELECT dag_id AS dag, ${since('requested_at')} AS "lateMs" FROM removals WHERE requested_at < ${before(1)} ORDER BY requested_at ${MOST}`,
} as const;

const RECOUNT = `
  UPDATE dags d SET completed_tasks = c.completed, failed_tasks = c.failed, skipped_tasks = c.skipped, cancelled_tasks = c.cancelled, total_tasks = c.total
  FROM (SELECT count(*)::integer AS total, ${countOf(`t.status = 'COMPLETED'`)} AS completed, ${countOf(`t.status = 'FAILED'`)} AS failed,
    ${countOf(`t.status = 'SKIPPED'`)} AS skipped, ${countOf(`t.status = 'CANCELLED'`)} AS cancelled FROM tasks t WHERE t.dag_id = $1) c
  WHERE d.dag_id = $1 AND d.status NOT IN ('CREATED', 'RUNNING', 'PAUSED')`;

const WANTED_COLUMNS: readonly ArrayColumn<Wanted>[] = [
  plain('uuid', (each) => each.dag),
  plain('integer', (each) => each.task),
  plain('integer', (each) => each.dispatch),
];

// A first dispatch may leave before the commit that makes its task QUEUED, and before any that writes its number.
const UNNEEDED = `
  SELECT u.place::integer AS place, round(1000 * extract(epoch FROM clock_timestamp() - greatest(t.queued_at, t.started_at, t.completed_at)))::double precision AS since
  FROM unnest(${parametersOf(WANTED_COLUMNS)}) WITH ORDINALITY AS u (dag_id, index, dispatch, place)
  LEFT JOIN tasks t ON t.dag_id = u.dag_id AND t.index = u.index
  WHERE t.index IS NULL OR NOT (t.status IN ('PENDING', 'QUEUED', 'RUNNING', 'CANCELLING') AND greatest(t.dispatch, 1) = u.dispatch)
  ORDER BY u.place`;

const readUnneeded = async <T extends Wanted>(pool: Pool, wanted: readonly T[]): Promise<Unneeded<T>[]> => {
  if (wanted.length === 0) return [];
  const { rows } = await pool.query<{ place: number; since: number | null }>(UNNEEDED, valuesOf(WANTED_COLUMNS, wanted));
  return rows.map(({ place, since: sinceMs }) => ({ wanted: wanted[place - 1]!, sinceMs }));
};

const readLate = async (pool: Pool, { dueMs, commandMs, letterMs, removalMs }: LateLimits): Promise<Late> => {
  const rows = async <R>(text: string, ...values: number[]): Promise<R[]> => (await pool.query(text, values)).rows as R[];
  return {
    due: [...(await rows<Late['due'][number]>(LATE.tasks, dueMs)), ...(await rows<Late['due'][number]>(LATE.dags, dueMs))],
    shards: await rows(LATE.shards),
    commands: await rows(LATE.commands, commandMs),
    letters: await rows(LATE.letters, letterMs),
    removals: await rows(LATE.removals, removalMs),
  };
};

const LEAST_ID = '-1';

/** Makes the RowAudit of an open, migrated database. */
export const createRowAudit = ({ views, engine }: Pick<Database, 'views' | 'engine'>): RowAudit => ({
  liveDags: (after: DagPlace | null, { sessions, cancellingMs }) =>
    reaching(async () => {
      const { rows } = await views.query<StandingRow>(LIVE, [sessions, cancellingMs, after?.shard ?? 0, after?.id ?? LEAST_ID]);
      const last = rows.at(-1);
      return { dags: rows.map(standingOf), next: last === undefined ? null : { shard: last.shard, id: last.id } };
    }),
  endedDags: () => reaching(async () => (await views.query<StandingRow>(ENDED, [null, 0])).rows.map(standingOf)),
  late: (limits) => reaching(() => readLate(views, limits)),
  unneeded: (wanted) => reaching(() => readUnneeded(views, wanted)),
  recount: (dag) =>
    reaching(() =>
      transaction(engine, async (client) => {
        // Whoever commits to the shard locks its row first: from here on nothing of the DAG changes.
        await client.query('SELECT 1 FROM shards WHERE id = $1 FOR UPDATE', [shardOf(dag)]);
        return (await client.query(RECOUNT, [dag])).rowCount === 1;
      }),
    ),
});
