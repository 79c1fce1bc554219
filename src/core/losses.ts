/** Dispatches that came to nothing through no fault of the handler: given back, lost with their worker, or withdrawn. */
import { carryOn } from './carryOn';
import type { TaskError } from './dag';
import type { Dispatched, Lost, Withdrawn } from './event';
import { giveUp, keepAttempt, note, use } from './failures';
import type { Moment } from './law';
import { isEnding, taskCount, type Run } from './run';
import { becomeReady, endingReason } from './settle';
import { CODE } from './states';
import { touch, UNTOLD, type Step } from './step';
import { bookUntil, heldBy } from './times';
import { revoke, withdraw } from './withdrawals';

const MOST_LOSSES = 255;

/** Whether an event speaks of the dispatch under way. */
export const isCurrent = (run: Run, { task, dispatch }: Dispatched): boolean => task < taskCount(run) && run.dispatch[task] === dispatch;

/** Whether a task may be with the session that an event speaks of. */
const isWith = (run: Run, task: number, session: string | null): boolean => {
  const state = run.state[task];
  if (state !== CODE.QUEUED && state !== CODE.RUNNING && state !== CODE.CANCELLING) return false;
  return session === null || (run.running.get(task)?.session ?? session) === session;
};

/** The dispatch is over: its slot is free, its time is booked. */
const endDispatch = (step: Step, run: Run, task: number, now: number): void => {
  bookUntil(run, task, now);
  step.over.push({ dag: run.dag, task, dispatch: run.dispatch[task]! });
  run.running.delete(task);
};

/**
 * The task is ready again under the next number, unless its DAG ends: then it is taken away, since the same number may have been
 * sent again to another worker by an owner that hadn't read of its begin.
 */
const comeBack = (step: Step, run: Run, task: number, now: number): void => {
  endDispatch(step, run, task, now);
  if (isEnding(run)) {
    run.since[task] = now;
    revoke(step, run, task, endingReason(run.reason!));
    return;
  }
  run.dispatch[task]! += 1;
  becomeReady(step, run, task, now);
  touch(step, run, task).told = { ...UNTOLD, queuedAt: now };
};

/**
 * A task that is being taken away is with this session no more. The same number may have been sent again to another one, by an
 * owner that read the rows before the command was in them: only who raises the floor in the leases knows that nobody starts it.
 */
const freeSeat = (step: Step, run: Run, task: number): void => {
  step.over.push({ dag: run.dag, task, dispatch: run.dispatch[task]! });
};

const withdrawn = (step: Step, run: Run, task: number, moment: Moment): void => {
  withdraw(step, run, task, moment.now);
  carryOn(step, run, moment);
};

/** A leaving worker gave the task back. */
export const applyReleased = (step: Step, run: Run, { session, ...released }: Dispatched & { readonly session: string }, moment: Moment): void => {
  const { task } = released;
  if (!isCurrent(run, released) || !isWith(run, task, session)) {
    step.refused.push({ type: 'released', reason: 'another dispatch' });
    return;
  }
  if (run.state[task] === CODE.CANCELLING) {
    freeSeat(step, run, task);
    return;
  }
  if (run.state[task] === CODE.RUNNING)
    note(step, run, { kind: 'task.released', task, message: `given back by ${run.running.get(task)?.worker ?? session}`, at: moment.now });
  comeBack(step, run, task, moment.now);
};

/** How a dispatch was lost: what its error says, and whether its budget is used up. */
interface Loss {
  readonly error: TaskError;
  readonly final: boolean;
}

const lostWhileRunning = (run: Run, task: number, evidence: NonNullable<TaskError['evidence']>, { maxDeaths }: Moment['law']): Loss => {
  const deaths = use(run, task, 'deaths');
  const why = String(evidence.why);
  return deaths > maxDeaths
    ? { final: true, error: { kind: 'POISON', message: `${deaths} workers died while they ran it; the last one was lost: ${why}`, evidence } }
    : { final: false, error: { kind: 'LOST_WORKER', message: `the worker was lost: ${why}`, evidence } };
};

const lostBeforeStart = (run: Run, task: number, evidence: NonNullable<TaskError['evidence']>, { maxLosses }: Moment['law']): Loss => {
  run.losses[task] = Math.min(MOST_LOSSES, run.losses[task]! + 1);
  const why = String(evidence.why);
  return run.losses[task] > maxLosses
    ? {
        final: true,
        error: {
          kind: 'NEVER_STARTED',
          message: `it never started: it was lost ${run.losses[task]} times with its worker; the last one: ${why}`,
          evidence,
        },
      }
    : { final: false, error: { kind: 'LOST_WORKER', message: `the worker was lost: ${why}`, evidence } };
};

/** The session that had the task ended: it runs elsewhere, until it has been lost too often. */
export const applyLost = (step: Step, run: Run, lost: Dispatched & Omit<Lost, 'type' | 'tasks'>, moment: Moment): void => {
  const { task, session, dispatch } = lost;
  const { now, law } = moment;
  if (!isCurrent(run, lost) || !isWith(run, task, session)) {
    step.refused.push({ type: 'lost', reason: 'another dispatch' });
    return;
  }
  if (run.state[task] === CODE.CANCELLING) {
    freeSeat(step, run, task);
    return;
  }
  const running = run.running.get(task);
  const worker = running?.worker ?? null;
  const evidence = { why: lost.evidence, session, worker, lastHeartbeatAt: lost.lastHeartbeatAt ?? null };
  const { error, final } = (running === undefined ? lostBeforeStart : lostWhileRunning)(run, task, evidence, law);
  const attempt = run.failures[task]! + (running === undefined ? 0 : 1);
  keepAttempt(step, run, task, { dispatch, attempt, worker, session, startedAt: running?.startedAt ?? null, endedAt: now, error });
  if (!final) {
    note(step, run, { kind: 'task.lost', task, message: error.message, at: now });
    comeBack(step, run, task, now);
    return;
  }
  touch(step, run, task).told = { ...heldBy(run, task), completedAt: now };
  endDispatch(step, run, task, now);
  giveUp(step, run, task, { kind: error.kind, message: error.message, dispatch, now });
  carryOn(step, run, moment);
};

/** A dispatch that was revoked is with nobody and can't be started any more. */
export const applyWithdrawn = (step: Step, run: Run, { session, ...each }: Dispatched & Pick<Withdrawn, 'session'>, moment: Moment): void => {
  if (!isCurrent(run, each) || run.state[each.task] !== CODE.CANCELLING || !isWith(run, each.task, session))
    step.refused.push({ type: 'withdrawn', reason: 'another dispatch' });
  else withdrawn(step, run, each.task, moment);
};
