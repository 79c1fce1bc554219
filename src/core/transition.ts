/**
 * The law's first half: what a worker's report does to its task. The law is deterministic: the same run and the same
 * events in the same order give the same step, on whichever scheduler. It writes the run it is handed and the step.
 */
import { carryOn } from './carryOn';
import { originalOf } from './copies';
import { isFinalDag, type TaskError } from './dag';
import type { Checkpointed, Completed, Execution, Failed, Progressed, Report } from './event';
import { addAttempt, countFailure, giveUp, keepAttempt, waitForRetry } from './failures';
import type { Moment } from './law';
import { setDueTime, taskCount, type Run } from './run';
import { settle, settleDag } from './settle';
import { CODE } from './states';
import { touch, type Step } from './step';
import { between, spentOf, tell, timesOf } from './times';
import { withdraw, yieldsToResult } from './withdrawals';

export { DEFAULT_LAW, type LawSettings } from './law';

/** Larger fences are later grants; both are decimal texts without leading zeros. */
const isOlderFence = (fence: string, than: string): boolean => (fence.length !== than.length ? fence.length < than.length : fence < than);

/** The session may have been granted the same dispatch anew: to revoke it would end what counts. */
const OLDER_GRANT = 'an older grant';

/** Why a report can't be applied, or undefined where it speaks of the current dispatch. */
const staleness = (run: Run, { task, dispatch, fence }: Execution): string | undefined => {
  if (task >= taskCount(run)) return 'no such task';
  const state = run.state[task];
  if (state !== CODE.QUEUED && state !== CODE.RUNNING && state !== CODE.CANCELLING) return 'not under way';
  if (run.dispatch[task] !== dispatch) return 'another dispatch';
  const running = run.running.get(task);
  return running !== undefined && isOlderFence(fence, running.fence) ? OLDER_GRANT : undefined;
};

const dagHasStarted = (run: Run, startedAt: number): void => {
  // The first one heard of needn't be the first that began.
  run.startedAt = Math.min(run.startedAt ?? startedAt, startedAt);
  if (run.status === 'CREATED') run.status = 'RUNNING';
};

const begin = (step: Step, run: Run, report: Execution, now: number): void => {
  const { task } = report;
  const times = timesOf(run, report, now);
  const { sentAt, startedAt } = times;
  run.running.set(task, { session: report.session, worker: report.worker, fence: report.fence, sentAt, startedAt });
  if (run.state[task] === CODE.QUEUED) {
    run.state[task] = CODE.RUNNING;
    if (run.specs[task]!.options !== null) setDueTime(run, task);
  }
  dagHasStarted(run, times.startedAt);
  tell(touch(step, run, task).told, run, report, times);
};

/** Ends the execution that a report tells of: books its times, frees its slot. */
const end = (step: Step, run: Run, report: Completed | Failed, now: number): { startedAt: number; endedAt: number } => {
  const { task } = report;
  const times = timesOf(run, report, now);
  const endedAt = between(times.startedAt, report.endedAt, now);
  const spent = spentOf(run, task);
  spent.queuedMs += times.sentAt - run.since[task]!;
  spent.dispatchedMs += times.startedAt - times.sentAt;
  spent.runningMs += endedAt - times.startedAt;
  run.running.delete(task);
  dagHasStarted(run, times.startedAt);
  const { told } = touch(step, run, task);
  tell(told, run, report, times);
  told.completedAt = endedAt;
  step.over.push({ dag: run.dag, task, dispatch: report.dispatch });
  return { startedAt: times.startedAt, endedAt };
};

const judged = (step: Step, run: Run, { dag, task, dispatch, worker }: Execution, error: TaskError): void => {
  step.outcomes.push({ dag, task, dispatch, worker, type: run.specs[task]!.type, error });
};

const succeeded = (step: Step, run: Run, { dag, task, dispatch, worker }: Execution, ms: number): void => {
  const { name, type } = run.specs[task]!;
  step.outcomes.push({ dag, task, dispatch, worker, type, error: null, ran: { dagName: run.name, taskName: name, type, ms } });
};

/** The handler returned: dependents that waited for nothing else are ready. */
const completed = (step: Step, run: Run, report: Completed, now: number): void => {
  const { task } = report;
  const { startedAt, endedAt } = end(step, run, report, now);
  succeeded(step, run, report, endedAt - startedAt);
  if (run.reasons.size > 0) run.reasons.delete(task);
  const { texts } = touch(step, run, task);
  texts.result = report.result;
  if (report.result !== null) run.withResult.add(task);
  if (run.withCheckpoint.delete(task)) texts.checkpoint = null;
  // The errors of earlier attempts are no error of a task that is complete.
  if (run.failures[task]! + run.losses[task]! > 0 || run.budgets.has(task)) texts.error = null;
  settle(step, run, task, { outcome: 'COMPLETED', now });
  settleDag(step, run, now);
};

const failed = (step: Step, run: Run, report: Failed, moment: Moment): void => {
  const { task, dispatch, worker, session, error, retryable } = report;
  const { now, law } = moment;
  const { startedAt, endedAt } = end(step, run, report, now);
  judged(step, run, report, error);
  const delayMs = countFailure(step, run, task, { dispatch, worker, session, startedAt, endedAt, error, retryable, maxKills: law.maxKills });
  if (delayMs === undefined) giveUp(step, run, task, { kind: error.kind, message: error.message, dispatch, now });
  else {
    run.dispatch[task]! += 1;
    if (waitForRetry(step, run, task, { failedAt: endedAt, delayMs, reason: error.message, now })) return;
  }
  carryOn(step, run, moment);
};

/** The end of a task that is being taken away: a result may still count, anything else is what was waited for. */
const endedWhileCancelling = (step: Step, run: Run, report: Completed | Failed, moment: Moment): void => {
  const { task, dispatch, worker, session } = report;
  const { code } = run.reasons.get(task)!;
  if (report.type === 'completed' && yieldsToResult(code)) {
    touch(step, run, task).texts.error = null;
    completed(step, run, report, moment.now);
    return;
  }
  begin(step, run, report, moment.now);
  if (report.type === 'failed') {
    const { startedAt } = run.running.get(task)!;
    // Why a task ends whose end was decided is known already.
    const keep = code === 'TIMED_OUT' || code === 'QUEUE_TIMEOUT' || !yieldsToResult(code) ? addAttempt : keepAttempt;
    keep(step, run, task, {
      dispatch,
      attempt: run.failures[task]! + 1,
      worker,
      session,
      startedAt,
      endedAt: moment.now,
      error: report.error,
    });
  } else step.refused.push({ type: report.type, reason: 'its end was decided by hand' });
  withdraw(step, run, task, moment.now);
  carryOn(step, run, moment);
};

const progressed = (step: Step, run: Run, report: Progressed, now: number): void => {
  begin(step, run, report, now);
  touch(step, run, report.task).texts.progress = report.fraction;
};

const checkpointed = (step: Step, run: Run, report: Checkpointed, now: number): void => {
  const { dag, task, dispatch, session, fence, sequence, state } = report;
  begin(step, run, report, now);
  const last = run.withCheckpoint.get(task);
  // The log may have it later than a newer one. It needs no answer: that of the newer one was for both.
  if (last?.fence === fence && sequence < last.sequence) {
    step.refused.push({ type: report.type, reason: 'an older checkpoint' });
    return;
  }
  touch(step, run, task).texts.checkpoint = state;
  run.withCheckpoint.set(task, { fence, sequence });
  step.acknowledged.push({ session, sequence, shard: run.shard, dispatch: { dag, task, dispatch } });
};

/**
 * A session goes on with what isn't under way, or is so under another number: it is told to end it. So it is with what was sent before the
 * commit that made it ready, where the log was lost with the reason.
 */
const giveUpExecution = (step: Step, run: Run, { task, dispatch, session }: Execution): void => {
  if (task < taskCount(run) && dispatch <= run.dispatch[task]!) step.givenUp.push({ session, run, task, dispatch });
};

/**
 * What a copy reports of its task. Its result counts where it is the first; nothing else does, since the task goes on without it. Whoever it
 * overtook is told to end.
 */
const ofCopy = (step: Step, run: Run, report: Report, { original, now }: { readonly original: number; readonly now: number }): void => {
  const { dag, task, dispatch, session } = report;
  const hasEnded = report.type === 'completed' || report.type === 'failed';
  if (hasEnded) step.over.push({ dag, task, dispatch });
  if (run.state[original] !== CODE.RUNNING || run.dispatch[original] !== dispatch) {
    step.refused.push({ type: report.type, reason: 'a copy that was overtaken' });
    if (!hasEnded) step.givenUp.push({ session, run, task, dispatch });
    return;
  }
  // It isn't kept: two executions would take turns.
  if (report.type === 'checkpointed')
    step.acknowledged.push({ session, sequence: report.sequence, shard: run.shard, dispatch: { dag, task, dispatch } });
  if (report.type !== 'completed') return;
  const overtaken = run.running.get(original);
  if (overtaken !== undefined) step.givenUp.push({ session: overtaken.session, run, task: original, dispatch });
  step.wonByCopy.push({ run, task: original });
  completed(step, run, { ...report, task: original }, now);
};

/** Applies what a worker reports. A report that speaks of anything but the current dispatch changes nothing. */
export const applyReport = (step: Step, run: Run, report: Report, moment: Moment): void => {
  const original = originalOf(run, report.task);
  if (original !== undefined) {
    ofCopy(step, run, report, { original, now: moment.now });
    return;
  }
  const stale = staleness(run, report);
  if (stale !== undefined) {
    step.refused.push({ type: report.type, reason: stale });
    if (stale !== OLDER_GRANT && report.type !== 'completed' && report.type !== 'failed') giveUpExecution(step, run, report);
    return;
  }
  switch (report.type) {
    case 'started':
      begin(step, run, report, moment.now);
      return;
    case 'completed':
    case 'failed':
      if (run.state[report.task] === CODE.CANCELLING) endedWhileCancelling(step, run, report, moment);
      else if (report.type === 'completed') completed(step, run, report, moment.now);
      else failed(step, run, report, moment);
      return;
    case 'progressed':
      progressed(step, run, report, moment.now);
      return;
    case 'checkpointed':
      checkpointed(step, run, report, moment.now);
      return;
  }
};

/** Goes on with what an earlier step had to cut off. */
export const applyContinued = (step: Step, run: Run, moment: Moment): void => {
  if (!isFinalDag(run.status)) carryOn(step, run, moment);
};
