/**
 * A look at a DAG's rows found what can't be. Its owner counts everything anew from the states of its tasks, starts or skips what should
 * have been, and writes the DAG's own row and every due time again. Where nothing was wrong nothing changes.
 */
import { carryOn } from './carryOn';
import { isFinalDag } from './dag';
import type { Moment } from './law';
import { endRetryWait } from './due';
import type { Audited } from './event';
import { note } from './failures';
import { isHopeless, isMet, recount } from './rules';
import { isEnding, isHeld, setDueTime, taskCount, type Run } from './run';
import { count, tryReady } from './settle';
import { CODE } from './states';
import { touch, type Step } from './step';
import { heldBy } from './times';

const countAnew = (run: Run): void => {
  run.completed = run.failed = run.skipped = run.cancelled = 0;
  for (let task = 0; task < taskCount(run); task++) count(run, run.state[task]!, 1);
  recount(run);
};

/** What waits for its dependencies though they are as they have to be, or can't be any more. */
const followUp = (step: Step, run: Run, now: number): void => {
  for (let task = 0; task < taskCount(run); task++) {
    if (run.state[task] !== CODE.PENDING) continue;
    if (isMet(run, task)) tryReady(step, run, task, now);
    else if (isHopeless(run, task)) run.cascade.add(task);
  }
};

/** The claims are asked anew who has it: whoever asked before may have forgotten. */
const askAgain = (step: Step, run: Run, task: number): void => {
  step.revoked.push({ run, task, dispatch: run.dispatch[task]! });
  touch(step, run, task).told = heldBy(run, task);
};

/** Rows of waits that the sweep must find, and who runs what. A backoff whose end nobody knows is over: it was drawn once. */
const writeDueTimes = (step: Step, run: Run, now: number): void => {
  for (let task = 0; task < taskCount(run); task++) {
    const state = run.state[task];
    if (state === CODE.RETRYING && !run.dueTimes.has(task)) endRetryWait(step, run, task, now);
    if (state === CODE.CANCELLING) askAgain(step, run, task);
    if (state !== CODE.QUEUED && state !== CODE.RUNNING && !isHeld(run, task)) continue;
    setDueTime(run, task);
    if (run.dueTimes.has(task) || state === CODE.RUNNING)
      touch(step, run, task).told = isHeld(run, task) ? { ...heldBy(run, task), queuedAt: null } : heldBy(run, task);
  }
};

const noteRepair = (step: Step, run: Run, { check, by, reason }: NonNullable<Audited['repair']>, at: number): void => {
  const line = { kind: 'dag.repaired', task: null, message: reason === null ? check : `${check}: ${reason}`, at };
  note(step, run, by === null ? line : { ...line, by });
};

/** Applies it; a DAG that is final is counted by other means. */
export const applyAudited = (step: Step, run: Run, { repair }: Pick<Audited, 'repair'>, moment: Moment): void => {
  if (isFinalDag(run.status)) {
    step.refused.push({ type: 'audited', reason: 'it is final' });
    return;
  }
  if (repair !== undefined) noteRepair(step, run, repair, moment.now);
  countAnew(run);
  if (!isEnding(run)) followUp(step, run, moment.now);
  writeDueTimes(step, run, moment.now);
  carryOn(step, run, moment);
};
