/**
 * Limits: how much may run at once, and how much may begin in a second, in the whole cluster. A pool or a task type has slots; a
 * rate is asked for by tasks, each of its keys by itself; a DAG brings its own number of slots.
 */
import type { DagId } from './ids';

export const LIMIT_SCOPES = ['pool', 'type', 'rate'] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

export interface LimitKey {
  readonly scope: LimitScope;
  readonly name: string;
}

export interface Limit extends LimitKey {
  /** Of a pool or a type; null for a rate. */
  readonly maxRunning: number | null;
  /** Of a rate; null for the others. */
  readonly perSecond: number | null;
  /** How many may begin at once after a silence; null for the others. */
  readonly burst: number | null;
  readonly reason: string | null;
  readonly by: string | null;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** Room that a task takes while it runs: it travels with its dispatch. */
export interface Slot {
  readonly key: string;
  readonly max: number;
}

/** Something that a task uses up when it begins. */
export interface Rate {
  readonly key: string;
  readonly perSecond: number;
  readonly burst: number;
}

export interface TaskLimits {
  readonly slots: readonly Slot[];
  readonly rates: readonly Rate[];
}

/** The rate that a task asks for, and its key there: a customer, a host. */
export interface RateLimit {
  readonly name: string;
  readonly key?: string;
}

/** What a task says of itself that limits look at. */
export interface Limited {
  readonly type: string;
  readonly pool: string | undefined;
  readonly dag: DagId;
  /** How many tasks of its DAG may run at once; null for any number. */
  readonly maxRunning: number | null;
  readonly rateLimit: RateLimit | undefined;
}

/** Texts without spaces and commas: they stand in one line of Redis. */
const part = encodeURIComponent;
export const slotKey = ({ scope, name }: LimitKey): string => `${scope}:${part(name)}`;
export const dagSlotKey = (dag: DagId): string => `dag:${dag}`;
export const rateKey = ({ name, key }: RateLimit): string => `rate:${part(name)}:${part(key ?? '')}`;

export interface LimitBook {
  /** All rows. */
  readonly limits: readonly Limit[];
  find(key: LimitKey): Limit | undefined;
  /** The slots that every task of a type and a pool takes. */
  slotsOf(type: string, pool: string | undefined): readonly Slot[];
  /** All that a task needs; undefined where that is nothing. */
  of(task: Limited): TaskLimits | undefined;
}

const NO_SLOTS: readonly Slot[] = [];
const NO_RATES: readonly Rate[] = [];

/** The rows, by what they limit. */
export const createLimitBook = (limits: readonly Limit[]): LimitBook => {
  const byKey = new Map(limits.map((limit) => [slotKey(limit), limit]));
  /** By type and pool: few, and asked for each task that is looked at. */
  const known = new Map<string, readonly Slot[]>();
  const find = (key: LimitKey): Limit | undefined => byKey.get(slotKey(key));

  const slotOf = (key: LimitKey): Slot[] => {
    const max = find(key)?.maxRunning;
    return max === null || max === undefined ? [] : [{ key: slotKey(key), max }];
  };
  const slotsOf = (type: string, pool: string | undefined): readonly Slot[] => {
    if (byKey.size === 0) return NO_SLOTS;
    const key = `${part(type)} ${pool ?? ''}`;
    let slots = known.get(key);
    if (slots === undefined) {
      slots = [...slotOf({ scope: 'type', name: type }), ...(pool === undefined ? [] : slotOf({ scope: 'pool', name: pool }))];
      // Pools have any name: what was never limited is not worth remembering for ever.
      if (known.size < MOST_KNOWN) known.set(key, slots);
    }
    return slots;
  };
  const ratesOf = (wanted: RateLimit | undefined): readonly Rate[] => {
    if (wanted === undefined || byKey.size === 0) return NO_RATES;
    const limit = find({ scope: 'rate', name: wanted.name });
    if (limit?.perSecond === null || limit?.perSecond === undefined) return NO_RATES;
    return [{ key: rateKey(wanted), perSecond: limit.perSecond, burst: limit.burst ?? burstOf(limit.perSecond) }];
  };
  return {
    limits,
    find,
    slotsOf,
    of: ({ type, pool, dag, maxRunning, rateLimit }) => {
      const [shared, rates] = [slotsOf(type, pool), ratesOf(rateLimit)];
      const slots = maxRunning === null ? shared : [...shared, { key: dagSlotKey(dag), max: maxRunning }];
      return slots.length === 0 && rates.length === 0 ? undefined : { slots, rates };
    },
  };
};

const MOST_KNOWN = 10_000;

/** A second's worth may begin at once where nobody said otherwise. */
export const burstOf = (perSecond: number): number => Math.max(1, Math.round(perSecond));
