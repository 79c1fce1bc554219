/** A DAG's rows in memory, and what changes them. */
import type { AppliedEdit, DagRecord, TaskChange, TaskRecord, TaskState } from '../../core/change';
import type { PlannedDag, PlannedTask } from '../../core/dag';
import { firstDueAt } from '../../core/deadlines';
import { firstReason, startsAtOnce } from '../../core/rules';

export interface Texts {
  payload: string | null;
  result: string | null;
  error: string | null;
  checkpoint: string | null;
}

export interface TaskRow {
  readonly record: TaskRecord;
  readonly texts: Texts;
}

/** A DAG's row: its own state, and what never changes. */
export type DagHead = Omit<DagRecord, 'tasks'>;

/**
 * The row of a task that was just planned: ready where its trigger rule waits for nothing. Its fields are written out: among
 * spreads V8 builds a literal of this size key by key, which took 80 µs.
 */
export const firstRow = (task: PlannedTask, index: number, createdAt: number): TaskRow => {
  const isReady = startsAtOnce(task);
  const { payload } = task;
  const record: TaskRecord = {
    task: index,
    name: task.name,
    type: task.type,
    priority: task.priority,
    tags: task.tags,
    dependencies: task.dependencies,
    retry: task.retry,
    timeoutSeconds: task.timeoutSeconds,
    simulate: task.simulate,
    options: task.options,
    hasPayload: payload !== null,
    hasResult: false,
    hasCheckpoint: false,
    checkpointMark: null,
    status: isReady ? 'QUEUED' : 'PENDING',
    queuedAt: isReady ? createdAt : null,
    attempt: 0,
    dispatch: 0,
    losses: 0,
    budgets: null,
    reason: firstReason(task, createdAt),
    worker: null,
    session: null,
    fence: null,
    dispatchedAt: null,
    startedAt: null,
    completedAt: null,
    dueAt: isReady ? firstDueAt(task, createdAt) : null,
    blockedMs: 0,
    queuedMs: 0,
    dispatchedMs: 0,
    runningMs: 0,
    retryWaitMs: 0,
  };
  return { record, texts: { payload, result: null, error: null, checkpoint: null } };
};

export const firstHead = (dag: PlannedDag): DagHead => ({
  dag: dag.dagId,
  shard: dag.shard,
  name: dag.name,
  createdAt: dag.createdAt,
  version: 0,
  status: 'CREATED',
  completedTasks: 0,
  failedTasks: 0,
  skippedTasks: 0,
  cancelledTasks: 0,
  startedAt: null,
  completedAt: null,
  reason: null,
  dueAt: dag.dueAt,
  maxRunning: dag.maxRunning ?? null,
  tenant: dag.tenant ?? null,
  order: dag.order ?? 'fifo',
  trace: dag.trace ?? null,
});

/** The texts after a change: absent ones stay, null clears. */
const changedTexts = (texts: Texts, { payload, result, error, checkpoint }: TaskChange): Texts => ({
  payload: payload === undefined ? texts.payload : payload,
  result: result === undefined ? texts.result : result,
  error: error === undefined ? texts.error : error,
  checkpoint: checkpoint === undefined ? texts.checkpoint : checkpoint,
});

type Planned = Pick<
  TaskRecord,
  'name' | 'type' | 'priority' | 'tags' | 'dependencies' | 'retry' | 'timeoutSeconds' | 'simulate' | 'options' | 'task'
>;

/** A row of what was planned and what became of it. Written out as `firstRow` is. */
const rowWith = (planned: Planned, state: TaskState & Pick<TaskRecord, 'checkpointMark'>, texts: Texts): TaskRow => ({
  record: {
    task: planned.task,
    name: planned.name,
    type: planned.type,
    priority: planned.priority,
    tags: planned.tags,
    dependencies: planned.dependencies,
    retry: planned.retry,
    timeoutSeconds: planned.timeoutSeconds,
    simulate: planned.simulate,
    options: planned.options,
    hasPayload: texts.payload !== null,
    hasResult: texts.result !== null,
    hasCheckpoint: texts.checkpoint !== null,
    checkpointMark: texts.checkpoint === null ? null : state.checkpointMark,
    status: state.status,
    queuedAt: state.queuedAt,
    attempt: state.attempt,
    dispatch: state.dispatch,
    losses: state.losses,
    budgets: state.budgets,
    reason: state.reason,
    worker: state.worker,
    session: state.session,
    fence: state.fence,
    dispatchedAt: state.dispatchedAt,
    startedAt: state.startedAt,
    completedAt: state.completedAt,
    dueAt: state.dueAt,
    blockedMs: state.blockedMs,
    queuedMs: state.queuedMs,
    dispatchedMs: state.dispatchedMs,
    runningMs: state.runningMs,
    retryWaitMs: state.retryWaitMs,
  },
  texts,
});

/** The row after a change: the task stays what it is, its state is what the change says. */
export const changedRow = ({ record, texts }: TaskRow, change: TaskChange): TaskRow =>
  rowWith(record, { ...change, checkpointMark: change.checkpointMark ?? record.checkpointMark }, changedTexts(texts, change));

/** Adds and replaces rows; what becomes of their state is told by the changes of the same commit. */
export const applyEdit = (row: { head: DagHead; readonly tasks: TaskRow[] }, { version, firstAdded, edit }: AppliedEdit): void => {
  const { createdAt } = row.head;
  row.head = { ...row.head, version };
  edit.added.forEach((task, i) => {
    const { record, texts } = firstRow(task, firstAdded + i, createdAt);
    // Its states are changed like all: it can't have been ready since the DAG was created.
    row.tasks[firstAdded + i] = { texts, record: { ...record, status: 'PENDING', queuedAt: null, dueAt: null } };
  });
  for (const { task, as } of edit.replaced) {
    const { record, texts } = row.tasks[task]!;
    row.tasks[task] = rowWith({ ...as, task }, record, { ...texts, payload: as.payload });
  }
};
