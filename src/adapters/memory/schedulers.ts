/** Where schedulers are reached, within one process. */
import type { Clock } from '../../ports/clock';
import type { SchedulerBook, SchedulerPlace } from '../../ports/schedulers';

export interface MemorySchedulerBook extends SchedulerBook {
  forget(): void;
}

export const createMemorySchedulerBook = (clock: Pick<Clock, 'monotonic'>): MemorySchedulerBook => {
  const known = new Map<string, { readonly place: SchedulerPlace; readonly till: number }>();
  return {
    publish: (place, ms) => {
      known.set(place.scheduler, { place, till: clock.monotonic() + ms });
      return Promise.resolve();
    },
    withdraw: (scheduler) => {
      known.delete(scheduler);
      return Promise.resolve();
    },
    all: () => {
      for (const [name, { till }] of known) if (till <= clock.monotonic()) known.delete(name);
      return Promise.resolve([...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { place }]) => place));
    },
    forget: () => {
      known.clear();
    },
  };
};
