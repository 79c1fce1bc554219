/** A run as its rows tell it, after a takeover: what the rows leave out is derived, so that a crash changes nothing. */
import type { DagRecord, TaskRecord } from './change';
import { isFinalDag } from './dag';
import { isFinalCode, isHopeless, isMet, recount } from './rules';
import { createShared, emptyRun, isEnding, isHeld, setDueTime, sharedDependencies, type Run, type TaskSpec } from './run';
import { CODE, statusCode } from './states';

const isUnderWay = ({ status, session, startedAt }: TaskRecord): boolean =>
  (status === 'RUNNING' || status === 'CANCELLING') && session !== null && startedAt !== null;

/** Attempts that ended in failure: an attempt that goes on, or that succeeded, is none. */
const failuresOf = (record: TaskRecord): number => {
  const succeeded = record.status === 'COMPLETED' && record.reason?.code !== 'MARKED_COMPLETED';
  return succeeded || isUnderWay(record) ? Math.max(0, record.attempt - 1) : record.attempt;
};

const restoreExecution = (run: Run, record: TaskRecord): void => {
  const { task, session, worker, fence, startedAt, dispatchedAt } = record;
  if (session === null || startedAt === null) return;
  run.running.set(task, { session, worker: worker ?? session, fence: fence ?? '0', sentAt: dispatchedAt ?? startedAt, startedAt });
};

const restoreTask = (run: Run, record: TaskRecord): void => {
  const { task } = record;
  run.state[task] = statusCode(record.status);
  run.dispatch[task] = Math.max(1, record.dispatch);
  run.failures[task] = failuresOf(record);
  run.losses[task] = record.losses;
  run.unblockedAt[task] = record.status === 'PENDING' ? 0 : run.createdAt + record.blockedMs;
  run.since[task] = record.status === 'RETRYING' ? (record.completedAt ?? run.createdAt) : (record.queuedAt ?? run.unblockedAt[task]);
  if (record.reason !== null) run.reasons.set(task, record.reason);
  if (record.budgets !== null) run.budgets.set(task, record.budgets);
  if (record.dueAt !== null) run.dueTimes.set(task, record.dueAt);
  else if (record.options !== null) setDueTime(run, task);
  if (record.hasResult) run.withResult.add(task);
  if (record.hasCheckpoint) run.withCheckpoint.set(task, record.checkpointMark);
  if (record.queuedMs + record.dispatchedMs + record.runningMs + record.retryWaitMs > 0) {
    const { queuedMs, dispatchedMs, runningMs, retryWaitMs } = record;
    run.spent.set(task, { queuedMs, dispatchedMs, runningMs, retryWaitMs });
  }
  if (isUnderWay(record)) restoreExecution(run, record);
};

/** Whether the end of a dependency was still to be told to a task that its rule lets start; it would be QUEUED in its row otherwise. */
const isUntold = (run: Run, task: number): boolean =>
  run.unmet[task]! > 0 && run.specs[task]!.dependencies.some((parent) => isFinalCode(run.state[parent]!) && run.state[parent] !== CODE.COMPLETED);

/** What the rows leave to be derived: which tasks are ready and whose dependents are still to be skipped. */
const derive = (run: Run, now: number): void => {
  recount(run);
  if (isFinalDag(run.status) || isEnding(run)) return;
  for (let task = 0; task < run.specs.length; task++) {
    if (run.state[task] !== CODE.PENDING) continue;
    const isFree = isMet(run, task) && !isHeld(run, task);
    const isUnasked = isMet(run, task) && run.reasons.get(task)?.approval === 'REQUIRED';
    if (isHopeless(run, task) || isUnasked || (isFree && isUntold(run, task))) run.cascade.add(task);
    else if (isFree) {
      run.state[task] = CODE.QUEUED;
      run.since[task] = run.unblockedAt[task] = now;
      if (run.specs[task]!.options !== null) setDueTime(run, task);
    }
  }
};

const specOfRecord = (record: TaskRecord, shared: (text: string) => string): TaskSpec => {
  const { name, priority, tags, retry, timeoutSeconds, simulate, options, hasPayload } = record;
  const [type, dependencies] = [shared(record.type), sharedDependencies(record.dependencies)];
  return { name, type, priority, tags, retry, timeoutSeconds, simulate, options, hasPayload, dependencies };
};

/** The run of a DAG as the store has it, after a takeover. `now` stands for the time at which unstored readiness began. */
export const runOfRecord = (record: DagRecord, now: number): Run => {
  const { dag, shard, name, tenant, createdAt } = record;
  const shared = createShared();
  const run = emptyRun(
    { dag, shard, name, tenant, createdAt },
    record.tasks.map((task) => specOfRecord(task, shared)),
  );
  run.status = record.status;
  run.reason = record.reason;
  run.dueAt = record.dueAt;
  run.maxRunning = record.maxRunning;
  run.order = record.order;
  run.trace = record.trace;
  run.version = record.version;
  run.startedAt = record.startedAt;
  run.completedAt = record.completedAt;
  run.completed = record.completedTasks;
  run.failed = record.failedTasks;
  run.skipped = record.skippedTasks;
  run.cancelled = record.cancelledTasks;
  for (const task of record.tasks) restoreTask(run, task);
  derive(run, now);
  return run;
};
