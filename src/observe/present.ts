/** How DAGs, tasks and workers look as JSON. Payloads and results are JSON texts already and are spliced in, never parsed. */
import type { TaskStatus } from '../core/dag';
import { taskIdOf } from '../core/ids';
import type { LiveWorker } from '../ports/leases';
import type { DagView, TaskView } from '../ports/views';

/** ISO 8601 in UTC, or null. */
export const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** JSON text of a DAG. */
export const dagJson = (dag: DagView): string =>
  JSON.stringify({
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
    tags: dag.tags,
  });

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

/** JSON text of a task. */
export const taskJson = (task: TaskView): string => {
  const facts = JSON.stringify({
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
    simulate: task.simulate,
    workerId: task.workerId,
    createdAt: isoTime(task.createdAt),
    queuedAt: isoTime(task.queuedAt),
    dispatchedAt: isoTime(task.dispatchedAt),
    startedAt: isoTime(task.startedAt),
    completedAt: isoTime(task.completedAt),
    retryAt: isoTime(task.retryAt),
    progress: task.progress,
    timing: timing(task),
    error: task.error,
  });
  return `${facts.slice(0, -1)},"payload":${task.payload ?? 'null'},"result":${task.result ?? 'null'}}`;
};

/** JSON text of a worker. */
export const workerJson = (worker: LiveWorker): string =>
  JSON.stringify({
    workerId: worker.workerId,
    session: worker.session,
    host: worker.host,
    port: worker.port,
    version: worker.version,
    region: worker.region,
    tags: worker.tags,
    types: worker.types,
    slots: worker.slots,
    freeSlots: worker.freeSlots,
    held: worker.held,
    state: worker.draining ? 'DRAINING' : 'ACTIVE',
    lastHeartbeatAt: isoTime(worker.lastHeartbeatAt),
  });
