/** Keeps what grows with each task divided by months, so that what is kept no longer can be dropped by the month instead of being deleted row by row. */
import { type DagId, mintedAt } from '../core/ids';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { KeptDays, Month, Months } from '../ports/retention';

export interface MonthsNeeds {
  readonly kept: KeptDays;
  /** So many days may rows lie, unseen, after their DAG was removed, until their month is dropped; 0: nothing is cut. */
  readonly lingerDays: number;
  readonly months: Months;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly announce: Announce;
  /** Whether this process may go on. */
  readonly mayGoOn: () => boolean;
}

const DAY_MS = 86_400_000;
/** Between two looks. */
const LOOK_MS = 600_000;
/** What stands in the way of a cut is there for a while. */
const OCCUPIED_MS = DAY_MS;
/** Each month costs each commit something, so that whoever keeps more of them is better off without. */
const MOST_DAYS = 731;
/** Clocks differ. */
const SPARE_MS = DAY_MS;

/** How long the longest kept DAG is kept after its end; undefined where one may be kept for ever. */
const longestMs = ({ completedDays, failedDays, cancelledDays }: KeptDays): number | undefined =>
  completedDays === null || failedDays === null || cancelledDays === null ? undefined : Math.max(completedDays, failedDays, cancelledDays) * DAY_MS;

const firstOfMonth = (now: number, later: number): number => {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
};

/**
 * Where the newest month is to be cut, so that two whole months to come are there beside this one. A cut is never nearer than a month: while it
 * is made nothing can be stored that is of a later time.
 */
export const cutsWanted = (months: readonly Month[], now: number): number[] => {
  const last = months.at(-1);
  if (last === undefined) return [];
  return [firstOfMonth(now, 2), firstOfMonth(now, 3)].filter((at) => last.from === null || last.from < at);
};

/** Which DAGs' rows may lie until their months are dropped: that is expected within so many days, and isn't overdue. */
export const lyingIn = (
  months: readonly Month[],
  { kept, lingerDays }: Pick<MonthsNeeds, 'kept' | 'lingerDays'>,
  now: number,
): ((dag: DagId) => boolean) => {
  const longest = longestMs(kept);
  if (longest === undefined) return () => false;
  const isNear = ({ to }: Month): boolean => to !== null && to + longest >= now && to + longest - now <= lingerDays * DAY_MS;
  const near = months.filter(isNear);
  return (dag) => {
    const at = mintedAt(dag);
    return near.some(({ from, to }) => (from === null || from <= at) && at < to!);
  };
};

/** Months that should have been dropped long ago, but that a DAG is still there of: a DAG that goes on, or that is kept for ever by now. */
export const overdueIn = (months: readonly Month[], { kept, lingerDays }: Pick<MonthsNeeds, 'kept' | 'lingerDays'>, now: number): Month[] => {
  const until = now - (longestMs(kept) ?? 0) - lingerDays * DAY_MS - SPARE_MS;
  return months.filter(({ to }) => to !== null && to < until);
};

/** Looks now and then: cuts ahead, drops what no DAG is left of, and deletes what has lain for too long. */
export const createMonthKeeping = ({ kept, lingerDays, months, clock, announce, mayGoOn }: MonthsNeeds): { once(): Promise<void> } => {
  const longest = longestMs(kept);
  const isCut = longest !== undefined && longest <= MOST_DAYS * DAY_MS && lingerDays > 0;
  let nextLookAt = -Infinity;
  let nextCutAt = -Infinity;
  // Nothing is left to lie there any more.
  const cleared = new Set<number | null>();

  const cut = async (): Promise<void> => {
    for (const at of cutsWanted(await months.all(), clock.now())) {
      if (!mayGoOn()) return;
      const began = clock.monotonic();
      const outcome = await months.cut(at);
      announce(outcome === 'cut' ? 'month.cut' : 'month.uncut', { at: new Date(at).toISOString(), tookMs: clock.monotonic() - began });
      if (outcome === 'occupied') {
        nextCutAt = clock.monotonic() + OCCUPIED_MS;
        return;
      }
    }
  };
  const drop = async (): Promise<void> => {
    const began = clock.monotonic();
    for (const { until, ...dropped } of await months.drop(clock.now() - SPARE_MS))
      announce('month.dropped', { ...dropped, until: new Date(until).toISOString(), tookMs: clock.monotonic() - began });
  };
  const clear = async (): Promise<void> => {
    for (const month of overdueIn(await months.all(), { kept, lingerDays }, clock.now())) {
      if (!mayGoOn()) return;
      if (cleared.has(month.to)) continue;
      const rows = await months.clear(month);
      cleared.add(month.to);
      if (rows > 0) announce('month.cleared', { until: new Date(month.to!).toISOString(), rows });
    }
  };
  return {
    once: async () => {
      if (clock.monotonic() < nextLookAt) return;
      await months.takeBack();
      if (isCut && clock.monotonic() >= nextCutAt) await cut();
      if (mayGoOn()) await drop();
      if (mayGoOn()) await clear();
      nextLookAt = clock.monotonic() + LOOK_MS;
    },
  };
};
