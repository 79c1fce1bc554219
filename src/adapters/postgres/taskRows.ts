/** A task's row as views read it, and what is derived from its parents. */
import type { BudgetUse } from '../../core/change';
import {
  type Backoff,
  isFinalTask,
  type Simulation,
  type TaskError,
  type TaskOptions,
  type TaskReason,
  type TaskStatus,
  type TriggerRule,
} from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { TaskView } from '../../ports/views';

export interface TaskRow {
  readonly dag_id: DagId;
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly status: TaskStatus;
  readonly dependencies: number[];
  readonly priority: number;
  readonly tags: string[];
  readonly attempt: number;
  readonly max_retries: number;
  readonly backoff: string;
  readonly timeout_seconds: number | null;
  readonly simulate: string | null;
  readonly payload: string | null;
  readonly worker: string | null;
  readonly created_at: Date;
  readonly queued_at: Date | null;
  readonly dispatched_at: Date | null;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly due_at: Date | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly progress: number | null;
  readonly blocked_ms: string;
  readonly queued_ms: string;
  readonly dispatched_ms: string;
  readonly running_ms: string;
  readonly retry_wait_ms: string;
  readonly losses: number;
  readonly options: string | null;
  readonly reason: string | null;
  readonly budgets: string | null;
}

/** The columns of a TaskRow, of `tasks t` joined with its `dags d`. */
export const TASK_ROW = `t.dag_id, t.index, t.name, t.type, t.status, t.dependencies, t.priority, t.tags, t.attempt, t.max_retries, t.backoff,
  t.timeout_seconds, t.simulate, t.payload, t.worker, d.created_at, t.queued_at, t.dispatched_at, t.started_at, t.completed_at, t.due_at,
  t.result, t.error, t.progress, t.blocked_ms, t.queued_ms, t.dispatched_ms, t.running_ms, t.retry_wait_ms, t.losses, t.options, t.reason, t.budgets`;

/** What a task's view needs to know of a direct dependency. */
export interface Parent {
  readonly name: string;
  readonly status: TaskStatus;
  readonly completed_at: Date | null;
  /** The code of its reason. */
  readonly reason: string | null;
}

/** Parents by task, as `parentKey` names them. */
export type Parents = ReadonlyMap<string, Parent>;

export const parentKey = (dag: string, index: number): string => `${dag}/${String(index)}`;

const msOf = (date: Date | null): number | null => date?.getTime() ?? null;

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

const isFinal = (parent: Parent | undefined): boolean => parent !== undefined && isFinalTask(parent.status);

const isBad = (parent: Parent | undefined): boolean =>
  parent?.status === 'FAILED' || parent?.status === 'CANCELLED' || (parent?.status === 'SKIPPED' && parent.reason !== 'SKIPPED_BY_HAND');

/** What core/rules.ts answers from counters, from the parents' rows. */
const RULES: Readonly<Record<TriggerRule, (parents: readonly (Parent | undefined)[]) => boolean>> = {
  all_success: (parents) => parents.every((parent) => parent?.status === 'COMPLETED'),
  all_done: (parents) => parents.every(isFinal),
  one_success: (parents) => parents.length === 0 || parents.some((parent) => parent?.status === 'COMPLETED'),
  none_failed: (parents) => parents.every((parent) => isFinal(parent) && !isBad(parent)),
  always: () => true,
};

/**
 * A PENDING task whose trigger rule is met is ready, unless it is held: its own row says so only with its next change, because
 * writing each task once more would double the work. It became ready when the last dependency that counted was over.
 */
const readiness = (row: TaskRow, rule: TriggerRule, parents: readonly (Parent | undefined)[]): { status: TaskStatus; queuedAt: number | null } => {
  const isReady = row.status === 'PENDING' && row.reason === null && RULES[rule](parents);
  if (!isReady) return { status: row.status, queuedAt: msOf(row.queued_at) };
  const created = row.created_at.getTime();
  const ends = parents.map((parent) => parent?.completed_at?.getTime() ?? created);
  if (rule === 'always' || ends.length === 0) return { status: 'QUEUED', queuedAt: created };
  if (rule !== 'one_success') return { status: 'QUEUED', queuedAt: ends.reduce((latest, end) => Math.max(latest, end), created) };
  const successes = ends.filter((_, i) => parents[i]?.status === 'COMPLETED');
  return {
    status: 'QUEUED',
    queuedAt: Math.max(
      created,
      successes.reduce((first, end) => Math.min(first, end), Infinity),
    ),
  };
};

/** The view of a task; `parents` holds all of its direct dependencies. */
export const taskView = (row: TaskRow, parents: Parents): TaskView => {
  const options = parsed(row.options) as TaskOptions | null;
  const own = row.dependencies.map((index) => parents.get(parentKey(row.dag_id, index)));
  return {
    ref: { dag: row.dag_id, task: row.index },
    taskName: row.name,
    type: row.type,
    ...readiness(row, options?.triggerRule ?? 'all_success', own),
    dependencies: own.map((parent) => parent?.name ?? ''),
    priority: row.priority,
    tags: row.tags,
    attempt: row.attempt,
    maxRetries: row.max_retries,
    backoff: JSON.parse(row.backoff) as Backoff,
    timeoutSeconds: row.timeout_seconds,
    simulate: parsed(row.simulate) as Simulation | null,
    payload: row.payload,
    workerId: row.worker,
    createdAt: row.created_at.getTime(),
    dispatchedAt: msOf(row.dispatched_at),
    startedAt: msOf(row.started_at),
    completedAt: msOf(row.completed_at),
    retryAt: row.status === 'RETRYING' ? msOf(row.due_at) : null,
    dueAt: msOf(row.due_at),
    options,
    reason: parsed(row.reason) as TaskReason | null,
    budgets: parsed(row.budgets) as BudgetUse | null,
    losses: row.losses,
    result: row.result,
    error: parsed(row.error) as TaskError | null,
    progress: row.progress,
    blockedMs: Number(row.blocked_ms),
    queuedMs: Number(row.queued_ms),
    dispatchedMs: Number(row.dispatched_ms),
    runningMs: Number(row.running_ms),
    retryWaitMs: Number(row.retry_wait_ms),
  };
};
