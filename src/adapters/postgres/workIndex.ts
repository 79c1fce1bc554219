/** The questions of the engine's loops: what is due, and what a dispatch carries. */
import type { Pool } from 'pg';
import { type DagId, type TaskRef, taskIdOf } from '../../core/ids';
import type { DueTask, TaskInputs, WorkIndex } from '../../ports/store';
import { type ArrayColumn, parametersOf, plain, valuesOf } from './arrays';
import type { Database } from './database';
import { reaching } from './failures';

const REF_COLUMNS: readonly ArrayColumn<TaskRef>[] = [plain('uuid', (ref) => ref.dag), plain('integer', (ref) => ref.task)];

// Of a text its length is known without reading it: thousands may depend on a large one, which then travels with none of them.
const INPUTS = `
  SELECT i.dag_id, i.index, i.fits,
    CASE WHEN i.fits THEN i.payload END AS payload, CASE WHEN i.fits THEN i.checkpoint END AS checkpoint, CASE WHEN i.fits THEN i.upstream END AS upstream
  FROM (
    SELECT t.dag_id, t.index, t.payload, t.checkpoint, u.upstream,
      coalesce(u.bytes, 0) + coalesce(octet_length(t.payload), 0) + coalesce(octet_length(t.checkpoint), 0) <= $3::bigint AS fits
    FROM unnest(${parametersOf(REF_COLUMNS)}) AS r (dag_id, index)
    JOIN tasks t ON t.dag_id = r.dag_id AND t.index = r.index
    LEFT JOIN LATERAL (
      SELECT sum(octet_length(p.result) + octet_length(p.name)) AS bytes,
        json_object_agg(p.name, CASE WHEN octet_length(p.result) <= $3::bigint THEN p.result END) AS upstream
      FROM tasks p WHERE p.dag_id = t.dag_id AND p.index = ANY (t.dependencies) AND p.result IS NOT NULL
    ) u ON true
    OFFSET 0
  ) i`;

interface InputsRow {
  readonly dag_id: DagId;
  readonly index: number;
  readonly fits: boolean;
  readonly payload: string | null;
  readonly checkpoint: string | null;
  readonly upstream: Readonly<Record<string, string>> | null;
}

const inputsOf = ({ fits, payload, checkpoint, upstream }: InputsRow): TaskInputs | null =>
  fits ? { payload, checkpoint, upstream: upstream ?? {} } : null;

const readDue = async (pool: Pool, values: readonly unknown[]): Promise<DueTask[]> => {
  const { rows } = await pool.query<{ dag_id: DagId; index: number; dispatch: number; due_at: Date }>({
    name: 'due_tasks',
    text: `SELECT dag_id, index, dispatch, due_at FROM tasks
      WHERE due_at IS NOT NULL AND due_at <= to_timestamp($2::double precision / 1000) AND shard = ANY ($1::smallint[])
      ORDER BY due_at LIMIT $3`,
    values: [...values],
  });
  return rows.map((row) => ({ dag: row.dag_id, task: row.index, dispatch: row.dispatch, dueAt: row.due_at.getTime() }));
};

const DUE_DAGS = `
  SELECT dag_id FROM dags
  WHERE due_at IS NOT NULL AND status IN ('CREATED', 'RUNNING', 'PAUSED') AND due_at <= to_timestamp($2::double precision / 1000)
    AND shard = ANY ($1::smallint[])
  ORDER BY due_at LIMIT $3`;

/** Makes the WorkIndex of an open, migrated database. Inputs are answered by task id (`taskIdOf`). */
export const createWorkIndex = ({ engine }: Pick<Database, 'engine'>): WorkIndex => ({
  due: (shards, nowMs, limit) => reaching(() => readDue(engine, [shards, nowMs, limit])),
  dueDags: (shards, nowMs, limit) =>
    reaching(async () => {
      const { rows } = await engine.query<{ dag_id: DagId }>({ name: 'due_dags', text: DUE_DAGS, values: [shards, nowMs, limit] });
      return rows.map((row) => row.dag_id);
    }),
  inputs: (tasks, mostBytes) =>
    reaching(async () => {
      const values = [...valuesOf(REF_COLUMNS, tasks), Math.min(mostBytes, Number.MAX_SAFE_INTEGER)];
      const { rows } = await engine.query<InputsRow>({ name: 'task_inputs', text: INPUTS, values });
      return new Map(rows.map((row) => [taskIdOf(row.dag_id, row.index), inputsOf(row)]));
    }),
});
