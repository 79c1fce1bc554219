/** Chooses: which of the ready tasks go now, and to which seat. */
import type { FairnessSettings } from '../core/fairness';
import { countHandOuts, type HandOutCount } from '../core/handOuts';
import { createReadyQueue, type Behind, type CanTake, type ReadyQueue, type ReadyTask } from '../core/readyQueue';
import type { Group } from '../core/fairLevel';
import { createShares, flowsOf, NOTHING_WAITS, waitingOf, type Standing } from '../core/standing';
import { chooseSeat, hasRoom, type Seat } from '../core/routing';
import type { TaskLimits } from '../core/limits';
import type { Clock } from '../ports/clock';
import type { Allowances } from './allowances';
import type { Books } from './books';
import type { Fleet } from './fleet';
import type { Gates } from './gates';
import type { Limits } from './limits';
import { createHeard, Portions } from './portions';

export interface BindingNeeds {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'seats'>;
  readonly gates: Pick<Gates, 'lets' | 'took'>;
  readonly limits: Pick<Limits, 'isKnown' | 'of' | 'slotsOf'>;
  readonly allowances: Pick<Allowances, 'behind' | 'reopened' | 'passedOver'>;
  readonly epochOf: (shard: number) => number | undefined;
  readonly fairness: FairnessSettings;
  readonly clock: Pick<Clock, 'now'>;
}

/** A task on its way to a seat. */
export interface Bound {
  readonly ready: ReadyTask;
  readonly seat: Seat;
  /** What it counts as on its way and at its worker. */
  readonly priority: number;
  /** The epoch under which it was bound: once the shard was given up, it is nobody's business any more. */
  readonly epoch: number | undefined;
  /** What it takes of limits; undefined for nothing. */
  readonly limits: TaskLimits | undefined;
}

/** As many are bound at once. */
export const AT_ONCE = 2000;
/** A flow's turn takes at most this part of what workers hold. */
const WINDOW_PARTS = 32;

export class Binding {
  readonly ready: ReadyQueue;
  /** The most important that waits at another scheduler, and that of each type: no seat that runs it is sent anything lower. */
  private floor = 0;
  private floors: Readonly<Record<string, number>> = {};
  private readonly floorOfSession = new Map<string, number>();
  private readonly portions: Portions;
  private readonly handedOutElsewhere = createHeard();
  private said: Standing = NOTHING_WAITS;
  readonly handOuts: HandOutCount;
  /** How many tasks were put aside so far. */
  private putAside = 0;

  constructor(private readonly needs: BindingNeeds) {
    this.ready = createReadyQueue(needs.fairness);
    this.portions = new Portions(needs.fleet);
    this.handOuts = countHandOuts(needs.fairness);
  }

  /** What waits at the other schedulers; the answer says whether more may go than before. */
  hear(others: ReadonlyMap<string, Standing>): boolean {
    const shares = createShares(this.said, [...others.values()]);
    const handedOut = this.handedOutElsewhere(others);
    this.ready.learn(handedOut, shares.elsewhere);
    const { floors } = shares;
    const isLarger = this.portions.learn(shares);
    const isLower = Object.entries(this.floors).some(([type, floor]) => (floors[type] ?? 0) < floor);
    this.floor = shares.floor ?? 0;
    this.floors = floors;
    this.floorOfSession.clear();
    return isLower || handedOut > 0 || isLarger;
  }

  /** What waits for a worker that could run it. */
  standing(): Standing {
    const { fairness } = this.needs;
    const runnable = this.runnableTypes();
    const isOpen = ({ type, pool }: Pick<Group, 'type' | 'pool'>): boolean => runnable.has(type) && this.isLet(type, pool);
    const highestOf = this.ready.highestOf((type, _priority, pool) => isOpen({ type, pool }), this.behind);
    const all = Object.values(highestOf);
    const highest = all.length === 0 ? null : Math.max(...all);
    const levels = this.ready.levels();
    const reserved = Object.entries(fairness.flows).filter(([, flow]) => flow.reserved > 0);
    this.said = {
      highest,
      highestOf,
      handedOut: this.handOuts.total(),
      flows: highest === null ? [] : flowsOf(levels[highest]!, isOpen, (flow) => fairness.flows[flow]?.weight ?? 1),
      reserved: Object.fromEntries(reserved.map(([flow]) => [flow, waitingOf(levels, flow)])),
    };
    return this.said;
  }

  /** The highest priority that waits for a worker that could run it. */
  highestWaiting(): number | null {
    const runnable = this.runnableTypes();
    return this.ready.highest((type, _priority, pool) => runnable.has(type) && this.isLet(type, pool), this.behind);
  }

  /** How many tasks of such types wait here for room at a worker: none that is behind a gate or a limit. */
  waiting(isRun: (type: string) => boolean): number {
    return this.ready.count((type, _priority, pool) => isRun(type) && this.isLet(type, pool));
  }

  /** Chooses a seat for as many tasks as there is room for. */
  bind(): Bound[] {
    const full = new Map<string, number>();
    const canTake: CanTake = (type, priority, pool) => {
      if (priority <= (full.get(type) ?? -1) || !this.isLet(type, pool)) return false;
      if (this.portions.isLeft(type, priority))
        for (const seat of this.seatsFor(priority)) if (seat.types.has(type) && hasRoom(seat, { type, priority })) return true;
      full.set(type, priority);
      return false;
    };
    const bound: Bound[] = [];
    // What goes behind another limit than the one that had room leaves that room to the next.
    for (let moved = 1; moved > 0 && bound.length < AT_ONCE;) {
      const before = bound.length + this.putAside;
      this.recall();
      this.take(bound, canTake);
      moved = bound.length + this.putAside - before;
    }
    return bound;
  }

  private take(bound: Bound[], canTake: CanTake): void {
    const { books, gates, epochOf, clock } = this.needs;
    const moment = { now: clock.now(), floor: this.floor, burst: this.burst() };
    while (bound.length < AT_ONCE) {
      const chosen = this.ready.next(canTake, this.behind, moment);
      if (chosen === undefined) return;
      const { ready, priority } = chosen;
      // It waits here twice where its DAG was paused and resumed meanwhile.
      if (books.isSent(ready)) continue;
      const spec = ready.run.specs[ready.task]!;
      const seat = chooseSeat(this.seatsFor(priority), { type: spec.type, priority });
      if (seat === undefined) return;
      this.handOuts.add(chosen);
      const limits = books.assign(ready, seat.session, priority);
      gates.took({ type: spec.type, pool: spec.options?.pool }, { dag: ready.run.dag, task: ready.task, dispatch: ready.dispatch });
      bound.push({ ready, seat, priority, epoch: epochOf(ready.run.shard), limits });
    }
  }

  /** Those that may be sent this priority. */
  private seatsFor(priority: number): Iterable<Seat> {
    const seats = this.needs.fleet.seats();
    return priority >= this.floor ? seats : [...seats].filter((seat) => priority >= this.floorAt(seat));
  }

  private floorAt({ session, types }: Seat): number {
    let floor = this.floorOfSession.get(session);
    if (floor === undefined) {
      floor = 0;
      for (const [type, own] of Object.entries(this.floors)) if (types.has(type)) floor = Math.max(floor, own);
      this.floorOfSession.set(session, floor);
    }
    return floor;
  }

  /** Tasks of one DAG that are handed out together share records and rows: turns are as long as nobody notices. */
  private burst(): number {
    let window = 0;
    for (const seat of this.needs.fleet.seats()) window += seat.window;
    return Math.max(1, Math.floor(window / WINDOW_PARTS));
  }

  /** Lets those take their turn for which there may be room again. */
  private recall(): void {
    const { allowances } = this.needs;
    for (const [key, room] of allowances.reopened()) {
      this.ready.recall(key, Math.min(room, AT_ONCE));
      if (room > AT_ONCE && this.ready.isAside(key)) allowances.passedOver(key);
    }
  }

  private readonly behind: Behind = ({ run, task }) => {
    const { limits, allowances } = this.needs;
    const needed = limits.of(run, task);
    const key = needed === undefined ? undefined : allowances.behind(needed);
    if (needed === undefined || key === undefined) return undefined;
    for (const each of [...needed.slots, ...needed.rates]) if (each.key !== key && this.ready.isAside(each.key)) allowances.passedOver(each.key);
    this.putAside += 1;
    return key;
  };

  private runnableTypes(): Set<string> {
    const types = new Set<string>();
    for (const seat of this.needs.fleet.seats()) if (!seat.draining) for (const type of seat.types) types.add(type);
    return types;
  }

  private isLet(type: string, pool: string | undefined): boolean {
    const { gates, books, limits, allowances } = this.needs;
    if (!limits.isKnown()) return false;
    const slots = limits.slotsOf(type, pool);
    if (slots.length > 0 && allowances.behind({ slots, rates: [] }) !== undefined) return false;
    return gates.lets({ type, pool }, ({ dag, task, dispatch }) => books.assignments.get(dag, task)?.dispatch === dispatch);
  }
}
