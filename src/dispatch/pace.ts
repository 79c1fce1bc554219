/**
 * When what is ready leaves. An idle process sends at once. Each send costs the same round through Kafka, Redis and PostgreSQL,
 * however few tasks are in it: a process that is hardly idle any more waits a little, and the more so the busier it is, so that many
 * tasks share a round. That makes it less busy again: it never waits longer than its load needs.
 */
import type { Clock } from '../ports/clock';

/** Parts of its time that the process is busy: from the first on it waits, from the second on for as long as it may. */
const BUSY = 0.4;
const FULLY_BUSY = 0.8;
const LONGEST_MS = 25;
/** Tasks that are enough for a round: more would hardly make it any cheaper for each. */
const ENOUGH = 64;
/** Where fewer left within two of the longest waits, whoever waits may get no company: what goes step by step would wait in vain. */
const COMPANY = 24;
const LATELY_MS = 2 * LONGEST_MS;

export interface PaceNeeds {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The part of its time, in [0, 1], that this process was busy lately. Without it nothing ever waits. */
  readonly load?: (() => number) | undefined;
}

export interface Pace {
  /** So many tasks became ready, the most important of them of this priority. */
  gather(count: number, highest: number): void;
  /** So many tasks were sent now, the most important of this priority; whether more are ready that had no room. */
  sent(count: number, highest: number, isMoreReady: boolean): void;
  /** Milliseconds that the next send should wait from now on. */
  waitMs(): number;
}

const pauseAt = (load: number): number => LONGEST_MS * Math.min(1, Math.max(0, (load - BUSY) / (FULLY_BUSY - BUSY)));

export const createPace = ({ clock, load }: PaceNeeds): Pace => {
  let last = { at: -Infinity, highest: 0, isMoreReady: false };
  let lately: { readonly at: number; readonly count: number }[] = [];
  let gathered = { count: 0, highest: 0 };
  return {
    gather: (count, highest) => {
      gathered = { count: gathered.count + count, highest: Math.max(gathered.highest, highest) };
    },
    sent: (count, highest, isMoreReady) => {
      const at = clock.monotonic();
      last = { at, highest, isMoreReady };
      lately = [...lately.filter((send) => send.at > at - LATELY_MS), { at, count }];
      gathered = { count: 0, highest: 0 };
    },
    waitMs: () => {
      // What waits for room makes full rounds by itself, and its workers would wait with it.
      if (load === undefined || last.isMoreReady || gathered.count >= ENOUGH) return 0;
      if (lately.reduce((sum, { count }) => sum + count, 0) < COMPANY) return 0;
      if (gathered.highest > last.highest) return 0;
      const since = clock.monotonic() - last.at;
      return since >= LONGEST_MS ? 0 : Math.max(0, pauseAt(load()) - since);
    },
  };
};
