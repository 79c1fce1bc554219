/**
 * Tasks that are taken from where they are. What waits changes at once; what may be with a worker is CANCELLING until
 * nobody has it and nobody can start it any more. Its reason says where that leads.
 */
import { stillRequired } from './approval';
import type { ReasonCode, TaskReason } from './dag';
import { endWithDag, giveUp, waitForRetry } from './failures';
import { isHopeless } from './rules';
import { isEnding, setDueTime, type Run } from './run';
import { CODE } from './states';
import { settle, tryReady } from './settle';
import { touch, UNTOLD, type Step } from './step';
import { bookUntil, heldBy, spentOf } from './times';

export const LEADS_TO: Readonly<Record<ReasonCode, 'PENDING' | 'RETRYING' | 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED'>> = {
  HELD: 'PENDING',
  QUEUE_TIMEOUT: 'RETRYING',
  UPSTREAM: 'SKIPPED',
  SKIPPED_BY_HAND: 'SKIPPED',
  CANCELLED: 'CANCELLED',
  REMOVED: 'CANCELLED',
  DRAINED: 'CANCELLED',
  DAG_TIMEOUT: 'CANCELLED',
  TIMED_OUT: 'FAILED',
  MARKED_COMPLETED: 'COMPLETED',
  MARKED_FAILED: 'FAILED',
};

/** Whether the task isn't final where this reason leads. */
export const goesOn = (code: ReasonCode): boolean => LEADS_TO[code] === 'PENDING' || LEADS_TO[code] === 'RETRYING';

/** Whether a result that comes before the withdrawal still counts: where a person has decided the task's end, it doesn't. */
export const yieldsToResult = (code: ReasonCode): boolean => LEADS_TO[code] === 'CANCELLED' || goesOn(code) || code === 'TIMED_OUT';

const hold = (step: Step, run: Run, task: number, now: number): void => {
  const { resumeAt } = run.reasons.get(task)!;
  if (isEnding(run)) {
    endWithDag(step, run, task, now);
    return;
  }
  run.state[task] = CODE.PENDING;
  run.unblockedAt[task] = 0;
  touch(step, run, task).told = { ...UNTOLD };
  // Released, or its time was over, before the worker had let go.
  if (resumeAt !== undefined && resumeAt <= now) run.reasons.delete(task);
  setDueTime(run, task);
  if (isHopeless(run, task)) run.cascade.add(task);
  else if (tryReady(step, run, task, now)) touch(step, run, task).told.queuedAt = now;
};

/** Its wait for the next attempt was drawn when its wait for a worker was over. */
const waitOn = (step: Step, run: Run, task: number, now: number): void => {
  const { resumeAt = now, message = '' } = run.reasons.get(task)!;
  run.reasons.delete(task);
  waitForRetry(step, run, task, { failedAt: now, delayMs: Math.max(0, resumeAt - now), reason: message, now });
};

/** Brings a task that nobody has to where its reason leads; what follows is for `carryOn`. */
const land = (step: Step, run: Run, task: number, now: number): void => {
  const { code, message = 'its time is over' } = run.reasons.get(task)!;
  const target = LEADS_TO[code];
  if (target === 'PENDING') hold(step, run, task, now);
  else if (target === 'RETRYING') waitOn(step, run, task, now);
  // The number was raised with the withdrawal.
  else if (code === 'TIMED_OUT') giveUp(step, run, task, { kind: 'TIMEOUT', message, dispatch: run.dispatch[task]! - 1, now });
  else settle(step, run, task, { outcome: target, now });
  if (target === 'COMPLETED' && run.withCheckpoint.delete(task)) touch(step, run, task).texts.checkpoint = null;
};

/** A CANCELLING task is with nobody any more: what comes of its dispatch from now on is late. */
export const withdraw = (step: Step, run: Run, task: number, now: number): void => {
  const told = { ...heldBy(run, task), completedAt: now };
  bookUntil(run, task, now);
  step.over.push({ dag: run.dag, task, dispatch: run.dispatch[task]! });
  run.running.delete(task);
  run.dispatch[task]! += 1;
  touch(step, run, task).told = told;
  land(step, run, task, now);
};

/** What may be with a worker is CANCELLING, until it is known to be with nobody. */
export const revoke = (step: Step, run: Run, task: number, reason: TaskReason): void => {
  run.state[task] = CODE.CANCELLING;
  run.reasons.set(task, reason);
  run.dueTimes.delete(task);
  touch(step, run, task).told = heldBy(run, task);
  step.revoked.push({ run, task, dispatch: run.dispatch[task]! });
};

/** Takes a task that isn't final away from where it is; what follows is for `carryOn`. */
export const takeAway = (step: Step, run: Run, task: number, { reason, now }: { reason: TaskReason; now: number }): void => {
  const state = run.state[task];
  if (state === CODE.QUEUED || state === CODE.RUNNING) {
    revoke(step, run, task, reason);
    return;
  }
  run.reasons.set(task, stillRequired(reason, run.reasons.get(task)));
  if (state === CODE.CANCELLING) {
    touch(step, run, task).told = heldBy(run, task);
    return;
  }
  if (state === CODE.RETRYING) spentOf(run, task).retryWaitMs += Math.max(0, now - run.since[task]!);
  touch(step, run, task).told = { ...UNTOLD, completedAt: now };
  land(step, run, task, now);
};
