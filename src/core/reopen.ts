/** Final tasks that begin again by hand: retry, rerun, and what a task marked as completed lets go on. */
import { approvalHold, requiresApproval } from './approval';
import { carryOn } from './carryOn';
import type { Command } from './command';
import { isFinalDag } from './dag';
import type { Moment } from './law';
import { endRetryWait } from './due';
import { ENDS_EARLY, nameOf, unknownTask, type Answer, type Asked } from './order';
import { isFinalCode, isMet, obstacleOf, recount } from './rules';
import { isEnding, taskCount, type Run } from './run';
import { count, tryReady } from './settle';
import { CODE, statusOf } from './states';
import { touch, UNTOLD, type Step } from './step';
import { goesOn } from './withdrawals';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

const isRemoved = (run: Run, task: number): boolean => run.state[task] === CODE.CANCELLED && run.reasons.get(task)?.code === 'REMOVED';
const wasSkippedByRule = (run: Run, task: number): boolean => run.state[task] === CODE.SKIPPED && run.reasons.get(task)?.code !== 'SKIPPED_BY_HAND';

const forEachChild = (run: Run, task: number, visit: (child: number) => void): void => {
  for (let i = run.childStart[task]!; i < run.childStart[task + 1]!; i++) visit(run.children[i]!);
};

/** Adds everything after these tasks for which `belongs` holds, as far as it is connected. */
const withDownstream = (run: Run, from: Iterable<number>, belongs: (task: number) => boolean): Set<number> => {
  const found = new Set(from);
  for (const task of found)
    forEachChild(run, task, (child) => {
      if (belongs(child)) found.add(child);
    });
  return found;
};

/** Takes out what can't run even if all the others begin again: something before it stays as it is. */
const leaveOutHopeless = (run: Run, wanted: Set<number>): void => {
  const check = [...wanted];
  for (let task = check.pop(); task !== undefined; task = check.pop()) {
    if (!wanted.has(task) || obstacleOf(run, task, wanted) === undefined) continue;
    wanted.delete(task);
    forEachChild(run, task, (child) => check.push(child));
  }
};

/** A DAG that came to its end in this same step has another one now. */
const unsettle = (step: Step, run: Run): void => {
  const settled = step.settled.indexOf(run);
  if (settled >= 0) step.settled.splice(settled, 1);
};

/** The DAG goes on: its early end, and a time that is over, are forgotten. */
const reopenDag = (step: Step, run: Run, now: number): void => {
  if (!isFinalDag(run.status)) return;
  run.status = 'RUNNING';
  run.completedAt = null;
  run.begunAgainAt = now;
  run.reason = null;
  run.ended = 0;
  if (run.dueAt !== null && run.dueAt <= now) run.dueAt = null;
  unsettle(step, run);
};

/** Makes a task PENDING as if it had never begun, but for the number of its dispatch. What was approved stays so. */
const beginAnew = (step: Step, run: Run, task: number, now: number): void => {
  const isApproved = run.reasons.get(task)?.approval === undefined;
  count(run, run.state[task]!, -1);
  run.state[task] = CODE.PENDING;
  run.dispatch[task]! += 1;
  run.failures[task] = 0;
  run.losses[task] = 0;
  run.since[task] = 0;
  run.unblockedAt[task] = 0;
  if (isApproved) run.reasons.delete(task);
  else run.reasons.set(task, approvalHold('REQUIRED', now));
  run.budgets.delete(task);
  run.dueTimes.delete(task);
  run.spent.delete(task);
  const touched = touch(step, run, task);
  touched.told = { ...UNTOLD };
  touched.texts.error = null;
  if (run.withResult.delete(task)) touched.texts.result = null;
};

/** What was asked for and isn't approved is asked for again, once what comes before it has ended again. */
const askLater = (step: Step, run: Run): void => {
  for (const [task, { approval, at }] of run.reasons) {
    if (approval !== 'AWAITED' || isMet(run, task)) continue;
    run.reasons.set(task, approvalHold('REQUIRED', at));
    touch(step, run, task);
  }
};

/** Begins tasks again; those whose rule is met are ready. */
const reopen = (step: Step, run: Run, wanted: ReadonlySet<number>, { now }: Moment): void => {
  if (wanted.size === 0) return;
  reopenDag(step, run, now);
  for (const task of wanted) beginAnew(step, run, task, now);
  recount(run);
  askLater(step, run);
  for (const task of wanted) if (tryReady(step, run, task, now)) touch(step, run, task).told.queuedAt = now;
};

/** Why a task can't be begun again: something before it stands in the way. */
const obstacleSentence = (run: Run, task: number, obstacle: number): string =>
  `task ${nameOf(run, task)} can't run: ${nameOf(run, obstacle)} before it is ${statusOf(run.state[obstacle]!)}; begin with that one`;

const whyNotRetried = (run: Run, task: number): string | undefined => {
  const status = statusOf(run.state[task]!);
  const name = nameOf(run, task);
  if (isRemoved(run, task)) return `task ${name} was removed from the DAG: add it again`;
  if (status === 'COMPLETED') return `task ${name} is COMPLETED: rerun it instead`;
  if (status === 'SKIPPED')
    return `task ${name} is SKIPPED: retry what failed before it with its downstream, or rerun this one if it was skipped by hand`;
  if (status !== 'CANCELLING') return undefined;
  return goesOn(run.reasons.get(task)!.code)
    ? `task ${name} is being taken from its worker, and begins again by itself`
    : `task ${name} is on its way to an early end: wait until it is final`;
};

const isRetried = (run: Run, task: number): boolean =>
  run.state[task] === CODE.FAILED || (run.state[task] === CODE.CANCELLED && !isRemoved(run, task));

/** The tasks that a retry means, or why it is refused. */
const retriedTasks = (run: Run, { tasks, payload }: Of<'retry'>): Set<number> | string => {
  if (payload !== undefined && tasks?.length !== 1) return 'a new payload is for one task: say for which one';
  if (tasks === null) {
    return new Set(Array.from({ length: taskCount(run) }, (_, task) => task).filter((task) => isRetried(run, task)));
  }
  for (const task of tasks) {
    const why = unknownTask(run, [task]) ?? whyNotRetried(run, task);
    if (why !== undefined) return why;
  }
  return new Set(tasks);
};

const givePayload = (step: Step, run: Run, task: number, payload: string | null): void => {
  run.specs = run.specs.map((spec, i) => (i === task ? { ...spec, hasPayload: payload !== null } : spec));
  touch(step, run, task).texts.payload = payload;
};

/** Runs failed and cancelled tasks again, from their checkpoints and with all of their budgets. */
export const retry = (step: Step, run: Run, command: Of<'retry'>, { moment }: Asked): Answer => {
  if (isEnding(run) && !isFinalDag(run.status)) return ENDS_EARLY;
  const asked = retriedTasks(run, command);
  if (typeof asked === 'string') return asked;
  const failed = new Set([...asked].filter((task) => isRetried(run, task)));
  const wanted = command.downstream ? withDownstream(run, failed, (task) => wasSkippedByRule(run, task)) : failed;
  leaveOutHopeless(run, wanted);
  const left = command.tasks === null ? undefined : [...asked].find((task) => isRetried(run, task) && !wanted.has(task));
  if (left !== undefined) return obstacleSentence(run, left, obstacleOf(run, left, wanted)!);
  const waiting = [...asked].filter((task) => run.state[task] === CODE.RETRYING);
  reopen(step, run, wanted, moment);
  for (const task of waiting) endRetryWait(step, run, task, moment.now);
  const { payload } = command;
  if (payload !== undefined) for (const task of [...failed, ...waiting]) givePayload(step, run, task, payload);
  if (wanted.size > 0) carryOn(step, run, moment);
  return wanted.size + waiting.length;
};

/** The tasks that a rerun means, or why it is refused. */
const rerunTasks = (run: Run, task: number): Set<number> | string => {
  const status = statusOf(run.state[task]!);
  if (isRemoved(run, task)) return `task ${nameOf(run, task)} was removed from the DAG: add it again`;
  if (!isFinalCode(run.state[task]!)) return `task ${nameOf(run, task)} is ${status}: only what has ended is run again`;
  const wanted = withDownstream(run, [task], (child) => !isRemoved(run, child));
  for (const each of wanted) {
    const code = run.state[each]!;
    if (code === CODE.PENDING) wanted.delete(each);
    else if (!isFinalCode(code) && code !== CODE.RETRYING)
      return `task ${nameOf(run, each)} after it is ${statusOf(code)}: cancel it, or wait until it has ended`;
  }
  const obstacle = obstacleOf(run, task);
  if (obstacle !== undefined) return obstacleSentence(run, task, obstacle);
  leaveOutHopeless(run, wanted);
  return wanted;
};

/** Runs a final task and everything after it again, from the start; the whole DAG, once it is final, for null. */
export const rerun = (step: Step, run: Run, { task }: Of<'rerun'>, { moment }: Asked): Answer => {
  if (isEnding(run) && !isFinalDag(run.status)) return ENDS_EARLY;
  if (task === null && !isFinalDag(run.status)) return `the DAG is ${run.status}: cancel it, or wait until it is final`;
  const unknown = task === null ? undefined : unknownTask(run, [task]);
  if (unknown !== undefined) return unknown;
  const all = Array.from({ length: taskCount(run) }, (_, each) => each);
  const wanted = task === null ? new Set(all.filter((each) => !isRemoved(run, each))) : rerunTasks(run, task);
  if (typeof wanted === 'string') return wanted;
  for (const each of wanted) {
    if (run.withCheckpoint.delete(each)) touch(step, run, each).texts.checkpoint = null;
    // What was approved was another run of it.
    if (requiresApproval(run.specs[each]!)) run.reasons.set(each, approvalHold('REQUIRED', moment.now));
  }
  reopen(step, run, wanted, moment);
  carryOn(step, run, moment);
  return wanted.size;
};

/** Marks a task COMPLETED that had ended otherwise: what was skipped because of it goes on. */
export const markFinal = (step: Step, run: Run, { task, result = null }: Of<'mark'>, { origin, moment }: Asked): Answer => {
  if (isRemoved(run, task)) return `task ${nameOf(run, task)} was removed from the DAG: add it again`;
  if (isEnding(run) && !isFinalDag(run.status)) return ENDS_EARLY;
  count(run, run.state[task]!, -1);
  run.state[task] = CODE.COMPLETED;
  count(run, CODE.COMPLETED, 1);
  run.reasons.set(task, { ...origin, code: 'MARKED_COMPLETED' });
  run.spent.delete(task);
  run.unblockedAt[task] = 0;
  const touched = touch(step, run, task);
  touched.told = { ...UNTOLD, completedAt: moment.now };
  Object.assign(touched.texts, { result, error: null, ...(run.withCheckpoint.delete(task) ? { checkpoint: null } : {}) });
  if (result !== null) run.withResult.add(task);
  step.finished.push({ type: run.specs[task]!.type, outcome: 'COMPLETED', attempts: run.failures[task]! });
  const wanted = withDownstream(run, [task], (child) => wasSkippedByRule(run, child));
  wanted.delete(task);
  recount(run);
  leaveOutHopeless(run, wanted);
  reopen(step, run, wanted, moment);
  forEachChild(run, task, (child) => tryReady(step, run, child, moment.now));
  // A DAG that stays final has another end now.
  if (isFinalDag(run.status)) {
    run.status = 'RUNNING';
    unsettle(step, run);
  }
  carryOn(step, run, moment);
  return 1 + wanted.size;
};
