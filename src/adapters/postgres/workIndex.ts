/** The questions of the engine's loops: what is due, and what a dispatch carries. */
import type { Pool } from 'pg';
import { type DagId, type TaskRef, taskIdOf } from '../../core/ids';
import type { DueTask, TaskInputs, WorkIndex } from '../../ports/store';
import { type ArrayColumn, parametersOf, plain, valuesOf } from './arrays';
import type { Database } from './database';
import { reaching } from './failures';

const REF_COLUMNS: readonly ArrayColumn<TaskRef>[] = [plain('uuid', (ref) => ref.dag), plain('integer', (ref) => ref.task)];

const INPUTS = `
  SELECT t.dag_id, t.index, t.payload, t.checkpoint, u.names, u.results
  FROM unnest(${parametersOf(REF_COLUMNS)}) AS r (dag_id, index)
  JOIN tasks t ON t.dag_id = r.dag_id AND t.index = r.index
  LEFT JOIN LATERAL (
    SELECT array_agg(p.name) AS names, array_agg(p.result) AS results
    FROM tasks p WHERE p.dag_id = t.dag_id AND p.index = ANY (t.dependencies) AND p.result IS NOT NULL
  ) u ON true`;

interface InputsRow {
  readonly dag_id: DagId;
  readonly index: number;
  readonly payload: string | null;
  readonly checkpoint: string | null;
  readonly names: string[] | null;
  readonly results: string[] | null;
}

const inputsOf = ({ payload, checkpoint, names, results }: InputsRow): TaskInputs => ({
  payload,
  checkpoint,
  upstream: Object.fromEntries((names ?? []).map((name, i) => [name, results?.[i] ?? 'null'])),
});

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
  inputs: (tasks) =>
    reaching(async () => {
      const { rows } = await engine.query<InputsRow>({ name: 'task_inputs', text: INPUTS, values: valuesOf(REF_COLUMNS, tasks) });
      return new Map(rows.map((row) => [taskIdOf(row.dag_id, row.index), inputsOf(row)]));
    }),
});
