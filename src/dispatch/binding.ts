/** Chooses: which of the ready tasks go now, and to which seat. */
import { createReadyQueue, type CanTake, type ReadyQueue, type ReadyTask } from '../core/readyQueue';
import { chooseSeat, hasRoom, type Seat } from '../core/routing';
import type { Books } from './books';
import type { Fleet } from './fleet';
import type { Gates } from './gates';

export interface BindingNeeds {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'seats'>;
  readonly gates: Pick<Gates, 'lets' | 'took'>;
  readonly epochOf: (shard: number) => number | undefined;
}

/** A task on its way to a seat. */
export interface Bound {
  readonly ready: ReadyTask;
  readonly seat: Seat;
  /** The epoch under which it was bound: once the shard was given up, it is nobody's business any more. */
  readonly epoch: number | undefined;
}

/** As many are bound at once. */
export const AT_ONCE = 2000;

export class Binding {
  readonly ready: ReadyQueue = createReadyQueue();
  /** No priority below this is sent: another scheduler has something more important waiting. */
  private floor = 0;

  constructor(private readonly needs: BindingNeeds) {}

  /** Another scheduler's highest waiting priority; the answer says whether more may go than before. */
  yieldTo(priority: number | null): boolean {
    const floor = priority ?? 0;
    const lowered = floor < this.floor;
    this.floor = floor;
    return lowered;
  }

  /** The highest priority that waits for a worker that could run it. */
  highestWaiting(): number | null {
    const runnable = this.runnableTypes();
    return this.ready.highest((type, _priority, pool) => runnable.has(type) && this.isLet(type, pool));
  }

  /** Chooses a seat for as many tasks as there is room for. */
  bind(): Bound[] {
    const { fleet, books, gates, epochOf } = this.needs;
    const full = new Map<string, number>();
    const canTake: CanTake = (type, priority, pool) => {
      if (priority < this.floor || priority <= (full.get(type) ?? -1) || !this.isLet(type, pool)) return false;
      for (const seat of fleet.seats()) if (seat.types.has(type) && hasRoom(seat, priority)) return true;
      full.set(type, priority);
      return false;
    };
    const bound: Bound[] = [];
    while (bound.length < AT_ONCE) {
      const ready = this.ready.next(canTake);
      if (ready === undefined) break;
      // It waits here twice where its DAG was paused and resumed meanwhile.
      if (books.isSent(ready)) continue;
      const spec = ready.run.specs[ready.task]!;
      const seat = chooseSeat(fleet.seats(), spec.type, spec.priority);
      if (seat === undefined) break;
      books.assign(ready, seat.session);
      gates.took({ type: spec.type, pool: spec.options?.pool }, { dag: ready.run.dag, task: ready.task, dispatch: ready.dispatch });
      bound.push({ ready, seat, epoch: epochOf(ready.run.shard) });
    }
    return bound;
  }

  private runnableTypes(): Set<string> {
    const types = new Set<string>();
    for (const seat of this.needs.fleet.seats()) if (!seat.draining) for (const type of seat.types) types.add(type);
    return types;
  }

  private isLet(type: string, pool: string | undefined): boolean {
    const { gates, books } = this.needs;
    return gates.lets({ type, pool }, ({ dag, task, dispatch }) => books.assignments.get(dag, task)?.dispatch === dispatch);
  }
}
