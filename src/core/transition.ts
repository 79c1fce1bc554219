/**
 * The law: the only place that decides what an event does to a DAG. It is deterministic: the same run and the same
 * events in the same order give the same step, on whichever scheduler. It writes the run it is handed and the step.
 */
import { isFinalDag, type TaskError } from './dag';
import type { Checkpointed, Completed, Dispatched, Execution, Failed, Progressed, Report, Started } from './event';
import { drawFrom, retryDelayMs } from './retry';
import { taskCount, type Run, type Running, type Spent } from './run';
import { CODE } from './states';
import { touch, touchDag, UNTOLD, type Step, type Told } from './step';

export interface LawSettings {
  /** Losses with a worker that a task survives; the next one fails it. */
  readonly maxLosses: number;
  /** Tasks that one event may settle before the rest waits for an event of its own. */
  readonly cascadeLimit: number;
}

export const DEFAULT_LAW: LawSettings = { maxLosses: 20, cascadeLimit: 2000 };

/** Larger fences are later grants; both are decimal texts without leading zeros. */
const isOlderFence = (fence: string, than: string): boolean => (fence.length !== than.length ? fence.length < than.length : fence < than);

/** Why a report can't be applied, or undefined where it speaks of the current dispatch. */
const staleness = (run: Run, { task, dispatch, fence }: Execution): string | undefined => {
  if (task >= taskCount(run)) return 'no such task';
  const state = run.state[task];
  if (state !== CODE.QUEUED && state !== CODE.RUNNING) return 'not under way';
  if (run.dispatch[task] !== dispatch) return 'another dispatch';
  const running = run.running.get(task);
  return running !== undefined && isOlderFence(fence, running.fence) ? 'an older grant' : undefined;
};

const between = (low: number, value: number, high: number): number => Math.max(low, Math.min(value, Math.max(low, high)));

/** Clocks of different hosts disagree: a stage never ends before it began, nor after the log heard of it. */
const clampTimes = (run: Run, report: Execution, now: number): Pick<Running, 'sentAt' | 'startedAt'> => {
  const sentAt = between(run.since[report.task]!, report.sentAt, now);
  return { sentAt, startedAt: between(sentAt, report.startedAt, now) };
};

/** The times of the execution that a report speaks of: as first told, so that later reports agree. */
const timesOf = (run: Run, report: Execution, now: number): Pick<Running, 'sentAt' | 'startedAt'> => {
  const running = run.running.get(report.task);
  return running?.fence === report.fence ? running : clampTimes(run, report, now);
};

const spentOf = (run: Run, task: number): Spent => {
  let spent = run.spent.get(task);
  if (spent === undefined) run.spent.set(task, (spent = { queuedMs: 0, dispatchedMs: 0, runningMs: 0, retryWaitMs: 0 }));
  return spent;
};

const tell = (told: Told, run: Run, report: Execution, times: Pick<Running, 'sentAt' | 'startedAt'>): void => {
  told.worker = report.worker;
  told.session = report.session;
  told.fence = report.fence;
  told.queuedAt = run.since[report.task]!;
  told.dispatchedAt = times.sentAt;
  told.startedAt = times.startedAt;
};

const dagHasStarted = (run: Run, startedAt: number): void => {
  // The first one heard of needn't be the first that began.
  run.startedAt = Math.min(run.startedAt ?? startedAt, startedAt);
  if (run.status === 'CREATED') run.status = 'RUNNING';
};

const begin = (step: Step, run: Run, report: Execution, now: number): void => {
  const times = timesOf(run, report, now);
  const { sentAt, startedAt } = times;
  run.running.set(report.task, { session: report.session, worker: report.worker, fence: report.fence, sentAt, startedAt });
  run.state[report.task] = CODE.RUNNING;
  dagHasStarted(run, times.startedAt);
  tell(touch(step, run, report.task).told, run, report, times);
};

/** Ends the execution that a report tells of: books its times, frees its slot. */
const end = (step: Step, run: Run, report: Completed | Failed, now: number): number => {
  const { task } = report;
  const times = timesOf(run, report, now);
  const completedAt = between(times.startedAt, report.endedAt, now);
  const spent = spentOf(run, task);
  spent.queuedMs += times.sentAt - run.since[task]!;
  spent.dispatchedMs += times.startedAt - times.sentAt;
  spent.runningMs += completedAt - times.startedAt;
  run.running.delete(task);
  dagHasStarted(run, times.startedAt);
  const { told } = touch(step, run, task);
  tell(told, run, report, times);
  told.completedAt = completedAt;
  step.over.push({ dag: run.dag, task, dispatch: report.dispatch });
  return completedAt;
};

const becomeReady = (step: Step, run: Run, task: number, now: number): void => {
  run.state[task] = CODE.QUEUED;
  run.since[task] = now;
  if (run.unblockedAt[task] === 0) run.unblockedAt[task] = now;
  step.ready.push({ run, task, dispatch: run.dispatch[task]! });
};

/** `now` and not the end of the task told of last: another one may have ended later and been heard of earlier. */
const settleDag = (step: Step, run: Run, now: number): void => {
  if (run.completed + run.failed + run.skipped + run.cancelled < taskCount(run)) return;
  run.status = run.completed === taskCount(run) ? 'COMPLETED' : run.failed + run.skipped > 0 ? 'FAILED' : 'CANCELLED';
  run.completedAt = Math.max(now, run.startedAt ?? now);
  step.settled.push(run);
};

/** The handler returned: dependents that waited for nothing else are ready. */
const completed = (step: Step, run: Run, report: Completed, now: number): void => {
  const { task } = report;
  end(step, run, report, now);
  run.state[task] = CODE.COMPLETED;
  run.completed += 1;
  const { texts } = touch(step, run, task);
  texts.result = report.result;
  if (report.result !== null) run.withResult.add(task);
  if (run.withCheckpoint.has(task)) texts.checkpoint = null;
  // The errors of earlier attempts are no error of a task that is complete.
  if (run.failures[task]! + run.losses[task]! > 0) texts.error = null;
  step.finished.push({ type: run.specs[task]!.type, outcome: 'COMPLETED', attempts: run.failures[task]! + 1 });
  for (let i = run.childStart[task]!; i < run.childStart[task + 1]!; i++) {
    const child = run.children[i]!;
    if (--run.unmet[child]! === 0 && run.state[child] === CODE.PENDING) becomeReady(step, run, child, now);
  }
  settleDag(step, run, now);
};

/** Skips what can't run any more, at most `limit` tasks; whatever is left waits for an event of its own. */
const cascade = (step: Step, run: Run, now: number, limit: number): void => {
  let left = limit;
  while (run.cascade.length > 0 && left > 0) {
    const parent = run.cascade.pop()!;
    for (let i = run.childStart[parent]!; i < run.childStart[parent + 1]!; i++) {
      const child = run.children[i]!;
      if (run.state[child] !== CODE.PENDING) continue;
      if (left === 0) {
        run.cascade.push(parent);
        break;
      }
      run.state[child] = CODE.SKIPPED;
      run.skipped += 1;
      left -= 1;
      touch(step, run, child).told.completedAt = now;
      step.finished.push({ type: run.specs[child]!.type, outcome: 'SKIPPED', attempts: 0 });
      run.cascade.push(child);
    }
  }
  if (run.cascade.length > 0) step.continued.add(run.dag);
  touchDag(step, run);
  settleDag(step, run, now);
};

const fail = (step: Step, run: Run, task: number, { now, limit }: { now: number; limit: number }): void => {
  run.state[task] = CODE.FAILED;
  run.failed += 1;
  run.cascade.push(task);
  step.finished.push({ type: run.specs[task]!.type, outcome: 'FAILED', attempts: run.failures[task]! });
  cascade(step, run, now, limit);
};

const waitForRetry = (step: Step, run: Run, task: number, { failedAt, error }: { failedAt: number; error: TaskError }): void => {
  const spec = run.specs[task]!;
  const failures = run.failures[task]!;
  const delayMs = retryDelayMs(spec.retry.backoff, failures, drawFrom(run.dag, task * 1021 + run.dispatch[task]!));
  run.state[task] = CODE.RETRYING;
  run.dispatch[task]! += 1;
  run.since[task] = failedAt;
  run.dueAt.set(task, failedAt + delayMs);
  step.retrying.push({ dag: run.dag, task: spec.name, attempt: failures, delayMs, reason: error.message });
};

const failed = (step: Step, run: Run, report: Failed, { now, law }: { now: number; law: LawSettings }): void => {
  const { task } = report;
  const failedAt = end(step, run, report, now);
  run.failures[task]! += 1;
  touch(step, run, task).texts.error = JSON.stringify(report.error);
  const retries = report.retryable && run.failures[task]! <= run.specs[task]!.retry.maxRetries;
  if (retries) waitForRetry(step, run, task, { failedAt, error: report.error });
  else fail(step, run, task, { now, limit: law.cascadeLimit });
};

const progressed = (step: Step, run: Run, report: Progressed, now: number): void => {
  begin(step, run, report, now);
  touch(step, run, report.task).texts.progress = report.fraction;
};

const checkpointed = (step: Step, run: Run, report: Checkpointed, now: number): void => {
  begin(step, run, report, now);
  touch(step, run, report.task).texts.checkpoint = report.state;
  run.withCheckpoint.add(report.task);
  const { dag, task, dispatch, session, sequence } = report;
  step.acknowledged.push({ session, sequence, shard: run.shard, dispatch: { dag, task, dispatch } });
};

/** Applies what a worker reports. A report that speaks of anything but the current dispatch changes nothing. */
export const applyReport = (step: Step, run: Run, report: Report, { now, law }: { now: number; law: LawSettings }): void => {
  const stale = staleness(run, report);
  if (stale !== undefined) {
    step.refused.push({ type: report.type, reason: stale });
    return;
  }
  switch (report.type) {
    case 'started':
      begin(step, run, report satisfies Started, now);
      return;
    case 'completed':
      completed(step, run, report, now);
      return;
    case 'failed':
      failed(step, run, report, { now, law });
      return;
    case 'progressed':
      progressed(step, run, report, now);
      return;
    case 'checkpointed':
      checkpointed(step, run, report, now);
      return;
  }
};

const isCurrent = (run: Run, { task, dispatch }: Dispatched): boolean => task < taskCount(run) && run.dispatch[task] === dispatch;

/** A dispatch came to nothing through no fault of the task: it is ready again under the next number. */
const comeBack = (step: Step, run: Run, task: number, now: number): void => {
  const running = run.running.get(task);
  const spent = spentOf(run, task);
  // The log's clock may be behind the one by which the task became ready.
  if (running === undefined) spent.queuedMs += Math.max(0, now - run.since[task]!);
  else {
    spent.queuedMs += running.sentAt - run.since[task]!;
    spent.dispatchedMs += running.startedAt - running.sentAt;
    spent.runningMs += Math.max(0, now - running.startedAt);
  }
  step.over.push({ dag: run.dag, task, dispatch: run.dispatch[task]! });
  run.running.delete(task);
  run.dispatch[task]! += 1;
  becomeReady(step, run, task, now);
  touch(step, run, task).told = { ...UNTOLD, queuedAt: now };
};

/** A leaving worker gave the task back. */
export const applyReleased = (step: Step, run: Run, released: Dispatched, now: number): void => {
  const state = run.state[released.task];
  if (!isCurrent(run, released) || (state !== CODE.QUEUED && state !== CODE.RUNNING)) {
    step.refused.push({ type: 'released', reason: 'another dispatch' });
    return;
  }
  comeBack(step, run, released.task, now);
};

/** What is known of the execution under way: the same, whatever else this batch tells of the task. */
const heldBy = (run: Run, task: number): Told => {
  const queuedAt = run.since[task]!;
  const running = run.running.get(task);
  if (running === undefined) return { ...UNTOLD, queuedAt };
  const { worker, session, fence, sentAt, startedAt } = running;
  return { worker, session, fence, queuedAt, dispatchedAt: sentAt, startedAt, completedAt: null };
};

/** The session that had the task ended: it runs elsewhere, until it has been lost too often. */
export const applyLost = (
  step: Step,
  run: Run,
  lost: Dispatched & { readonly evidence: string; readonly session: string },
  { now, law }: { now: number; law: LawSettings },
): void => {
  const { task } = lost;
  const state = run.state[task];
  const elsewhere = run.running.get(task)?.session ?? lost.session;
  if (!isCurrent(run, lost) || (state !== CODE.QUEUED && state !== CODE.RUNNING) || elsewhere !== lost.session) {
    step.refused.push({ type: 'lost', reason: 'another dispatch' });
    return;
  }
  run.losses[task] = Math.min(255, run.losses[task]! + 1);
  const error: TaskError = { kind: 'LOST_WORKER', message: `the worker was lost: ${lost.evidence}` };
  touch(step, run, task).texts.error = JSON.stringify(error);
  if (run.losses[task] <= law.maxLosses) comeBack(step, run, task, now);
  else {
    step.over.push({ dag: run.dag, task, dispatch: lost.dispatch });
    touch(step, run, task).told = { ...heldBy(run, task), completedAt: now };
    run.running.delete(task);
    fail(step, run, task, { now, limit: law.cascadeLimit });
  }
};

/** A wait is over: the retry is ready under the number that was committed with the wait. */
export const applyDue = (step: Step, run: Run, due: Dispatched, now: number): void => {
  const { task } = due;
  if (!isCurrent(run, due) || run.state[task] !== CODE.RETRYING) {
    step.refused.push({ type: 'due', reason: 'not waiting' });
    return;
  }
  spentOf(run, task).retryWaitMs += Math.max(0, now - run.since[task]!);
  run.dueAt.delete(task);
  becomeReady(step, run, task, now);
  touch(step, run, task).told = { ...UNTOLD, queuedAt: now };
};

/** Goes on with a cascade that an earlier step had to cut off. */
export const applyContinued = (step: Step, run: Run, { now, law }: { now: number; law: LawSettings }): void => {
  if (!isFinalDag(run.status)) cascade(step, run, now, law.cascadeLimit);
};
