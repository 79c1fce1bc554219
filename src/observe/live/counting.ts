/** Figures of one scheduler's own shards, in slots of five seconds: counted as tasks end, so that nothing is asked of the engine for them. */
import { SLOTS_KEPT, slotOf } from '../../core/live';
import type { Clock } from '../../ports/clock';
import type { Listen } from '../../ports/happenings';
import type { LiveWorker } from '../../ports/leases';
import type { SlotFigures } from '../../ports/live';
import type { ReadyQueue } from '../../core/readyQueue';

export interface CountingNeeds {
  readonly listen: Listen;
  readonly clock: Pick<Clock, 'now'>;
  readonly queue: Pick<ReadyQueue, 'sizes'>;
  readonly workers: () => readonly LiveWorker[];
  readonly dags: () => number;
}

export interface Counting {
  /** Closes slots that are over and brings the present one up to date: with whether what this process depends on is up. */
  tick(health: Readonly<Record<string, boolean>>): void;
  /** By slot, oldest first; a quarter of an hour at the most. */
  slots(): ReadonlyMap<number, SlotFigures>;
}

type Counts = [completed: number, failed: number, skipped: number, cancelled: number];

const PLACES = { COMPLETED: 0, FAILED: 1, SKIPPED: 2, CANCELLED: 3 } as const;
const SECONDS = 5;

/** Counts of the last five seconds, a second each. */
const createLately = () => {
  const seconds = new Map<number, Counts>();
  return {
    add: (now: number, place: number): void => {
      const second = Math.floor(now / 1000);
      const counts = seconds.get(second) ?? [0, 0, 0, 0];
      counts[place]! += 1;
      seconds.set(second, counts);
    },
    /** Without the present second, which isn't over. */
    sum: (now: number): Counts => {
      const present = Math.floor(now / 1000);
      const sum: Counts = [0, 0, 0, 0];
      for (const [second, counts] of seconds) {
        if (second < present - SECONDS) seconds.delete(second);
        else if (second < present) counts.forEach((count, i) => (sum[i]! += count));
      }
      return sum;
    },
  };
};

/** By priority, without those that nothing waits at. */
const queuedIn = (sizes: ReturnType<ReadyQueue['sizes']>): Record<string, number> => {
  const queued: Record<string, number> = {};
  for (const { priority, size } of sizes) if (size > 0) queued[priority] = (queued[priority] ?? 0) + size;
  return queued;
};

const crewOf = (workers: readonly LiveWorker[]): Pick<SlotFigures, 'slots' | 'taken' | 'active' | 'draining'> => {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const free = workers.reduce((sum, worker) => sum + worker.freeSlots, 0);
  const draining = workers.filter((worker) => worker.draining).length;
  return { slots, taken: Math.max(0, slots - free), active: workers.length - draining, draining };
};

/** Begins to count at once. */
export const createCounting = ({ listen, clock, queue, workers, dags }: CountingNeeds): Counting => {
  const slots = new Map<number, SlotFigures>();
  const lately = createLately();
  let [slot, counts] = [slotOf(clock.now()), [0, 0, 0, 0] as Counts];
  const write = (now: number, health: SlotFigures['health']): void => {
    const [completed, failed, skipped, cancelled] = counts;
    const standing = { queued: queuedIn(queue.sizes()), dags: dags(), ...crewOf(workers()) };
    slots.set(slot, { completed, failed, skipped, cancelled, lately: lately.sum(now), ...standing, health });
  };
  const goOn = (now: number, health: SlotFigures['health']): void => {
    if (slotOf(now) === slot) return;
    write(now, health);
    [slot, counts] = [slotOf(now), [0, 0, 0, 0]];
    for (const old of slots.keys()) if (old <= slot - SLOTS_KEPT) slots.delete(old);
  };
  listen('task.finished', ({ outcome }) => {
    const now = clock.now();
    goOn(now, slots.get(slot)?.health ?? {});
    counts[PLACES[outcome]] += 1;
    lately.add(now, PLACES[outcome]);
  });
  return {
    tick: (health) => {
      const now = clock.now();
      goOn(now, health);
      write(now, health);
    },
    slots: () => slots,
  };
};
