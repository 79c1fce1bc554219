/** DAGs as the API shows them. */
import type { Pool } from 'pg';
import { DAG_STATUSES, type DagOrder, type DagReason, type DagStatus, type TaskDefaults } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { DagCursor, DagFilter, DagView, DagViews } from '../../ports/views';
import { allOf, createdWithin, createParameters, literalList, nameIs } from './conditions';
import type { Database } from './database';
import { reaching } from './failures';

interface DagRow {
  readonly id: string;
  readonly dag_id: DagId;
  readonly name: string;
  readonly description: string | null;
  readonly status: DagStatus;
  readonly tags: string[];
  readonly total_tasks: number;
  readonly completed_tasks: number;
  readonly failed_tasks: number;
  readonly skipped_tasks: number;
  readonly cancelled_tasks: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly reason: string | null;
  readonly due_at: Date | null;
  readonly late_at: Date | null;
  readonly max_running: number | null;
  readonly tenant: string | null;
  readonly task_order: DagOrder | null;
  readonly schedule_id: string | null;
  readonly scheduled_for: Date | null;
  readonly version: number;
}

const COLUMNS = `id, dag_id, name, description, status, tags, total_tasks, completed_tasks, failed_tasks, skipped_tasks,
  cancelled_tasks, created_at, started_at, completed_at, reason, due_at, late_at, max_running, tenant, task_order, schedule_id, scheduled_for, version`;

const dagView = (row: DagRow): DagView => ({
  id: Number(row.id),
  dagId: row.dag_id,
  dagName: row.name,
  description: row.description,
  status: row.status,
  tags: row.tags,
  totalTasks: row.total_tasks,
  completedTasks: row.completed_tasks,
  failedTasks: row.failed_tasks,
  skippedTasks: row.skipped_tasks,
  cancelledTasks: row.cancelled_tasks,
  createdAt: row.created_at.getTime(),
  startedAt: row.started_at?.getTime() ?? null,
  completedAt: row.completed_at?.getTime() ?? null,
  reason: row.reason === null ? null : (JSON.parse(row.reason) as DagReason),
  dueAt: row.due_at?.getTime() ?? null,
  lateAt: row.late_at?.getTime() ?? null,
  maxRunning: row.max_running,
  tenant: row.tenant,
  order: row.task_order ?? 'fifo',
  scheduleId: row.schedule_id,
  scheduledFor: row.scheduled_for?.getTime() ?? null,
  version: row.version,
});

const knownStatuses = (asked: readonly DagStatus[]): readonly DagStatus[] => DAG_STATUSES.filter((status) => asked.includes(status));

const listDags = async (pool: Pool, filter: DagFilter, limit: number, after: DagCursor | undefined): Promise<DagView[]> => {
  const statuses = filter.status === undefined ? undefined : knownStatuses(filter.status);
  if (statuses?.length === 0) return [];
  const parameters = createParameters();
  const conditions = createdWithin('created_at', filter, parameters);
  if (statuses !== undefined) conditions.push(`status IN (${literalList(statuses)})`);
  if (after !== undefined) conditions.push(`id < ${parameters.of(after.id)}`);
  if (filter.name !== undefined) conditions.push(nameIs('name', filter.name, parameters));
  if (filter.scheduleId !== undefined) conditions.push(`schedule_id = ${parameters.of(filter.scheduleId)}::uuid`);
  // The index over tags is limited to rows that have any.
  if (filter.tag !== undefined) conditions.push(`tags <> '{}' AND tags @> ARRAY[${parameters.of(filter.tag)}]::text[]`);
  const text = `SELECT ${COLUMNS} FROM dags WHERE ${allOf(conditions)} ORDER BY id DESC LIMIT ${parameters.of(limit)}`;
  const { rows } = await pool.query<DagRow>(text, parameters.values);
  return rows.map(dagView);
};

/** These DAGs, in no order. */
export const readDags = async (pool: Pool, dags: readonly DagId[]): Promise<DagView[]> => {
  const text = `SELECT ${COLUMNS} FROM dags WHERE dag_id = ANY ($1::uuid[])`;
  const { rows } = await pool.query<DagRow>({ name: 'dags_among', text, values: [dags] });
  return rows.map(dagView);
};

/** Makes the DagViews of an open, migrated database. */
export const createDagViews = ({ views: pool }: Pick<Database, 'views'>): DagViews => ({
  dag: (dag) =>
    reaching(async () => {
      const { rows } = await pool.query<DagRow>({ name: 'dag_view', text: `SELECT ${COLUMNS} FROM dags WHERE dag_id = $1`, values: [dag] });
      return rows.map(dagView)[0];
    }),
  taskDefaults: (dag) =>
    reaching(async () => {
      const text = 'SELECT defaults FROM dags WHERE dag_id = $1 AND defaults IS NOT NULL';
      const { rows } = await pool.query<{ defaults: string }>({ name: 'task_defaults', text, values: [dag] });
      return rows.map(({ defaults }) => JSON.parse(defaults) as TaskDefaults)[0];
    }),
  submittedUnder: (key) =>
    reaching(async () => {
      const text = 'SELECT dag_id, body_hash FROM idempotency_keys WHERE key = $1';
      const { rows } = await pool.query<{ dag_id: DagId; body_hash: string }>({ name: 'submitted_under', text, values: [key] });
      return rows.map((row) => ({ dag: row.dag_id, bodyHash: row.body_hash }))[0];
    }),
  dags: (filter, limit, after) => reaching(() => listDags(pool, filter, limit, after)),
});
