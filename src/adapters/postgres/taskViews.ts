/** Tasks as the API shows them. */
import type { Pool } from 'pg';
import {
  DAG_STATUSES,
  type DagReason,
  type DagStatus,
  isFinalDag,
  isFinalTask,
  TASK_STATUSES,
  type TaskOptions,
  type TaskReason,
  type TaskStatus,
} from '../../core/dag';
import type { DagId, TaskRef } from '../../core/ids';
import type { PoolUse, TaskBlockers, TaskCursor, TaskFilter, TaskView, TaskViews } from '../../ports/views';
import { allOf, anyOf, createdWithin, createParameters, literalList, nameIs, type Parameters } from './conditions';
import type { Database } from './database';
import { reaching } from './failures';
import { type Parent, type Parents, parentKey, TASK_ROW, taskView, type TaskRow } from './taskRows';

const readParents = async (pool: Pool, rows: readonly TaskRow[]): Promise<Parents> => {
  const wanted = new Map<string, Set<number>>();
  for (const { dag_id: dag, dependencies } of rows) {
    const indexes = wanted.get(dag) ?? new Set();
    for (const index of dependencies) indexes.add(index);
    wanted.set(dag, indexes);
  }
  const pairs = [...wanted].flatMap(([dag, indexes]) => Array.from(indexes, (index) => ({ dag, index })));
  if (pairs.length === 0) return new Map();
  const answer = await pool.query<Parent & { dag_id: string; index: number }>({
    name: 'parents',
    text: `SELECT p.dag_id, p.index, p.name, p.status, p.completed_at, p.reason::json ->> 'code' AS reason FROM unnest($1::uuid[], $2::integer[]) AS u (dag_id, index)
      JOIN tasks p ON p.dag_id = u.dag_id AND p.index = u.index`,
    values: [pairs.map(({ dag }) => dag), pairs.map(({ index }) => index)],
  });
  return new Map(answer.rows.map((row) => [parentKey(row.dag_id, row.index), row]));
};

export const readTasks = async (pool: Pool, text: string, values: readonly unknown[]): Promise<TaskView[]> => {
  const { rows } = await pool.query<TaskRow>(text, [...values]);
  const parents = await readParents(pool, rows);
  return rows.map((row) => taskView(row, parents));
};

const ONE = `SELECT ${TASK_ROW} FROM tasks t JOIN dags d ON d.dag_id = t.dag_id WHERE t.dag_id = $1 AND t.index = $2`;
const OF_DAG = `SELECT ${TASK_ROW} FROM tasks t JOIN dags d ON d.dag_id = t.dag_id WHERE t.dag_id = $1 AND t.index >= $2 ORDER BY t.index LIMIT $3`;

/** The dependencies of `t` of which this is true. */
const PARENTS = 'SELECT 1 FROM tasks p WHERE p.dag_id = t.dag_id AND p.index = ANY (t.dependencies)';

const FINAL = `p.status IN (${literalList(TASK_STATUSES.filter(isFinalTask))})`;

const BAD_PARENT = `(p.status IN ('FAILED', 'CANCELLED') OR p.status = 'SKIPPED' AND p.reason::json ->> 'code' IS DISTINCT FROM 'SKIPPED_BY_HAND')`;

/** Whether a PENDING row is ready all the same: what core/rules.ts answers from counters. */
const RULE_MET = `(t.reason IS NULL AND CASE coalesce(t.options::json ->> 'triggerRule', 'all_success')
  WHEN 'all_success' THEN NOT EXISTS (${PARENTS} AND p.status <> 'COMPLETED')
  WHEN 'all_done' THEN NOT EXISTS (${PARENTS} AND NOT ${FINAL})
  WHEN 'one_success' THEN t.dependencies = '{}' OR EXISTS (${PARENTS} AND p.status = 'COMPLETED')
  WHEN 'none_failed' THEN NOT EXISTS (${PARENTS} AND (NOT ${FINAL} OR ${BAD_PARENT}))
  ELSE true END)`;

/** The condition for a status as it is shown: a PENDING row whose trigger rule is met is shown as QUEUED. */
export const shownAs = (status: TaskStatus): string => {
  if (status === 'PENDING') return `(t.status = 'PENDING' AND NOT ${RULE_MET})`;
  if (status === 'QUEUED') return `(t.status = 'QUEUED' OR (t.status = 'PENDING' AND ${RULE_MET}))`;
  return `t.status = ${literalList([status])}`;
};

const LIVE_DAG = `d.status IN (${literalList(DAG_STATUSES.filter((status) => !isFinalDag(status)))})`;

const POOL = `t.options::json ->> 'pool'`;

/** Which DAGs can hold such a task: it keeps a search for rare statuses away from the finished DAGs. */
const dagsWith = (status: TaskStatus): string => {
  if (status === 'COMPLETED') return 'd.completed_tasks > 0';
  if (status === 'FAILED') return 'd.failed_tasks > 0';
  if (status === 'SKIPPED') return 'd.skipped_tasks > 0';
  if (status === 'CANCELLED') return 'd.cancelled_tasks > 0';
  return LIVE_DAG;
};

/** The conditions on DAGs and on their tasks that a filter and a cursor mean; undefined where nothing can match. */
const conditionsOf = (filter: TaskFilter, after: TaskCursor | undefined, parameters: Parameters): { dags: string[]; tasks: string[] } | undefined => {
  const dags = createdWithin('d.created_at', filter, parameters);
  const tasks: string[] = [];
  if (filter.status !== undefined) {
    const statuses = TASK_STATUSES.filter((status) => filter.status?.includes(status));
    if (statuses.length === 0) return undefined;
    dags.push(anyOf([...new Set(statuses.map(dagsWith))]));
    tasks.push(anyOf(statuses.map(shownAs)));
  }
  if (filter.name !== undefined) tasks.push(nameIs('t.name', filter.name, parameters));
  if (filter.type !== undefined) tasks.push(`t.type = ${parameters.of(filter.type)}`);
  if (filter.pool !== undefined) tasks.push(`${POOL} = ${parameters.of(filter.pool)}`);
  if (filter.tag !== undefined) tasks.push(`${parameters.of(filter.tag)} = ANY (t.tags)`);
  if (after !== undefined) {
    const dag = `${parameters.of(after.dag)}::uuid`;
    dags.push(`d.id <= (SELECT id FROM dags WHERE dag_id = ${dag})`);
    tasks.push(`(t.dag_id <> ${dag} OR t.index > ${parameters.of(after.task)})`);
  }
  return { dags, tasks };
};

/**
 * The list over all DAGs walks back from the newest DAG and takes each DAG's tasks by index. Status and time narrow the DAGs;
 * name, tag, type and pool have no index, since one would cost each task of the system more than a list is worth: a filter that
 * matches next to nothing in a large store runs into the views' statement timeout, and a window of time makes it answer.
 */
const listTasks = async (pool: Pool, filter: TaskFilter, limit: number, after: TaskCursor | undefined): Promise<TaskView[]> => {
  const parameters = createParameters();
  const conditions = conditionsOf(filter, after, parameters);
  if (conditions === undefined) return [];
  const count = parameters.of(limit);
  // The inner limit bounds what is sorted for one DAG, whatever its size.
  const text = `
    SELECT r.* FROM (SELECT d.id, d.dag_id, d.created_at FROM dags d WHERE ${allOf(conditions.dags)} ORDER BY d.id DESC) d
    CROSS JOIN LATERAL (
      SELECT ${TASK_ROW} FROM tasks t WHERE t.dag_id = d.dag_id AND ${allOf(conditions.tasks)} ORDER BY t.index LIMIT ${count}
    ) r
    ORDER BY d.id DESC, r.index LIMIT ${count}`;
  return readTasks(pool, text, parameters.values);
};

const BLOCKERS = `
  SELECT d.status AS dag_status, d.reason AS dag_reason, d.max_running, t.options, t.reason AS task_reason, p.index, p.name, p.status, count(p.index) OVER ()::integer AS total
  FROM tasks t
  JOIN dags d ON d.dag_id = t.dag_id
  LEFT JOIN tasks p ON p.dag_id = t.dag_id AND p.index = ANY (t.dependencies)
    AND p.status NOT IN (${literalList(TASK_STATUSES.filter(isFinalTask))})
  WHERE t.dag_id = $1 AND t.index = $2
  ORDER BY p.index LIMIT greatest($3::integer, 1)`;

interface BlockerRow {
  readonly dag_status: DagStatus;
  readonly dag_reason: string | null;
  readonly max_running: number | null;
  readonly options: string | null;
  readonly task_reason: string | null;
  readonly index: number | null;
  readonly name: string;
  readonly status: TaskStatus;
  readonly total: number;
}

const readBlockers = async (pool: Pool, { dag, task }: TaskRef, limit: number): Promise<TaskBlockers | undefined> => {
  const { rows } = await pool.query<BlockerRow>({ name: 'blockers', text: BLOCKERS, values: [dag, task, limit] });
  const [first] = rows;
  if (first === undefined) return undefined;
  const unfinished = rows.slice(0, limit).flatMap(({ index, name, status }) => (index === null ? [] : [{ ref: { dag, task: index }, name, status }]));
  const options = first.options === null ? null : (JSON.parse(first.options) as TaskOptions);
  const reason = first.task_reason === null ? null : (JSON.parse(first.task_reason) as TaskReason);
  return {
    dagStatus: first.dag_status,
    unfinished,
    unfinishedTotal: first.total,
    maxRunning: first.max_running,
    triggerRule: options?.triggerRule ?? 'all_success',
    hold: reason?.code === 'HELD' ? reason : null,
    pause: first.dag_status === 'PAUSED' && first.dag_reason !== null ? (JSON.parse(first.dag_reason) as DagReason) : null,
  };
};

const RUNNING_IN = `
  SELECT ${TASK_ROW} FROM dags d JOIN tasks t ON t.dag_id = d.dag_id
  WHERE d.status IN ('CREATED', 'RUNNING', 'PAUSED') AND t.session = $1 AND t.status = 'RUNNING' LIMIT $2`;

const POOLS = `
  SELECT ${POOL} AS name, count(*) FILTER (WHERE t.status = 'RUNNING')::integer AS running, count(*) FILTER (WHERE ${shownAs('QUEUED')})::integer AS waiting
  FROM dags d JOIN tasks t ON t.dag_id = d.dag_id
  WHERE ${LIVE_DAG} AND t.status IN ('PENDING', 'QUEUED', 'RUNNING') AND ${POOL} IS NOT NULL
  GROUP BY 1 ORDER BY 1 LIMIT $1`;

const readCheckpoint = async (pool: Pool, { dag, task }: TaskRef): Promise<string | null> => {
  const text = 'SELECT checkpoint FROM tasks WHERE dag_id = $1 AND index = $2';
  const { rows } = await pool.query<{ checkpoint: string | null }>({ name: 'checkpoint', text, values: [dag, task] });
  return rows[0]?.checkpoint ?? null;
};

/** Makes the TaskViews of an open, migrated database. */
export const createTaskViews = ({ views: pool }: Pick<Database, 'views'>): TaskViews => ({
  task: (ref) => reaching(async () => (await readTasks(pool, ONE, [ref.dag, ref.task]))[0]),
  tasksOf: (dag: DagId, from, limit) => reaching(() => readTasks(pool, OF_DAG, [dag, from, limit])),
  tasks: (filter, limit, after) => reaching(() => listTasks(pool, filter, limit, after)),
  runningIn: (session, limit) => reaching(() => readTasks(pool, RUNNING_IN, [session, limit])),
  pools: (limit) => reaching(async () => (await pool.query<PoolUse>({ name: 'pools', text: POOLS, values: [limit] })).rows),
  checkpoint: (ref) => reaching(() => readCheckpoint(pool, ref)),
  blockers: (ref, limit) => reaching(() => readBlockers(pool, ref, limit)),
});
