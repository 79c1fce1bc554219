/**
 * Commands on a whole DAG. Each is refused where it makes no sense, with the way out, and affects nothing where everything is
 * as it asks.
 */
import { endEarly, resumedStatus, takenAway } from './carryOn';
import { isFinalDag } from './dag';
import { waitAnew } from './due';
import { ENDS_EARLY, type Answer, type Asked } from './order';
import { isEnding, openTasks, type Run } from './run';
import { CODE } from './states';
import { touchDag, type Step } from './step';

/** What is queued never starts, what runs gets its signal. */
export const cancelDag = (step: Step, run: Run, { origin, moment }: Asked): Answer => {
  if (run.status === 'CANCELLED') return 0;
  if (isFinalDag(run.status)) return `the DAG is ${run.status}: there is nothing left to cancel`;
  if (run.reason?.code === 'CANCELLED' || run.reason?.code === 'DAG_TIMEOUT') return 0;
  const affected = takenAway(run, 'CANCELLED');
  endEarly(step, run, { ...origin, code: 'CANCELLED' }, moment);
  return affected;
};

/** What runs goes on to its end, whatever hasn't begun is cancelled. */
export const drainDag = (step: Step, run: Run, { origin, moment }: Asked): Answer => {
  if (isFinalDag(run.status)) return `the DAG is ${run.status}: there is nothing left to drain`;
  if (isEnding(run)) return 0;
  const affected = takenAway(run, 'DRAINED');
  endEarly(step, run, { ...origin, code: 'DRAINED' }, moment);
  return affected;
};

/** What runs goes on; nothing else starts. */
export const pauseDag = (step: Step, run: Run, { origin }: Asked): Answer => {
  if (isFinalDag(run.status)) return `the DAG is ${run.status}: there is nothing left to pause`;
  if (isEnding(run)) return ENDS_EARLY;
  if (run.status === 'PAUSED') return 0;
  run.status = 'PAUSED';
  run.reason = { ...origin, code: 'PAUSED' };
  touchDag(step, run);
  return openTasks(run);
};

/** What is ready is handed out again: whoever hands it out knows what was sent already. */
export const resumeDag = (step: Step, run: Run, { moment: { now } }: Asked): Answer => {
  if (isFinalDag(run.status)) return `the DAG is ${run.status}: retry or rerun what shall run again`;
  if (isEnding(run)) return ENDS_EARLY;
  if (run.status !== 'PAUSED') return 0;
  run.status = resumedStatus(run);
  run.reason = null;
  touchDag(step, run);
  run.state.forEach((code, task) => {
    if (code !== CODE.QUEUED) return;
    if (run.specs[task]!.options?.queueTimeoutSeconds !== undefined) waitAnew(step, run, task, now);
    step.ready.push({ run, task, dispatch: run.dispatch[task]! });
  });
  return openTasks(run);
};
