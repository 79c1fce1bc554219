/** What follows from the ends of tasks, as far as one event may go; the rest waits for an event of its own. */
import type { DagReason } from './dag';
import type { Moment } from './law';
import { isCutOff, isEnding, taskCount, type Run } from './run';
import { isFinalCode, startsAtOnce } from './rules';
import { cascade, endingReason, settleDag } from './settle';
import { CODE } from './states';
import { touch, touchDag, type Step } from './step';
import { heldBy } from './times';
import { goesOn, takeAway } from './withdrawals';

/** Whether an early end of the DAG takes a task that isn't final away from where it is. */
const isTakenAway = (run: Run, task: number, code: DagReason['code']): boolean => {
  const state = run.state[task]!;
  if (isFinalCode(state)) return false;
  if (state === CODE.CANCELLING) return goesOn(run.reasons.get(task)!.code);
  // What runs goes on to its end where the DAG is drained.
  return !(code === 'DRAINED' && state === CODE.RUNNING);
};

/** How many tasks an early end would take away. */
export const takenAway = (run: Run, code: DagReason['code']): number => {
  let taken = 0;
  for (let task = 0; task < taskCount(run); task++) if (isTakenAway(run, task, code)) taken += 1;
  return taken;
};

/** Ends the tasks of a DAG that ends early, one after another, at most `limit` of them. */
const endTasks = (step: Step, run: Run, { now, law }: Moment): void => {
  const { code } = run.reason!;
  const reason = endingReason(run.reason!);
  for (let left = law.cascadeLimit; left > 0 && run.ended < taskCount(run); run.ended++) {
    if (!isTakenAway(run, run.ended, code)) continue;
    takeAway(step, run, run.ended, { reason, now });
    left -= 1;
  }
};

/** Goes on with whatever was begun and isn't finished, and ends the DAG if all of it is final. */
export const carryOn = (step: Step, run: Run, moment: Moment): void => {
  if (isEnding(run)) endTasks(step, run, moment);
  else cascade(step, run, moment.now, moment.law.cascadeLimit);
  touchDag(step, run);
  settleDag(step, run, moment.now);
  if (isCutOff(run)) step.continued.add(run.dag);
};

/** A DAG that isn't paused is RUNNING once a task of it has begun. */
export const resumedStatus = ({ startedAt }: Pick<Run, 'startedAt'>): 'RUNNING' | 'CREATED' => (startedAt === null ? 'CREATED' : 'RUNNING');

/** The creation is by a scheduler's clock and readiness by the log's: which of the two is later says nothing. */
const isAsStored = (run: Run, task: number): boolean => startsAtOnce(run.specs[task]!) && run.since[task] === run.createdAt;

/**
 * Of a task that became ready a moment ago the row may still say PENDING. Whoever reads the rows in the middle of an early end
 * must know which of them may be with a worker.
 */
const writeReady = (step: Step, run: Run): void => {
  for (let task = run.ended; task < taskCount(run); task++)
    if (run.state[task] === CODE.QUEUED && !isAsStored(run, task)) touch(step, run, task).told = heldBy(run, task);
};

/** Begins the early end of a DAG: nothing of it starts any more, and its tasks end one after another. */
export const endEarly = (step: Step, run: Run, reason: DagReason, moment: Moment): void => {
  if (run.status === 'PAUSED') run.status = resumedStatus(run);
  run.reason = reason;
  run.ended = 0;
  // Whatever it would have skipped is cancelled now.
  run.cascade.clear();
  carryOn(step, run, moment);
  if (isCutOff(run)) writeReady(step, run);
};
