/** Who counts as a worker, who belongs to the autoscaler, and which of them come and go. */
import type { Crew, ScalingDecision } from '../core/scaling';
import type { LiveWorker } from '../ports/leases';

/** Of the live workers those that the driver keeps. */
export interface Names {
  owns(workerId: string): boolean;
  /** The name of the nth, from 1; undefined where somebody else names them. */
  readonly nth?: (n: number) => string;
}

/** Names of a driver that starts workers one by one: a prefix and a number. A name is leased, so that no worker runs twice whoever starts it. */
export const numbered = (prefix: string): Names => ({
  owns: (id) => id.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(id.slice(prefix.length)),
  nth: (n) => `${prefix}${String(n)}`,
});

/** Names that begin with what whoever keeps them gives to all of them. */
export const prefixed = (prefix: string): Names => ({ owns: (id) => id.startsWith(prefix) });

export interface Seen extends Crew {
  readonly draining: number;
  /** Live workers that the driver keeps and that may leave: the idlest first. */
  readonly mayLeave: readonly string[];
  /** How many there are of the driver, with those on their way. */
  readonly ownInAll: number;
  /** Names that nobody has; those of workers that drain are taken. */
  readonly free: readonly string[];
}

export interface SeeingNeeds {
  readonly workers: readonly LiveWorker[];
  /** Names of workers that were started and aren't here yet. */
  readonly starting: readonly string[];
  /** How many there are to be by whoever keeps them; undefined where only the roster and `starting` tell. */
  readonly desired: number | undefined;
  readonly names: Names;
  readonly max: number;
  /** Slots of a worker where none is here to tell. */
  readonly slots: number;
  /** Tasks outlast a drain, which would have them begin anew elsewhere: only who has none may leave. */
  readonly tasksOutlast: boolean;
}

const numberAtEnd = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? 0);

/** The idlest first; of equals the one that came last. */
const byIdleness = (a: LiveWorker, b: LiveWorker): number => a.held - b.held || numberAtEnd(b.workerId) - numberAtEnd(a.workerId);

/** What a look at the roster shows. */
export const seeCrew = ({ workers, starting, desired, names, max, slots, tasksOutlast }: SeeingNeeds): Seen => {
  const active = workers.filter(({ draining }) => !draining);
  const own = active.filter(({ workerId }) => names.owns(workerId)).sort(byIdleness);
  const others = active.length - own.length;
  const ownInAll = desired ?? own.length + starting.length;
  const ownHere = Math.min(own.length, ownInAll);
  const taken = new Set([...workers.map(({ workerId }) => workerId), ...starting]);
  const all = names.nth === undefined ? [] : Array.from({ length: max }, (_, i) => names.nth!(i + 1));
  return {
    active: others + ownHere,
    starting: ownInAll - ownHere,
    draining: workers.length - active.length,
    slots: active.length === 0 ? slots : Math.max(1, Math.round(active.reduce((sum, worker) => sum + worker.slots, 0) / active.length)),
    mayLeave: own.filter(({ held }) => held === 0 || !tasksOutlast).map(({ workerId }) => workerId),
    ownInAll,
    free: all.filter((name) => !taken.has(name)),
  };
};

/** What the driver is to do; `total` is how many it keeps then. */
export interface Step {
  readonly verb: 'start' | 'leave';
  readonly ids: readonly string[];
  readonly total: number;
}

/** The step that a decision asks for; undefined where nothing can be done: no name is free, or nobody is left that may leave. */
export const stepFor = ({ direction, before, wanted }: ScalingDecision, seen: Seen, names: Names): Step | undefined => {
  if (direction === 'out') {
    const more = names.nth === undefined ? wanted - before : Math.min(wanted - before, seen.free.length);
    return more > 0 ? { verb: 'start', ids: seen.free.slice(0, more), total: seen.ownInAll + more } : undefined;
  }
  if (direction === 'in') {
    // Whoever keeps them gives up first those that aren't here yet.
    const notHere = names.nth === undefined ? seen.starting : 0;
    const fewer = Math.min(before - wanted, seen.mayLeave.length + notHere);
    return fewer > 0 ? { verb: 'leave', ids: seen.mayLeave.slice(0, Math.max(0, fewer - notHere)), total: seen.ownInAll - fewer } : undefined;
  }
  return undefined;
};
