/** The rows of the engine's store, in memory: what adapters/postgres keeps in tables, with the same rules. Every call is one transaction. */
import type { DagChange, TaskChange, TaskRecord } from '../../core/change';
import { isFinalDag } from '../../core/dag';
import { failure } from '../../core/failure';
import { taskIdOf, type DagId, type TaskRef } from '../../core/ids';
import type { Admission, CommitBatch, DueTask, LogPosition, Submission, TaskInputs } from '../../ports/store';
import { applyEdit, changedRow, firstHead, firstRow, type DagHead, type TaskRow, type Texts } from './rows';

interface DagRow {
  readonly id: number;
  head: DagHead;
  readonly tasks: TaskRow[];
}

export interface ShardRow {
  owner: string | null;
  epoch: number;
  leaseUntil: number;
  position: LogPosition;
}

export interface Tables {
  readonly shards: ShardRow[];
  admit(submissions: readonly Submission[]): Admission[];
  commit(batch: CommitBatch): void;
  /** Heads of a shard's DAGs that aren't final, oldest first. */
  liveHeads(shard: number): DagHead[];
  head(dag: DagId): DagHead | undefined;
  /** A DAG's tasks by index; none for a DAG that doesn't exist. */
  tasks(dag: DagId): TaskRecord[];
  texts(task: TaskRef): Readonly<Texts> | undefined;
  createdDags(shards: readonly number[], window: { readonly fromMs: number; readonly toMs: number }, limit: number): DagId[];
  due(shards: readonly number[], nowMs: number, limit: number): DueTask[];
  dueDags(shards: readonly number[], nowMs: number, limit: number): DagId[];
  inputs(tasks: readonly TaskRef[], mostBytes: number): Map<string, TaskInputs | null>;
}

/** PostgreSQL's text takes everything but a zero character. */
const mustBeStorable = (texts: readonly (string | null | undefined)[]): void => {
  if (texts.some((text) => text?.includes('\0') === true)) throw failure('UNSTORABLE', 'the store refused the content: a zero character');
};

const textsOf = ({ tasks, attempts }: CommitBatch): (string | null | undefined)[] => [
  ...tasks.flatMap(({ result, error, checkpoint, payload, worker, session }) => [result, error, checkpoint, payload, worker, session]),
  ...attempts.map(({ error }) => error),
];

/** Empty tables; the shards' rows are made by `define`. */
const bytesOf = ({ payload, checkpoint, upstream }: TaskInputs): number =>
  [payload ?? '', checkpoint ?? '', ...Object.entries(upstream).flat()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

export const createTables = (): Tables => {
  const dags = new Map<DagId, DagRow>();
  const keys = new Map<string, { readonly bodyHash: string; readonly dag: DagId }>();
  const shards: ShardRow[] = [];

  const store = ({ dag, idempotency }: Submission): Admission => {
    const known = idempotency === null ? undefined : keys.get(idempotency.key);
    if (known !== undefined) return { kind: 'repeated', dag: known.dag, sameBody: known.bodyHash === idempotency?.bodyHash };
    if (idempotency !== null) keys.set(idempotency.key, { bodyHash: idempotency.bodyHash, dag: dag.dagId });
    const id = dags.size + 1;
    dags.set(dag.dagId, { id, head: firstHead(dag), tasks: dag.tasks.map((task, i) => firstRow(task, i, dag.createdAt)) });
    return { kind: 'stored', id };
  };
  const writeTask = (change: TaskChange): void => {
    const rows = dags.get(change.dag)?.tasks;
    const row = rows?.[change.task];
    if (rows !== undefined && row !== undefined) rows[change.task] = changedRow(row, change);
  };
  const writeDag = (change: DagChange): void => {
    const row = dags.get(change.dag);
    if (row !== undefined) row.head = { ...row.head, ...change };
  };
  const isOf = (of: readonly number[], { head }: DagRow): boolean => of.includes(head.shard);
  const inputsOf = ({ tasks }: DagRow, { record, texts }: TaskRow): TaskInputs => {
    const parents = record.dependencies.map((parent) => tasks[parent]!).filter((parent) => parent.texts.result !== null);
    const upstream = Object.fromEntries(parents.map((parent) => [parent.record.name, parent.texts.result ?? 'null']));
    return { payload: texts.payload, checkpoint: texts.checkpoint, upstream };
  };

  return {
    shards,
    admit: (submissions) => {
      for (const { dag } of submissions) {
        mustBeStorable([dag.name, dag.description, ...dag.tags]);
        for (const task of dag.tasks) mustBeStorable([task.name, task.type, task.payload, ...task.tags]);
      }
      return submissions.map(store);
    },
    commit: (batch) => {
      for (const { shard, epoch } of batch.shards) {
        if (shards[shard]?.epoch !== epoch) throw failure('STALE_EPOCH', `shard ${String(shard)} is no longer owned under epoch ${String(epoch)}`);
      }
      mustBeStorable(textsOf(batch));
      for (const { shard, position } of batch.shards) shards[shard]!.position = position;
      for (const edit of batch.edits) {
        const row = dags.get(edit.dag);
        if (row !== undefined) applyEdit(row, edit);
      }
      batch.tasks.forEach(writeTask);
      batch.dags.forEach(writeDag);
    },
    liveHeads: (shard) => [...dags.values()].map(({ head }) => head).filter((head) => head.shard === shard && !isFinalDag(head.status)),
    head: (dag) => dags.get(dag)?.head,
    tasks: (dag) => dags.get(dag)?.tasks.map(({ record }) => record) ?? [],
    texts: ({ dag, task }) => dags.get(dag)?.tasks[task]?.texts,
    createdDags: (of, { fromMs, toMs }, limit) =>
      [...dags.values()]
        .filter((row) => isOf(of, row) && row.head.status === 'CREATED' && row.head.createdAt >= fromMs && row.head.createdAt < toMs)
        .sort((a, b) => a.head.createdAt - b.head.createdAt || a.id - b.id)
        .slice(0, limit)
        .map(({ head }) => head.dag),
    due: (of, nowMs, limit) => {
      const found: DueTask[] = [];
      for (const row of dags.values()) {
        if (!isOf(of, row)) continue;
        for (const { record } of row.tasks) {
          if (record.dueAt === null || record.dueAt > nowMs) continue;
          found.push({ dag: row.head.dag, task: record.task, dispatch: record.dispatch, dueAt: record.dueAt });
        }
      }
      return found.sort((a, b) => a.dueAt - b.dueAt).slice(0, limit);
    },
    dueDags: (of, nowMs, limit) =>
      [...dags.values()]
        .filter((row) => isOf(of, row) && !isFinalDag(row.head.status) && row.head.dueAt !== null && row.head.dueAt <= nowMs)
        .sort((a, b) => (a.head.dueAt ?? 0) - (b.head.dueAt ?? 0))
        .slice(0, limit)
        .map(({ head }) => head.dag),
    inputs: (tasks, mostBytes) => {
      const found = new Map<string, TaskInputs | null>();
      for (const { dag, task } of tasks) {
        const row = dags.get(dag);
        const own = row?.tasks[task];
        if (row === undefined || own === undefined) continue;
        const inputs = inputsOf(row, own);
        found.set(taskIdOf(dag, task), bytesOf(inputs) > mostBytes ? null : inputs);
      }
      return found;
    },
  };
};
