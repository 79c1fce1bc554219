/** How new DAGs are stored: whole or not at all, and once for each idempotency key. */
import type { Pool, PoolClient, QueryResult } from 'pg';
import type { PlannedDag, PlannedTask } from '../../core/dag';
import { firstDueAt } from '../../core/deadlines';
import { firstReason, startsAtOnce } from '../../core/rules';
import type { Admission, Submission } from '../../ports/store';
import { type ArrayColumn, json, nested, parametersOf, plain, texts, valuesOf } from './arrays';
import { transaction } from './connections';
import { reaching } from './failures';

interface TaskRow {
  readonly dag: PlannedDag;
  readonly index: number;
  readonly task: PlannedTask;
}

/** What can run a statement: a pool by itself, or a client within a transaction. */
type Runner = Pick<Pool | PoolClient, 'query'>;

const DAG_COLUMNS: readonly ArrayColumn<PlannedDag>[] = [
  plain('uuid', (dag) => dag.dagId),
  plain('smallint', (dag) => dag.shard),
  texts((dag) => dag.name),
  texts((dag) => dag.description),
  nested((dag) => dag.tags),
  plain('integer', (dag) => dag.tasks.length),
  plain('double precision', (dag) => dag.createdAt),
  plain('double precision', (dag) => dag.dueAt),
  json((dag) => dag.defaults ?? null),
  plain('integer', (dag) => dag.maxRunning ?? null),
  texts((dag) => dag.tenant ?? null),
  texts((dag) => dag.order ?? null),
  plain('uuid', (dag) => dag.origin?.scheduleId ?? null),
  plain('double precision', (dag) => dag.origin?.scheduledFor ?? null),
  plain('double precision', (dag) => dag.lateAt ?? null),
  texts((dag) => dag.trace ?? null),
];

const TASK_COLUMNS: readonly ArrayColumn<TaskRow>[] = [
  plain('uuid', ({ dag }) => dag.dagId),
  plain('integer', ({ index }) => index),
  plain('smallint', ({ dag }) => dag.shard),
  plain('smallint', ({ task }) => task.priority),
  plain('integer', ({ task }) => task.retry.maxRetries),
  plain('double precision', ({ task }) => task.timeoutSeconds),
  texts(({ task }) => task.name),
  texts(({ task }) => task.type),
  nested(({ task }) => task.dependencies),
  nested(({ task }) => task.tags),
  json(({ task }) => task.retry.backoff),
  json(({ task }) => task.simulate),
  texts(({ task }) => task.payload),
  json(({ task }) => task.options),
  json(({ dag, task }) => (task.options === null ? null : firstReason(task, dag.createdAt))),
  plain('double precision', ({ dag, task }) => (startsAtOnce(task) ? dag.createdAt : null)),
  plain('double precision', ({ dag, task }) => (startsAtOnce(task) ? firstDueAt(task, dag.createdAt) : null)),
];

const insertTasks = (first: number): string => `
  INSERT INTO tasks (dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies, tags, backoff, simulate,
    payload, options, reason, status, queued_at, due_at)
  SELECT dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies::integer[], tags::text[], backoff,
    simulate, payload, options, reason, CASE WHEN queued IS NULL THEN 'PENDING' ELSE 'QUEUED' END, to_timestamp(queued / 1000), to_timestamp(due / 1000)
  FROM unnest(${parametersOf(TASK_COLUMNS, first)})
    AS u (dag_id, index, shard, priority, max_retries, timeout_seconds, name, type, dependencies, tags, backoff, simulate, payload, options, reason,
      queued, due)`;

const INSERT_TASKS = insertTasks(1);

const INSERT_DAGS = `
  WITH stored AS (
    INSERT INTO dags (dag_id, shard, name, description, tags, total_tasks, created_at, due_at, defaults, max_running, tenant,
      task_order, schedule_id, scheduled_for, late_at, trace, status)
    SELECT dag_id, shard, name, description, tags::text[], total_tasks, to_timestamp(created / 1000), to_timestamp(due / 1000), defaults, max_running, tenant,
      task_order, schedule, to_timestamp(scheduled / 1000), to_timestamp(late / 1000), trace, 'CREATED'
    FROM unnest(${parametersOf(DAG_COLUMNS)}) WITH ORDINALITY AS u (dag_id, shard, name, description, tags, total_tasks, created, due, defaults,
      max_running, tenant, task_order, schedule, scheduled, late, trace, n)
    ORDER BY n
    RETURNING id, dag_id
  ), tasks_stored AS (${insertTasks(DAG_COLUMNS.length + 1)})
  SELECT id, dag_id FROM stored`;

// Keys are inserted in one order by everyone, so that two batches with the same keys never wait in a circle.
const INSERT_KEYS = `
  INSERT INTO idempotency_keys (key, body_hash, dag_id)
  SELECT key, body_hash, dag_id FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY AS u (key, body_hash, dag_id, n)
  ORDER BY key COLLATE "C", n
  ON CONFLICT (key) DO NOTHING`;

interface Keyed {
  readonly dag: PlannedDag;
  readonly idempotency: NonNullable<Submission['idempotency']>;
}

interface StoredKey {
  readonly key: string;
  readonly body_hash: string;
  readonly dag_id: PlannedDag['dagId'];
}

const KEY_COLUMNS: readonly ArrayColumn<Keyed>[] = [
  texts(({ idempotency }) => idempotency.key),
  texts(({ idempotency }) => idempotency.bodyHash),
  plain('uuid', ({ dag }) => dag.dagId),
];

/** What one statement carries, in characters, roughly: enough to make round trips cheap, small enough to build without a pause. */
const CHUNK_WEIGHT = 500_000;

const weightOf = (task: PlannedTask): number =>
  250 + task.name.length + task.dependencies.length * 7 + task.tags.length * 20 + (task.payload?.length ?? 0);

/** All tasks of these DAGs, in portions for one statement each; the first may be empty. */
function* chunksOf(dags: readonly PlannedDag[]): Generator<TaskRow[], void> {
  let chunk: TaskRow[] = [];
  let weight = 0;
  for (const dag of dags) {
    for (const [index, task] of dag.tasks.entries()) {
      if (weight > CHUNK_WEIGHT) {
        yield chunk;
        chunk = [];
        weight = 0;
      }
      chunk.push({ dag, index, task });
      weight += weightOf(task);
    }
  }
  yield chunk;
}

/** The DAGs' numbers by their ids. */
type Ids = Map<string, number>;

const insertFirst = async (runner: Runner, dags: readonly PlannedDag[], tasks: readonly TaskRow[]): Promise<Ids> => {
  const values = [...valuesOf(DAG_COLUMNS, dags), ...valuesOf(TASK_COLUMNS, tasks)];
  const answer: QueryResult<{ id: string; dag_id: string }> = await runner.query({ name: 'admit', text: INSERT_DAGS, values });
  return new Map(answer.rows.map((row) => [row.dag_id, Number(row.id)]));
};

const insertAll = async (client: PoolClient, dags: readonly PlannedDag[]): Promise<Ids> => {
  let ids: Ids | undefined;
  for (const chunk of chunksOf(dags)) {
    if (ids === undefined) ids = await insertFirst(client, dags, chunk);
    else await client.query({ name: 'admit_tasks', text: INSERT_TASKS, values: valuesOf(TASK_COLUMNS, chunk) });
  }
  return ids ?? new Map<string, number>();
};

/**
 * Claims the keys and answers who holds each of them. A key that another transaction is just about to store is waited for, and
 * the read that follows sees what it stored.
 */
const claimKeys = async (client: PoolClient, keyed: readonly Keyed[]): Promise<Map<string, StoredKey>> => {
  if (keyed.length === 0) return new Map();
  const values = valuesOf(KEY_COLUMNS, keyed);
  await client.query({ name: 'admit_keys', text: INSERT_KEYS, values });
  const { rows } = await client.query<StoredKey>({
    name: 'read_keys',
    text: 'SELECT key, body_hash, dag_id FROM idempotency_keys WHERE key = ANY ($1::text[])',
    values: values.slice(0, 1),
  });
  return new Map(rows.map((row) => [row.key, row]));
};

/** What an earlier submission under the same key left, or undefined where this one is to be stored. */
const repetitionOf = ({ dag, idempotency }: Submission, holders: ReadonlyMap<string, StoredKey>): Admission | undefined => {
  const holder = idempotency === null ? undefined : holders.get(idempotency.key);
  if (holder === undefined || holder.dag_id === dag.dagId) return undefined;
  return { kind: 'repeated', dag: holder.dag_id, sameBody: holder.body_hash === idempotency?.bodyHash };
};

const admitInTransaction = async (client: PoolClient, submissions: readonly Submission[]): Promise<Admission[]> => {
  const keyed = submissions.filter((submission): submission is Keyed => submission.idempotency !== null);
  const holders = await claimKeys(client, keyed);
  const repetitions = submissions.map((submission) => repetitionOf(submission, holders));
  const fresh = submissions.filter((_, i) => repetitions[i] === undefined).map(({ dag }) => dag);
  const ids = fresh.length === 0 ? new Map<string, number>() : await insertAll(client, fresh);
  return submissions.map(({ dag }, i) => repetitions[i] ?? stored(ids, dag));
};

const stored = (ids: Ids, dag: PlannedDag): Admission => {
  const id = ids.get(dag.dagId);
  if (id === undefined) throw new TypeError(`the database answered no id for DAG ${dag.dagId}`);
  return { kind: 'stored', id };
};

/** Makes `RunStore.admit`. Several submissions without keys that fit in one statement are one round trip. */
export const createAdmit =
  (pool: Pool) =>
  (submissions: readonly Submission[]): Promise<Admission[]> =>
    reaching(async () => {
      if (submissions.length === 0) return [];
      const dags = submissions.map(({ dag }) => dag);
      const [only, more] = chunksOf(dags);
      if (more !== undefined || submissions.some(({ idempotency }) => idempotency !== null)) {
        return transaction(pool, (client) => admitInTransaction(client, submissions));
      }
      const ids = await insertFirst(pool, dags, only ?? []);
      return dags.map((dag) => stored(ids, dag));
    });
