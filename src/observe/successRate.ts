/** Which share of the tasks that became final lately were COMPLETED: counted in slices of time, so that memory doesn't grow with the load. */
import type { Clock } from '../ports/clock';

const WINDOW_MS = 300_000;
const SLICES = 30;
const SLICE_MS = WINDOW_MS / SLICES;

interface Slice {
  /** Number of the slice since time zero: tells a current slice from one of an earlier round. */
  number: number;
  completed: number;
  other: number;
}

export interface SuccessRate {
  /** A task became final. */
  count(outcome: 'completed' | 'other'): void;
  /** 0 to 100 over the last five minutes; NaN where none ended in them. */
  percent(): number;
}

/** Makes the counter. */
export const createSuccessRate = (clock: Pick<Clock, 'monotonic'>): SuccessRate => {
  const slices: Slice[] = Array.from({ length: SLICES }, () => ({ number: -1, completed: 0, other: 0 }));
  const current = (): number => Math.floor(clock.monotonic() / SLICE_MS);
  return {
    count: (outcome) => {
      const number = current();
      const slice = slices[number % SLICES]!;
      if (slice.number !== number) Object.assign(slice, { number, completed: 0, other: 0 });
      slice[outcome] += 1;
    },
    percent: () => {
      const oldest = current() - SLICES + 1;
      const recent = slices.filter(({ number }) => number >= oldest);
      const completed = recent.reduce((sum, slice) => sum + slice.completed, 0);
      const all = recent.reduce((sum, slice) => sum + slice.completed + slice.other, 0);
      return all === 0 ? NaN : (completed / all) * 100;
    },
  };
};
