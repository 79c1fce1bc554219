/**
 * How much waits already: the tasks of the live DAGs that this process has. Above a limit submissions are turned away, before memory and
 * the database suffer from what could only wait.
 */
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';

export interface BacklogNeeds {
  /** Counts the tasks that aren't final; walks all live DAGs, so it is asked once a second at most. */
  readonly count: () => number;
  /** Open tasks above which submissions are turned away. */
  readonly limit: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly announce: Announce;
}

export interface Backlog {
  /** Throws BACKLOG_FULL where so many further tasks are too many. What is larger than the limit is taken when nothing else is there. */
  check(tasks: number): void;
  /** They are about to be stored. */
  add(tasks: number): void;
  /** Open tasks, as of the last count, with what was added since. */
  size(): number;
}

const COUNT_EVERY_MS = 1000;
const LONGEST_WAIT_SECONDS = 60;
/** Where nothing has ended lately nobody knows. */
const UNKNOWN_WAIT_SECONDS = 10;

/** Makes it; nothing is counted before it is first asked. */
export const createBacklog = ({ count, limit, clock, announce }: BacklogNeeds): Backlog => {
  let [size, added, endedPerSecond] = [0, 0, 0];
  let countedAt = -Infinity;

  const look = (): number => {
    const now = clock.monotonic();
    const sinceMs = now - countedAt;
    if (sinceMs < COUNT_EVERY_MS) return size + added;
    const before = size + added;
    size = count();
    endedPerSecond = Number.isFinite(sinceMs) ? (Math.max(0, before - size) / sinceMs) * 1000 : 0;
    [added, countedAt] = [0, now];
    return size;
  };

  const secondsUntilFree = (tooMany: number): number =>
    endedPerSecond === 0 ? UNKNOWN_WAIT_SECONDS : Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil(tooMany / endedPerSecond)));

  return {
    check: (tasks) => {
      const open = look();
      if (open === 0 || open + tasks <= limit) return;
      announce('submission.refused', { reason: 'backlog' });
      throw refusal('BACKLOG_FULL', `${open} tasks are open, and ${limit} are the limit of one scheduler`, {
        headers: { 'Retry-After': String(secondsUntilFree(open + tasks - limit)) },
      });
    },
    add: (tasks) => {
      added += tasks;
    },
    size: look,
  };
};
