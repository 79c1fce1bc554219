/** The limits of the cluster as this scheduler knows them: their rows, read again and again, and how many slots are taken. */
import { createLimitBook, slotKey, type Limit, type Slot, type TaskLimits } from '../core/limits';
import type { Run } from '../core/run';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';

export interface LimitsNeeds {
  readonly store: Pick<LimitStore, 'limits'>;
  readonly permits: Pick<Permits, 'taken'>;
  /** They are others than before. */
  readonly changed: () => void;
}

/** A limit with how many of its slots are taken: null for a rate, and where nobody could say. */
export interface LimitUse {
  readonly limit: Limit;
  readonly running: number | null;
}

export interface Limits {
  /** Reads the rows, and how many slots are taken. */
  lookOnce(): Promise<void>;
  /** Whether the rows were ever read: nothing is handed out before. */
  isKnown(): boolean;
  of(run: Run, task: number): TaskLimits | undefined;
  /** The slots that every task of a type and a pool takes. */
  slotsOf(type: string, pool: string | undefined): readonly Slot[];
  list(): readonly LimitUse[];
}

/** Makes it; nothing is known before the first look. */
export const createLimits = ({ store, permits, changed }: LimitsNeeds): Limits => {
  let book = createLimitBook([]);
  let seen: string | undefined;
  let running = new Map<string, number>();

  const count = async (limits: readonly Limit[]): Promise<void> => {
    const keys = limits.filter(({ maxRunning }) => maxRunning !== null).map(slotKey);
    running = new Map();
    if (keys.length === 0) return;
    const taken = await permits.taken(keys);
    running = new Map(keys.map((key, i) => [key, taken[i] ?? 0]));
  };
  return {
    lookOnce: async () => {
      const limits = await store.limits();
      const text = JSON.stringify(limits);
      if (text !== seen) {
        book = createLimitBook(limits);
        seen = text;
        changed();
      }
      await count(limits);
    },
    isKnown: () => seen !== undefined,
    of: (run, task) => {
      if (run.maxRunning === null && book.limits.length === 0) return undefined;
      const { type, options } = run.specs[task]!;
      return book.of({ type, pool: options?.pool, dag: run.dag, maxRunning: run.maxRunning, rateLimit: options?.rateLimit });
    },
    slotsOf: (type, pool) => book.slotsOf(type, pool),
    list: () => book.limits.map((limit) => ({ limit, running: running.get(slotKey(limit)) ?? null })),
  };
};
