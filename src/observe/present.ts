/** How DAGs, tasks and workers look as JSON. Payloads and results are JSON texts already and are spliced in, never parsed. */
import type { DagReason, TaskReason, TaskStatus } from '../core/dag';
import { taskIdOf } from '../core/ids';
import type { AttemptView } from '../ports/history';
import type { LiveWorker, LostWorker } from '../ports/leases';
import type { DagView, TaskView } from '../ports/views';

/** ISO 8601 in UTC, or null. */
export const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Why something is as it is: what code, when, who and in what words. */
const reasonValue = (reason: TaskReason | DagReason | null): object | null =>
  reason && {
    code: reason.code,
    at: isoTime(reason.at),
    by: reason.by ?? null,
    message: reason.message ?? null,
    ...('resumeAt' in reason ? { resumeAt: isoTime(reason.resumeAt) } : {}),
    ...('approval' in reason ? { approval: reason.approval } : {}),
  };

const dagFacts = (dag: DagView): object => ({
  id: dag.id,
  dagId: dag.dagId,
  dagName: dag.dagName,
  description: dag.description,
  status: dag.status,
  totalTasks: dag.totalTasks,
  completedTasks: dag.completedTasks,
  failedTasks: dag.failedTasks,
  skippedTasks: dag.skippedTasks,
  cancelledTasks: dag.cancelledTasks,
  createdAt: isoTime(dag.createdAt),
  startedAt: isoTime(dag.startedAt),
  completedAt: isoTime(dag.completedAt),
  dueAt: isoTime(dag.dueAt),
  lateAt: isoTime(dag.lateAt),
  maxRunning: dag.maxRunning,
  tenant: dag.tenant,
  order: dag.order,
  scheduleId: dag.scheduleId,
  scheduledFor: isoTime(dag.scheduledFor),
  reason: reasonValue(dag.reason),
  version: dag.version,
  tags: dag.tags,
});

/** JSON text of a DAG. */
export const dagJson = (dag: DagView): string => JSON.stringify(dagFacts(dag));

/** JSON text of a DAG with when it is expected to end, in milliseconds since 1970. */
export const dagDetailJson = (dag: DagView, expectedEndAt: number | null): string =>
  JSON.stringify({ ...dagFacts(dag), expectedEndAt: isoTime(expectedEndAt) });

/** The stage whose time is running now; null where none is. */
const stageOf = (status: TaskStatus, dispatched: boolean): 'blockedMs' | 'queuedMs' | 'dispatchedMs' | 'runningMs' | 'retryWaitMs' | null => {
  if (status === 'PENDING') return 'blockedMs';
  if (status === 'QUEUED') return dispatched ? 'dispatchedMs' : 'queuedMs';
  if (status === 'RUNNING' || status === 'CANCELLING') return 'runningMs';
  return status === 'RETRYING' ? 'retryWaitMs' : null;
};

/** The stored facts: how long the task was in each stage, and which stage it is in now, if any. */
const timing = (task: TaskView): object => ({
  blockedMs: task.blockedMs,
  queuedMs: task.queuedMs,
  dispatchedMs: task.dispatchedMs,
  runningMs: task.runningMs,
  retryWaitMs: task.retryWaitMs,
  current: stageOf(task.status, task.dispatchedAt !== null),
});

/** An attempt that didn't succeed. */
export const attemptValue = (view: AttemptView): object => ({
  attempt: view.attempt,
  dispatch: view.dispatch,
  workerId: view.worker,
  session: view.session,
  startedAt: isoTime(view.startedAt),
  endedAt: isoTime(view.endedAt),
  error: view.error,
});

const factsOf = (task: TaskView): object => ({
  taskId: taskIdOf(task.ref.dag, task.ref.task),
  dagId: task.ref.dag,
  taskName: task.taskName,
  type: task.type,
  status: task.status,
  dependencies: task.dependencies,
  priority: task.priority,
  tags: task.tags,
  attempt: task.attempt,
  maxRetries: task.maxRetries,
  backoff: task.backoff,
  timeoutSeconds: task.timeoutSeconds,
  options: task.options ?? {},
  simulate: task.simulate,
  workerId: task.workerId,
  createdAt: isoTime(task.createdAt),
  queuedAt: isoTime(task.queuedAt),
  dispatchedAt: isoTime(task.dispatchedAt),
  startedAt: isoTime(task.startedAt),
  completedAt: isoTime(task.completedAt),
  retryAt: isoTime(task.retryAt),
  dueAt: isoTime(task.dueAt),
  reason: reasonValue(task.reason),
  budgets: { ...task.budgets, ...(task.losses > 0 ? { losses: task.losses } : {}) },
  progress: task.progress,
  timing: timing(task),
  error: task.error,
});

const withTexts = (facts: object, { payload, result }: TaskView): string =>
  `${JSON.stringify(facts).slice(0, -1)},"payload":${payload ?? 'null'},"result":${result ?? 'null'}}`;

/** JSON text of a task. */
export const taskJson = (task: TaskView): string => withTexts(factsOf(task), task);

/** JSON text of a task with the attempts that failed, and what its handler kept for the next one. */
export const taskDetailJson = (task: TaskView, attempts: readonly AttemptView[], checkpoint: string | null): string =>
  `${withTexts({ ...factsOf(task), attempts: attempts.map(attemptValue) }, task).slice(0, -1)},"checkpoint":${checkpoint ?? 'null'}}`;

/** A worker that lives, or one that was lost: without freeSlots then. */
export type WorkerStanding = LiveWorker | LostWorker;

const stateOf = (worker: WorkerStanding): string => {
  if (!('draining' in worker)) return 'LOST';
  return worker.draining ? 'DRAINING' : 'ACTIVE';
};

/** What it holds runs, as far as there are slots for it: whatever waits there begins as soon as one is free. */
const runningOf = ({ held, slots, perSlot = {} }: WorkerStanding): number => Math.min(held, slots * Math.max(1, ...Object.values(perSlot)));

const workerFacts = (worker: WorkerStanding): object => ({
  workerId: worker.workerId,
  session: worker.session,
  host: worker.host,
  port: worker.port,
  version: worker.version,
  region: worker.region,
  tags: worker.tags,
  types: worker.types,
  slots: worker.slots,
  perSlot: worker.perSlot ?? {},
  freeSlots: 'freeSlots' in worker ? worker.freeSlots : 0,
  held: worker.held,
  running: runningOf(worker),
  state: stateOf(worker),
  lastHeartbeatAt: isoTime(worker.lastHeartbeatAt),
});

/** JSON text of a worker. */
export const workerJson = (worker: WorkerStanding): string => JSON.stringify(workerFacts(worker));

/** JSON text of a worker with the tasks that run there. */
export const workerDetailJson = (worker: WorkerStanding, tasks: readonly TaskView[]): string =>
  JSON.stringify({
    ...workerFacts(worker),
    tasks: tasks.map(({ ref, taskName, type, attempt, startedAt }) => ({
      taskId: taskIdOf(ref.dag, ref.task),
      dagId: ref.dag,
      taskName,
      type,
      attempt,
      startedAt: isoTime(startedAt),
    })),
  });
