/** The state of all tasks at any moment, from what is known now of where their time went. */
import { isFinalTask, shownStatus, timeOf, timeOrNull, type HistoryEvent, type ShownStatus, type Task } from './model';
import type { Segment, Stage } from './segments';

/** `UNKNOWN`: it was begun again later, and the run that this moment lies in is no longer kept. `ABSENT`: it was added later. */
export type StatusThen = ShownStatus | 'UNKNOWN' | 'ABSENT';

const STATUS: Readonly<Record<Stage, StatusThen>> = {
  blocked: 'PENDING',
  queued: 'QUEUED',
  dispatched: 'QUEUED',
  running: 'RUNNING',
  retryWait: 'RETRYING',
  earlier: 'UNKNOWN',
};

export const statusAt = (
  task: Pick<Task, 'status' | 'reason' | 'createdAt' | 'completedAt'>,
  segments: readonly Segment[],
  moment: number,
): StatusThen => {
  if (moment < timeOf(task.createdAt)) return 'ABSENT';
  const completed = timeOrNull(task.completedAt);
  if (completed !== null && moment >= completed) return task.status;
  const within = segments.find(({ from, to }) => from <= moment && moment < to);
  if (within !== undefined) return within.isForApproval === true ? 'AWAITING_APPROVAL' : STATUS[within.stage];
  // A task that took no measurable time; or one that isn't final, at this very moment.
  return isFinalTask(task.status) && completed === null ? 'PENDING' : shownStatus(task);
};

export type Counts = Readonly<Partial<Record<StatusThen, number>>>;

export const countsOf = (statuses: Iterable<StatusThen>): Counts => {
  const counts: Partial<Record<StatusThen, number>> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** The moments at which something happened: what the keys of the scrubber go to. Each once, in order. */
export const momentsOf = (
  tasks: readonly Pick<Task, 'createdAt' | 'startedAt' | 'completedAt'>[],
  events: readonly HistoryEvent[],
): readonly number[] => {
  const found = new Set<number>(events.map(({ at }) => timeOf(at)));
  for (const { createdAt, startedAt, completedAt } of tasks)
    for (const text of [createdAt, startedAt, completedAt]) if (text !== null) found.add(timeOf(text));
  return [...found].sort((a, b) => a - b);
};
