/** Where the time of a task goes: clocks of several hosts, booked so that no stage is negative and none is booked twice. */
import type { Execution } from './event';
import type { Run, Running, Spent } from './run';
import { UNTOLD, type Told } from './step';

export const between = (low: number, value: number, high: number): number => Math.max(low, Math.min(value, Math.max(low, high)));

/** Clocks of different hosts disagree: a stage never ends before it began, nor after the log heard of it. */
const clampTimes = (run: Run, report: Execution, now: number): Pick<Running, 'sentAt' | 'startedAt'> => {
  const sentAt = between(run.since[report.task]!, report.sentAt, now);
  return { sentAt, startedAt: between(sentAt, report.startedAt, now) };
};

/** The times of the execution that a report speaks of: as first told, so that later reports agree. */
export const timesOf = (run: Run, report: Execution, now: number): Pick<Running, 'sentAt' | 'startedAt'> => {
  const running = run.running.get(report.task);
  return running?.fence === report.fence ? running : clampTimes(run, report, now);
};

/** What the task has spent so far, to be added to. */
export const spentOf = (run: Run, task: number): Spent => {
  let spent = run.spent.get(task);
  if (spent === undefined) run.spent.set(task, (spent = { queuedMs: 0, dispatchedMs: 0, runningMs: 0, retryWaitMs: 0 }));
  return spent;
};

/** Writes into a row which execution it is about. */
export const tell = (told: Told, run: Run, report: Execution, times: Pick<Running, 'sentAt' | 'startedAt'>): void => {
  told.worker = report.worker;
  told.session = report.session;
  told.fence = report.fence;
  told.queuedAt = run.since[report.task]!;
  told.dispatchedAt = times.sentAt;
  told.startedAt = times.startedAt;
  told.completedAt = null;
};

/** What is known of the execution under way: the same, whatever else this batch tells of the task. */
export const heldBy = (run: Run, task: number): Told => {
  const queuedAt = run.since[task]!;
  const running = run.running.get(task);
  if (running === undefined) return { ...UNTOLD, queuedAt };
  const { worker, session, fence, sentAt, startedAt } = running;
  return { worker, session, fence, queuedAt, dispatchedAt: sentAt, startedAt, completedAt: null };
};

/** Books the time of a dispatch that ends without a report of its own. */
export const bookUntil = (run: Run, task: number, now: number): void => {
  const running = run.running.get(task);
  const spent = spentOf(run, task);
  // The log's clock may be behind the one by which the task became ready.
  if (running === undefined) spent.queuedMs += Math.max(0, now - run.since[task]!);
  else {
    spent.queuedMs += running.sentAt - run.since[task]!;
    spent.dispatchedMs += running.startedAt - running.sentAt;
    spent.runningMs += Math.max(0, now - running.startedAt);
  }
};
