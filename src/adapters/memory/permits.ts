/** Slots and rates of limits within one process: the rules are those of the scripts in adapters/redis. */
import { failure } from '../../core/failure';
import type { Rate } from '../../core/limits';
import type { Clock } from '../../ports/clock';
import type { PermitAnswer, Permits, PermitWanted } from '../../ports/permits';
import type { Slots } from './slots';

export interface MemoryPermitsNeeds {
  readonly clock: Pick<Clock, 'now'>;
  readonly slots: Slots;
  /** Whether the leases just lost their memory. */
  isForgetful(): boolean;
}

export interface MemoryPermits extends Permits {
  forget(): void;
}

/** Rates that are remembered before those that are due are dropped. */
const MOST_RATES = 10_000;

/** When each rate's next start would be due if all came evenly, in milliseconds since 1970. */
const createRates = (now: () => number) => {
  const due = new Map<string, number>();
  const dueAt = (key: string): number => Math.max(due.get(key) ?? 0, now());
  return {
    waitMs: ({ key, perSecond, burst }: Rate): number => {
      const early = dueAt(key) - ((burst - 1) * 1000) / perSecond - now();
      // What was added up in doubles is a nanosecond off.
      return early > 1e-6 ? Math.ceil(early) : 0;
    },
    spend: ({ key, perSecond }: Rate): void => {
      due.set(key, dueAt(key) + 1000 / perSecond);
      if (due.size > MOST_RATES) for (const [each, at] of due) if (at <= now()) due.delete(each);
    },
    forget: (): void => {
      due.clear();
    },
  };
};

export const createMemoryPermits = ({ clock, slots, isForgetful }: MemoryPermitsNeeds): MemoryPermits => {
  const rates = createRates(() => clock.now());
  const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);
  const mustRemember = (): void => {
    if (isForgetful()) throw failure('LEASES_UNAVAILABLE', 'the leases just lost their memory: ask again after a lease');
  };
  const reserveOne = (wanted: PermitWanted): PermitAnswer => {
    const task = `${wanted.dag}/${String(wanted.task)}`;
    const full = slots.full(task, wanted.slots);
    if (full !== undefined) return { kind: 'full', key: full };
    for (const rate of wanted.rates) {
      const ms = rates.waitMs(rate);
      if (ms > 0) return { kind: 'later', key: rate.key, ms };
    }
    slots.reserve(task, wanted.slots, wanted);
    for (const rate of wanted.rates) rates.spend(rate);
    return { kind: 'granted' };
  };
  return {
    reserve: (wanted) => answered(() => wanted.map((each) => (isForgetful() ? { kind: 'wait' } : reserveOne(each)))),
    free: (over) =>
      answered(() => {
        mustRemember();
        return over.map(({ dag, task, dispatch, slots: keys }) => slots.over(`${dag}/${String(task)}`, keys, dispatch));
      }),
    taken: (keys) =>
      answered(() => {
        mustRemember();
        return keys.map((key) => slots.taken(key));
      }),
    waits: (all) =>
      answered(() => {
        mustRemember();
        return all.map((rate) => rates.waitMs(rate));
      }),
    forget: () => {
      slots.forget();
      rates.forget();
    },
  };
};
