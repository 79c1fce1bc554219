/** Times that have come: of a task's wait, of its deadlines, of its whole DAG. */
import { endEarly } from './carryOn';
import { isFinalDag, type TaskError } from './dag';
import { queueDeadline, totalDeadline } from './deadlines';
import type { Dispatched } from './event';
import { countFailure, keepAttempt, note } from './failures';
import type { Moment } from './law';
import { isCurrent } from './losses';
import { isEnding, isHeld, setDueTime, type Run } from './run';
import { becomeReady, endingReason, tryReady } from './settle';
import { CODE } from './states';
import { touch, touchDag, UNTOLD, type Step } from './step';
import { heldBy, spentOf } from './times';
import { revoke } from './withdrawals';

/** Takes a task out of its hold: the rule decides what comes then. */
export const release = (step: Step, run: Run, task: number, now: number): void => {
  run.reasons.delete(task);
  setDueTime(run, task);
  const ready = tryReady(step, run, task, now);
  touch(step, run, task).told = { ...UNTOLD, queuedAt: ready ? now : null };
};

/** A wait for the next attempt is over, or is ended by hand: it is ready under the number that was committed with the wait. */
export const endRetryWait = (step: Step, run: Run, task: number, now: number): void => {
  spentOf(run, task).retryWaitMs += Math.max(0, now - run.since[task]!);
  run.dueTimes.delete(task);
  becomeReady(step, run, task, now);
  touch(step, run, task).told = { ...UNTOLD, queuedAt: now };
};

/** The whole time of a task is over: it fails for good once nobody runs it any more. */
const totalTimeIsOver = (step: Step, run: Run, task: number, now: number): void => {
  const seconds = run.specs[task]!.options!.totalTimeoutSeconds!;
  const message = `it took longer than its total time of ${seconds} s, retries included`;
  const running = run.running.get(task);
  keepAttempt(step, run, task, {
    dispatch: run.dispatch[task]!,
    attempt: run.failures[task]! + (running === undefined ? 0 : 1),
    worker: running?.worker ?? null,
    session: running?.session ?? null,
    startedAt: running?.startedAt ?? null,
    endedAt: now,
    error: { kind: 'TIMEOUT', message },
  });
  revoke(step, run, task, { code: 'TIMED_OUT', at: now, message });
};

/** A task found no worker in time: a failed attempt under the policy of timeouts. */
const queueTimeIsOver = (step: Step, run: Run, task: number, moment: Moment): void => {
  const { now } = moment;
  if (isEnding(run)) {
    // It may be on its way to a worker, and comes to its end as the rest of its DAG does.
    revoke(step, run, task, endingReason(run.reason!));
    return;
  }
  const error: TaskError = {
    kind: 'TIMEOUT',
    message: `no worker began it within its queue time of ${run.specs[task]!.options!.queueTimeoutSeconds!} s`,
  };
  const dispatch = run.dispatch[task]!;
  const attempt = { dispatch, worker: null, session: null, startedAt: null, endedAt: now, error, retryable: true, maxKills: moment.law.maxKills };
  const delayMs = countFailure(step, run, task, attempt);
  // It may be on its way to a worker all the same.
  const reason = { at: now, message: error.message };
  revoke(step, run, task, delayMs === undefined ? { ...reason, code: 'TIMED_OUT' } : { ...reason, code: 'QUEUE_TIMEOUT', resumeAt: now + delayMs });
};

/** Nothing is handed out while the DAG is paused, or behind a gate: its wait for a worker begins anew. */
export const waitAnew = (step: Step, run: Run, task: number, from: number): void => {
  spentOf(run, task).queuedMs += Math.max(0, from - run.since[task]!);
  run.since[task] = from;
  setDueTime(run, task);
  touch(step, run, task).told = heldBy(run, task);
};

/** What of a task that is ready or runs is over now; false for nothing. */
const endDeadlines = (step: Step, run: Run, task: number, { gatedUntil = 0, ...moment }: Moment & { readonly gatedUntil?: number }): boolean => {
  const { options } = run.specs[task]!;
  const { now } = moment;
  const isOver = (): boolean => now >= queueDeadline({ options, since: run.since[task]! });
  if (now >= totalDeadline({ options, unblockedAt: run.unblockedAt[task]! })) totalTimeIsOver(step, run, task, now);
  else if (run.state[task] !== CODE.QUEUED || !isOver()) return false;
  else if (run.status === 'PAUSED') waitAnew(step, run, task, now);
  else {
    if (gatedUntil > run.since[task]!) waitAnew(step, run, task, Math.min(gatedUntil, now));
    if (isOver()) queueTimeIsOver(step, run, task, moment);
  }
  return true;
};

/** The time that a task waits for has come; several waits may share it, and what is due is what is over now. */
export const applyDue = (
  step: Step,
  run: Run,
  { dag, task, dispatch, gatedUntil = 0 }: Dispatched & { readonly gatedUntil?: number },
  moment: Moment,
): void => {
  // A row that was never dispatched has the number 0.
  const current = isCurrent(run, { dag, task, dispatch: Math.max(1, dispatch) });
  const state = run.state[task];
  if (current && state === CODE.RETRYING) endRetryWait(step, run, task, moment.now);
  else if (current && isHeld(run, task) && (run.dueTimes.get(task) ?? Infinity) <= moment.now) {
    note(step, run, { kind: 'release', task, message: 'the time of its hold is over', at: moment.now });
    release(step, run, task, moment.now);
  } else if (!current || (state !== CODE.QUEUED && state !== CODE.RUNNING) || !endDeadlines(step, run, task, { ...moment, gatedUntil }))
    step.refused.push({ type: 'due', reason: 'not waiting' });
};

/** The time of a DAG is over: what hasn't ended is cancelled, and the DAG fails. */
export const applyDagDue = (step: Step, run: Run, moment: Moment): void => {
  const { now } = moment;
  if (isFinalDag(run.status) || run.dueAt === null || now < run.dueAt) {
    step.refused.push({ type: 'dagDue', reason: 'not waiting' });
    return;
  }
  run.dueAt = null;
  touchDag(step, run);
  // It ends already: that it took too long adds nothing.
  if (run.reason?.code === 'CANCELLED') return;
  note(step, run, { kind: 'dag.timedOut', task: null, message: null, at: now });
  endEarly(step, run, { code: 'DAG_TIMEOUT', at: now }, moment);
};
