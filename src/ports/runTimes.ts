/** What was learned of run times, kept for the next start and for other schedulers. Losing it costs knowledge, never work. */
import type { RunTime } from '../core/runTimes';

/** Where reading goes on: behind what was read. */
export type RunTimesPosition = string;

export interface RunTimeStore {
  /** Keeps these, each in place of what was kept of the same type or task. Those of one call are of different ones. */
  write(times: readonly RunTime[]): Promise<void>;
  /** What was written behind a position (null: all of it), in the order in which it was written, `limit` at the most. */
  read(after: RunTimesPosition | null, limit: number): Promise<{ readonly times: readonly RunTime[]; readonly next: RunTimesPosition | null }>;
  /** Removes all but the `most` that were written last; answers how many. */
  trim(most: number): Promise<number>;
}
