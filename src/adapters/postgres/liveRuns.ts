/** How the engine reads back what isn't final: after a takeover, and where an event or a hint names a DAG that isn't in memory. */
import type { Pool } from 'pg';
import type { BudgetUse, CheckpointMark, DagRecord, TaskRecord } from '../../core/change';
import type { Backoff, DagOrder, DagReason, DagStatus, Simulation, TaskOptions, TaskReason, TaskStatus } from '../../core/dag';
import type { DagId } from '../../core/ids';
import { reaching } from './failures';

interface DagRow {
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
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly reason: string | null;
  readonly due_at: Date | null;
  readonly max_running: number | null;
  readonly tenant: string | null;
  readonly task_order: DagOrder | null;
  readonly trace: string | null;
  readonly version: number;
}

interface TaskRow {
  readonly dag_id: DagId;
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: string[];
  readonly dependencies: number[];
  readonly max_retries: number;
  readonly backoff: string;
  readonly timeout_seconds: number | null;
  readonly simulate: string | null;
  readonly has_payload: boolean;
  readonly has_result: boolean;
  readonly has_checkpoint: boolean;
  readonly checkpoint_fence: string | null;
  readonly checkpoint_sequence: number | null;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly dispatch: number;
  readonly losses: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly fence: string | null;
  readonly queued_at: Date | null;
  readonly dispatched_at: Date | null;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly due_at: Date | null;
  readonly blocked_ms: string;
  readonly queued_ms: string;
  readonly dispatched_ms: string;
  readonly running_ms: string;
  readonly retry_wait_ms: string;
  readonly options: string | null;
  readonly reason: string | null;
  readonly budgets: string | null;
}

const LIVE = `status IN ('CREATED', 'RUNNING', 'PAUSED')`;

const DAG_COLUMNS = `id, dag_id, shard, name, status, total_tasks, completed_tasks, failed_tasks, skipped_tasks, cancelled_tasks,
  created_at, started_at, completed_at, reason, due_at, max_running, tenant, task_order, trace, version`;

const TASK_COLUMNS = `dag_id, index, name, type, priority, tags, dependencies, max_retries, backoff, timeout_seconds, simulate,
  payload IS NOT NULL AS has_payload, result IS NOT NULL AS has_result, checkpoint IS NOT NULL AS has_checkpoint,
  checkpoint_fence, checkpoint_sequence,
  status, attempt, dispatch, losses, worker, session, fence, queued_at, dispatched_at, started_at, completed_at, due_at,
  blocked_ms, queued_ms, dispatched_ms, running_ms, retry_wait_ms, options, reason, budgets`;

/** How many DAGs one page looks at, and how many tasks it should hold (one DAG alone may hold more). */
const PAGE_DAGS = 500;
const PAGE_TASKS = 20_000;
/** Rows of one statement: more would keep the process from everything else while they are parsed. */
const SLICE_TASKS = 5_000;

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

const msOf = (date: Date | null): number | null => (date === null ? null : date.getTime());

/** Policies repeat, task after task: each text is parsed once for a page, and the value shared. */
const createInterned = (): ((json: string) => unknown) => {
  const values = new Map<string, unknown>();
  return (json) => {
    if (!values.has(json)) values.set(json, JSON.parse(json));
    return values.get(json);
  };
};

const markOf = ({ has_checkpoint, checkpoint_fence: fence, checkpoint_sequence: sequence }: TaskRow): CheckpointMark | null =>
  !has_checkpoint || fence === null || sequence === null ? null : { fence, sequence };

const taskRecord = (row: TaskRow, interned: (json: string) => unknown): TaskRecord => ({
  task: row.index,
  name: row.name,
  type: row.type,
  priority: row.priority,
  tags: row.tags,
  dependencies: row.dependencies,
  retry: { maxRetries: row.max_retries, backoff: interned(row.backoff) as Backoff },
  timeoutSeconds: row.timeout_seconds,
  simulate: row.simulate === null ? null : (interned(row.simulate) as Simulation),
  hasPayload: row.has_payload,
  hasResult: row.has_result,
  hasCheckpoint: row.has_checkpoint,
  checkpointMark: markOf(row),
  status: row.status,
  attempt: row.attempt,
  dispatch: row.dispatch,
  losses: row.losses,
  budgets: parsed(row.budgets) as BudgetUse | null,
  reason: parsed(row.reason) as TaskReason | null,
  options: row.options === null ? null : (interned(row.options) as TaskOptions),
  worker: row.worker,
  session: row.session,
  fence: row.fence,
  queuedAt: msOf(row.queued_at),
  dispatchedAt: msOf(row.dispatched_at),
  startedAt: msOf(row.started_at),
  completedAt: msOf(row.completed_at),
  dueAt: msOf(row.due_at),
  blockedMs: Number(row.blocked_ms),
  queuedMs: Number(row.queued_ms),
  dispatchedMs: Number(row.dispatched_ms),
  runningMs: Number(row.running_ms),
  retryWaitMs: Number(row.retry_wait_ms),
});

const dagRecord = (row: DagRow, tasks: readonly TaskRecord[]): DagRecord => ({
  dag: row.dag_id,
  shard: row.shard,
  name: row.name,
  status: row.status,
  completedTasks: row.completed_tasks,
  failedTasks: row.failed_tasks,
  skippedTasks: row.skipped_tasks,
  cancelledTasks: row.cancelled_tasks,
  createdAt: row.created_at.getTime(),
  startedAt: msOf(row.started_at),
  completedAt: msOf(row.completed_at),
  reason: parsed(row.reason) as DagReason | null,
  dueAt: msOf(row.due_at),
  maxRunning: row.max_running,
  tenant: row.tenant,
  order: row.task_order ?? 'fifo',
  trace: row.trace,
  version: row.version,
  tasks,
});

const readSlice = async (pool: Pool, dags: readonly string[], after: { readonly dag: string; readonly index: number }): Promise<TaskRow[]> => {
  const { rows } = await pool.query<TaskRow>({
    name: 'live_tasks',
    // The bounds are what leaves out other months' partitions, which no list of ids does in a plan that is kept.
    text: `SELECT ${TASK_COLUMNS} FROM tasks WHERE dag_id = ANY ($1::uuid[]) AND (dag_id, index) > ($2::uuid, $3) AND dag_id BETWEEN $2::uuid AND $5::uuid
      ORDER BY dag_id, index LIMIT $4`,
    values: [dags, after.dag, after.index, SLICE_TASKS, dags.at(-1)],
  });
  return rows;
};

/** All tasks of these DAGs by DAG, each list by index; in slices, so that other work gets its turn between them. */
const readTasks = async (pool: Pool, dags: readonly string[]): Promise<Map<string, TaskRecord[]>> => {
  const interned = createInterned();
  const tasks = new Map<string, TaskRecord[]>(dags.map((dag) => [dag, []]));
  const left = [...dags].sort();
  let after = { dag: left[0] ?? '', index: -1 };
  while (left.length > 0) {
    const rows = await readSlice(pool, left, after);
    for (const row of rows) tasks.get(row.dag_id)?.push(taskRecord(row, interned));
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICE_TASKS) break;
    after = { dag: last.dag_id, index: last.index };
    while (left[0] !== undefined && left[0] < last.dag_id) left.shift();
  }
  return tasks;
};

const withTasks = async (pool: Pool, rows: readonly DagRow[]): Promise<DagRecord[]> => {
  const tasks = await readTasks(
    pool,
    rows.map((row) => row.dag_id),
  );
  return rows.map((row) => dagRecord(row, tasks.get(row.dag_id) ?? []));
};

/** The rows in runs of about PAGE_TASKS tasks. */
function* pagesOf(rows: readonly DagRow[]): Generator<DagRow[], void> {
  let page: DagRow[] = [];
  let tasks = 0;
  for (const row of rows) {
    if (page.length > 0 && tasks + row.total_tasks > PAGE_TASKS) {
      yield page;
      page = [];
      tasks = 0;
    }
    page.push(row);
    tasks += row.total_tasks;
  }
  if (page.length > 0) yield page;
}

/** Makes `RunStore.liveDags`. */
export const createLiveDags = (pool: Pool) =>
  async function* liveDags(shard: number): AsyncGenerator<DagRecord[], void> {
    for (let after = '0'; ;) {
      const { rows } = await reaching(() =>
        pool.query<DagRow>({
          name: 'live_dags',
          text: `SELECT ${DAG_COLUMNS} FROM dags WHERE shard = $1 AND id > $2 AND ${LIVE} ORDER BY id LIMIT $3`,
          values: [shard, after, PAGE_DAGS],
        }),
      );
      for (const page of pagesOf(rows)) yield await reaching(() => withTasks(pool, page));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_DAGS) return;
      after = last.id;
    }
  };

const readDag = (pool: Pool, dag: DagId, query: { readonly name: string; readonly condition: string }): Promise<DagRecord | undefined> =>
  reaching(async () => {
    const text = `SELECT ${DAG_COLUMNS} FROM dags WHERE dag_id = $1${query.condition}`;
    const { rows } = await pool.query<DagRow>({ name: query.name, text, values: [dag] });
    return (await withTasks(pool, rows))[0];
  });

/** Makes `RunStore.liveDag`. */
export const createLiveDag =
  (pool: Pool) =>
  (dag: DagId): Promise<DagRecord | undefined> =>
    readDag(pool, dag, { name: 'live_dag', condition: ` AND ${LIVE}` });

/** Makes `RunStore.anyDag`. */
export const createAnyDag =
  (pool: Pool) =>
  (dag: DagId): Promise<DagRecord | undefined> =>
    readDag(pool, dag, { name: 'any_dag', condition: '' });

/** Makes `RunStore.createdDags`. */
export const createCreatedDags =
  (pool: Pool) =>
  (shards: readonly number[], window: { readonly fromMs: number; readonly toMs: number }, limit: number): Promise<DagId[]> =>
    reaching(async () => {
      const { rows } = await pool.query<{ dag_id: DagId }>({
        name: 'created_dags',
        text: `SELECT dag_id FROM dags
          WHERE status = 'CREATED' AND created_at >= to_timestamp($2::double precision / 1000)
            AND created_at < to_timestamp($3::double precision / 1000) AND shard = ANY ($1::smallint[])
          ORDER BY created_at, id LIMIT $4`,
        values: [shards, window.fromMs, window.toMs, limit],
      });
      return rows.map((row) => row.dag_id);
    });
