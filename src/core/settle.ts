/** Ends of tasks and what follows from them: dependents become ready or are skipped, the DAG comes to its end. */
import { approvalHold, stillRequired } from './approval';
import { isFinalDag, type DagReason, type DagStatus, type TaskReason } from './dag';
import { isBad, isHopeless, isMet } from './rules';
import { isEnding, isHeld, setDueTime, taskCount, type Run } from './run';
import { CODE } from './states';
import { touch, UNTOLD, type Step } from './step';

type Outcome = 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED';

/** Adds to the counter of an outcome; `by` is -1 where a final task is begun again. */
export const count = (run: Run, code: number, by: 1 | -1): void => {
  if (code === CODE.COMPLETED) run.completed += by;
  else if (code === CODE.FAILED) run.failed += by;
  else if (code === CODE.SKIPPED) run.skipped += by;
  else if (code === CODE.CANCELLED) run.cancelled += by;
};

/** Hands a task to whoever sends it. */
export const becomeReady = (step: Step, run: Run, task: number, now: number): void => {
  run.state[task] = CODE.QUEUED;
  run.since[task] = now;
  if (run.unblockedAt[task] === 0) run.unblockedAt[task] = now;
  if (run.reasons.size > 0) run.reasons.delete(task);
  step.ready.push({ run, task, dispatch: run.dispatch[task]! });
  if (run.specs[task]!.options === null) return;
  setDueTime(run, task);
  // A deadline must be in the row, where the sweep looks for it; and readiness that doesn't follow from complete dependencies, since a
  // cascade that was cut off may not have come to it.
  if (run.dueTimes.has(task) || run.unmet[task]! > 0) touch(step, run, task).told = { ...UNTOLD, queuedAt: now };
};

/** Whether a task that is to be approved hasn't been asked for yet. */
const isUnasked = (run: Run, task: number): boolean => run.reasons.get(task)?.approval === 'REQUIRED';

/** From now on only a person is waited for. */
const askForApproval = (step: Step, run: Run, task: number, now: number): void => {
  run.reasons.set(task, approvalHold('AWAITED', now));
  touch(step, run, task).told = { ...UNTOLD };
  step.history.push({ dag: run.dag, at: now, kind: 'task.awaitsApproval', task, by: null, message: null });
};

/** Makes a PENDING task ready if its rule is met and nothing else holds it; the answer says whether. */
export const tryReady = (step: Step, run: Run, task: number, now: number): boolean => {
  if (run.state[task] !== CODE.PENDING || !isMet(run, task) || isEnding(run)) return false;
  // The only reason of a PENDING task is that it is held.
  if (run.reasons.has(task)) {
    if (isUnasked(run, task)) askForApproval(step, run, task, now);
    return false;
  }
  becomeReady(step, run, task, now);
  return true;
};

const tellChildren = (step: Step, run: Run, task: number, now: number): void => {
  const completed = run.state[task] === CODE.COMPLETED;
  const { tally } = run;
  const bad = tally !== null && isBad(run, task);
  for (let i = run.childStart[task]!; i < run.childStart[task + 1]!; i++) {
    const child = run.children[i]!;
    if (tally !== null) {
      tally.open[child]! -= 1;
      if (bad) tally.bad[child]! += 1;
    }
    if (!completed) continue;
    run.unmet[child]! -= 1;
    tryReady(step, run, child, now);
  }
  if (!completed && !isEnding(run)) for (let i = run.childStart[task]!; i < run.childStart[task + 1]!; i++) run.cascade.add(run.children[i]!);
};

/**
 * Makes a task final; its reason, where it has one, is set before. Dependents of a completed task become ready at once, those
 * of others with the next `carryOn`.
 */
export const settle = (step: Step, run: Run, task: number, { outcome, now }: { readonly outcome: Outcome; readonly now: number }): void => {
  run.state[task] = CODE[outcome];
  count(run, CODE[outcome], 1);
  if (run.dueTimes.size > 0) run.dueTimes.delete(task);
  const attempts = run.failures[task]! + (outcome === 'COMPLETED' ? 1 : 0);
  step.finished.push({ type: run.specs[task]!.type, outcome, attempts });
  tellChildren(step, run, task, now);
};

/** Whether what has ended before a waiting task decides on it. */
const isDecided = (run: Run, task: number): boolean =>
  run.state[task] === CODE.PENDING && (isHopeless(run, task) || (isMet(run, task) && (!isHeld(run, task) || isUnasked(run, task))));

/** Skips a task whose rule can't be met any more, or starts it, or asks for its approval. */
const follow = (step: Step, run: Run, task: number, reason: TaskReason): void => {
  if (isMet(run, task)) {
    tryReady(step, run, task, reason.at);
    return;
  }
  run.reasons.set(task, stillRequired(reason, run.reasons.get(task)));
  touch(step, run, task).told.completedAt = reason.at;
  settle(step, run, task, { outcome: 'SKIPPED', now: reason.at });
};

/**
 * Looks at dependents of what ended without completing, settles at most `limit` of them; the rest waits for an event of its own.
 * Each round is chosen before its first task is settled, and sorted: so what an event comes to follows from the states of the tasks
 * alone, and is the same after a crash.
 */
export const cascade = (step: Step, run: Run, now: number, limit: number): void => {
  const reason: TaskReason = { code: 'UPSTREAM', at: now };
  for (let left = limit; run.cascade.size > 0 && left > 0;) {
    const round = [...run.cascade].filter((task) => isDecided(run, task)).sort((a, b) => a - b);
    run.cascade.clear();
    for (const task of round.slice(0, left)) follow(step, run, task, reason);
    for (const task of round.slice(left)) run.cascade.add(task);
    left -= round.length;
  }
};

const ENDINGS = { CANCELLED: 'CANCELLED', DRAINED: 'DRAINED', DAG_TIMEOUT: 'DAG_TIMEOUT' } as const;

/** The reason that tasks get whose DAG ends early. */
export const endingReason = ({ code, ...rest }: DagReason): TaskReason => ({ ...rest, code: code === 'PAUSED' ? 'CANCELLED' : ENDINGS[code] });

const removedOf = (run: Run): number => {
  let removed = 0;
  run.state.forEach((code, task) => {
    if (code === CODE.CANCELLED && run.reasons.get(task)?.code === 'REMOVED') removed += 1;
  });
  return removed;
};

const endOf = (run: Run): DagStatus => {
  if (run.failed > 0 || run.reason?.code === 'DAG_TIMEOUT') return 'FAILED';
  if (run.reason?.code === 'CANCELLED') return 'CANCELLED';
  return run.cancelled > 0 && run.cancelled > removedOf(run) ? 'CANCELLED' : 'COMPLETED';
};

/** `now` and not the end of the task told of last: another one may have ended later and been heard of earlier. */
export const settleDag = (step: Step, run: Run, now: number): void => {
  if (run.completed + run.failed + run.skipped + run.cancelled < taskCount(run) || isFinalDag(run.status)) return;
  if (run.reason?.code === 'PAUSED') run.reason = null;
  run.status = endOf(run);
  run.cascade.clear();
  run.completedAt = Math.max(now, run.startedAt ?? now);
  step.settled.push(run);
};
