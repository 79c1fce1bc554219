/** Commands on single tasks: cancel, hold, release, approve, skip, mark. Of several tasks either all can be changed or none is. */
import { requiresApproval } from './approval';
import { carryOn } from './carryOn';
import type { Command } from './command';
import { isFinalTask, type TaskReason } from './dag';
import { release } from './due';
import { errorText } from './failures';
import { ENDS_EARLY, nameOf, unknownTask, type Answer, type Asked } from './order';
import { markFinal } from './reopen';
import { isEnding, isHeld, type Run } from './run';
import { CODE, statusOf } from './states';
import { touch, type Step } from './step';
import { heldBy } from './times';
import { goesOn, LEADS_TO, takeAway } from './withdrawals';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

/** Whether a task is to be changed (true), is as it shall be (false), or can't be: then the answer says why. */
const mayTake = (run: Run, task: number, { code, resumeAt }: TaskReason): boolean | string => {
  const [status, reason, target] = [statusOf(run.state[task]!), run.reasons.get(task), LEADS_TO[code]];
  if (isFinalTask(status))
    return status === target ? false : `task ${nameOf(run, task)} is ${status} already: only a retry or a rerun begins it again`;
  if (status === 'CANCELLING') {
    const leadsTo = LEADS_TO[reason!.code];
    if (leadsTo === target) return code === 'HELD' && reason!.resumeAt !== resumeAt;
    return goesOn(reason!.code) ? true : `task ${nameOf(run, task)} is on its way to ${leadsTo}: wait until it is`;
  }
  if (code !== 'HELD' || !isHeld(run, task)) return true;
  if (reason?.approval !== undefined) return `task ${nameOf(run, task)} doesn't start before it is approved: leave it so, or hold it afterwards`;
  return reason?.resumeAt !== resumeAt;
};

/** Takes tasks away from where they are, all or none. */
const takeAll = (step: Step, run: Run, tasks: readonly number[], { reason, asked }: { reason: TaskReason; asked: Asked }): Answer => {
  const unknown = unknownTask(run, tasks);
  if (unknown !== undefined) return unknown;
  const taken: number[] = [];
  for (const task of new Set(tasks)) {
    const answer = mayTake(run, task, reason);
    if (typeof answer === 'string') return answer;
    if (answer) taken.push(task);
  }
  if (taken.length > 0 && isEnding(run)) return ENDS_EARLY;
  for (const task of taken) takeAway(step, run, task, { reason, now: asked.moment.now });
  if (taken.length > 0) carryOn(step, run, asked.moment);
  return taken.length;
};

/** What is queued never starts, what runs gets its signal; dependents go by their rules. */
export const cancelTasks = (step: Step, run: Run, tasks: readonly number[], asked: Asked): Answer =>
  takeAll(step, run, tasks, { reason: { ...asked.origin, code: 'CANCELLED' }, asked });

/** The tasks count as skipped, not as completed. */
export const skipTasks = (step: Step, run: Run, { tasks }: Of<'skip'>, asked: Asked): Answer =>
  takeAll(step, run, tasks, { reason: { ...asked.origin, code: 'SKIPPED_BY_HAND' }, asked });

/** The tasks don't start until they are released, or until `resumeAt`; one that runs is ended and starts again then. */
export const holdTasks = (step: Step, run: Run, { tasks, resumeAt }: Of<'hold'>, asked: Asked): Answer => {
  if (resumeAt !== null && resumeAt <= asked.moment.now) return 'the time at which they would be released is over: give a later one, or none';
  const reason: TaskReason = { ...asked.origin, code: 'HELD', ...(resumeAt === null ? {} : { resumeAt }) };
  return takeAll(step, run, tasks, { reason, asked });
};

/** A worker that is still letting go of a held task finishes that first. */
const releaseOnceFree = (step: Step, run: Run, task: number, now: number): void => {
  run.reasons.set(task, { ...run.reasons.get(task)!, resumeAt: now });
  touch(step, run, task).told = heldBy(run, task);
};

/** Held tasks go by their rules again; others aren't affected. */
export const releaseTasks = (step: Step, run: Run, { tasks }: Of<'release'>, { moment: { now } }: Asked): Answer => {
  const unknown = unknownTask(run, tasks);
  if (unknown !== undefined) return unknown;
  const unapproved = tasks.find((task) => isHeld(run, task) && run.reasons.get(task)?.approval !== undefined);
  if (unapproved !== undefined) return `task ${nameOf(run, unapproved)} isn't held by hand: approve it`;
  let affected = 0;
  for (const task of new Set(tasks)) {
    const reason = run.reasons.get(task);
    if (isHeld(run, task)) release(step, run, task, now);
    else if (run.state[task] === CODE.CANCELLING && reason?.code === 'HELD' && (reason.resumeAt ?? Infinity) > now)
      releaseOnceFree(step, run, task, now);
    else continue;
    affected += 1;
  }
  return affected;
};

/** Whether a task waits for its approval (true), has it (false), or can't be approved: then the answer says why. */
const mayApprove = (run: Run, task: number): boolean | string => {
  if (!requiresApproval(run.specs[task]!)) return `task ${nameOf(run, task)} requires no approval`;
  const approval = run.reasons.get(task)?.approval;
  if (approval === undefined || approval === 'AWAITED') return approval === 'AWAITED';
  const status = statusOf(run.state[task]!);
  return status === 'PENDING'
    ? `task ${nameOf(run, task)} can't be approved yet: what comes before it hasn't ended as its trigger rule asks`
    : `task ${nameOf(run, task)} is ${status} already: a retry or a rerun asks for its approval again`;
};

/** Tasks that wait for a person are ready from now on. */
export const approveTasks = (step: Step, run: Run, { tasks }: Of<'approve'>, { moment: { now } }: Asked): Answer => {
  const unknown = unknownTask(run, tasks);
  if (unknown !== undefined) return unknown;
  const waiting: number[] = [];
  for (const task of new Set(tasks)) {
    const answer = mayApprove(run, task);
    if (typeof answer === 'string') return answer;
    if (answer) waiting.push(task);
  }
  if (waiting.length > 0 && isEnding(run)) return ENDS_EARLY;
  for (const task of waiting) release(step, run, task, now);
  return waiting.length;
};

const markOpen = (step: Step, run: Run, { task, as, result = null }: Of<'mark'>, asked: Asked): Answer => {
  const code = as === 'COMPLETED' ? 'MARKED_COMPLETED' : 'MARKED_FAILED';
  const affected = takeAll(step, run, [task], { reason: { ...asked.origin, code }, asked });
  if (affected !== 1) return affected;
  const { texts } = touch(step, run, task);
  if (as === 'FAILED') texts.error = errorText({ kind: 'MARKED_FAILED', message: asked.origin.message ?? 'marked as failed by hand' });
  else {
    texts.result = result;
    texts.error = null;
    if (result !== null) run.withResult.add(task);
  }
  return affected;
};

/** Decides a task's end by hand. As COMPLETED what was skipped because of it goes on; as FAILED it is no dead letter. */
export const markTask = (step: Step, run: Run, command: Of<'mark'>, asked: Asked): Answer => {
  const { task, as } = command;
  const unknown = unknownTask(run, [task]);
  if (unknown !== undefined) return unknown;
  const status = statusOf(run.state[task]!);
  if (!isFinalTask(status) || as === 'FAILED' || status === as) return markOpen(step, run, command, asked);
  return markFinal(step, run, command, asked);
};
