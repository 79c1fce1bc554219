/**
 * What is ready and waits for a worker: true priority over everything, first come first served within one. A queue for
 * each type, pool and priority, so that a type that nobody can run, or that is paused, holds up no other: whatever its
 * length, choosing looks at one head of each queue.
 */
import type { Passing } from './gates';
import type { DagId } from './ids';
import type { Run } from './run';
import { CODE } from './states';

export interface ReadyTask {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
  /** Order of arrival over all queues. */
  readonly sequence: number;
}

const PRIORITIES = 10;

/** A FIFO that gives its memory back: an array with a moving head. */
interface Lane {
  items: ReadyTask[];
  head: number;
}

const shift = (lane: Lane): ReadyTask | undefined => {
  const item = lane.items[lane.head];
  if (item === undefined) return undefined;
  lane.head += 1;
  if (lane.head > 1024 && lane.head * 2 > lane.items.length) {
    lane.items = lane.items.slice(lane.head);
    lane.head = 0;
  }
  return item;
};

/** Still the dispatch that was queued, of a DAG that is neither paused nor on its way to an early end. */
const isLive = ({ run, task, dispatch }: ReadyTask): boolean =>
  run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch && run.reason === null;

export type CanTake = (type: string, priority: number, pool: string | undefined) => boolean;

/** The queues of one type in one pool, by priority. */
interface Lanes extends Passing {
  readonly byPriority: readonly Lane[];
}

export interface ReadyQueue {
  push(run: Run, task: number): void;
  /** Puts a task back at the head: its dispatch failed and it keeps its turn. */
  putBack(task: ReadyTask): void;
  /** Takes the first task of the highest priority for which `canTake` holds. */
  next(canTake: CanTake): ReadyTask | undefined;
  /** The highest priority that waits and that `canTake` allows; null for none. */
  highest(canTake: CanTake): number | null;
  /** How many wait that `counts` allows; may count a few that have moved on. */
  count(counts: CanTake): number;
  /** Drops everything of a shard. */
  dropShard(shard: number): void;
  /** Sizes by type and priority; may count a few that have moved on. */
  sizes(): { type: string; priority: number; size: number }[];
  /** A task's place among the ready ones of its type, from 1, found by walking them; undefined where it doesn't wait here. */
  position(dag: DagId, task: number): { position: number; of: number; priority: number } | undefined;
}

export const createReadyQueue = (): ReadyQueue => {
  /** By type and then by pool. */
  const lanes = new Map<string, Map<string | undefined, Lanes>>();
  let sequence = 0;

  const laneOf = (run: Run, task: number): Lane => {
    const { type, priority, options } = run.specs[task]!;
    const pool = options?.pool;
    let ofType = lanes.get(type);
    if (ofType === undefined) lanes.set(type, (ofType = new Map<string | undefined, Lanes>()));
    let own = ofType.get(pool);
    if (own === undefined) ofType.set(pool, (own = { type, pool, byPriority: Array.from({ length: PRIORITIES }, () => ({ items: [], head: 0 })) }));
    return own.byPriority[priority]!;
  };

  const everyLanes = (): Lanes[] => {
    const all: Lanes[] = [];
    for (const ofType of lanes.values()) for (const each of ofType.values()) all.push(each);
    return all;
  };

  /** Pools have any name: those that nothing waits in leave no trace. */
  const tidy = ({ type, pool, byPriority }: Lanes): void => {
    if (pool !== undefined && byPriority.every((lane) => lane.head >= lane.items.length)) lanes.get(type)?.delete(pool);
  };

  /** The live head of a lane, past those that have moved on. */
  const head = (lane: Lane): ReadyTask | undefined => {
    for (;;) {
      const item = lane.items[lane.head];
      if (item === undefined || isLive(item)) return item;
      shift(lane);
    }
  };

  const bestLane = (canTake: CanTake): { lanes: Lanes; priority: number } | undefined => {
    // Asked for each task that is sent: the lanes are gathered once, not for each priority.
    const all = everyLanes();
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      let best: Lanes | undefined;
      let bestSequence = Infinity;
      for (const each of all) {
        const lane = each.byPriority[priority]!;
        const first = lane.head < lane.items.length ? head(lane) : undefined;
        if (first === undefined || first.sequence >= bestSequence || !canTake(each.type, priority, each.pool)) continue;
        best = each;
        bestSequence = first.sequence;
      }
      if (best !== undefined) return { lanes: best, priority };
    }
    return undefined;
  };

  const placeOf = (
    ofType: ReadonlyMap<string | undefined, Lanes>,
    isIt: (item: ReadyTask) => boolean,
  ): { ahead: number; priority: number } | undefined => {
    let ahead = 0;
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const waiting = [...ofType.values()].map(({ byPriority }) => byPriority[priority]!.items.slice(byPriority[priority]!.head));
      const found = waiting.flatMap((items) => items.find(isIt) ?? [])[0];
      const before = (items: readonly ReadyTask[]): number => items.filter(({ sequence: other }) => other < (found?.sequence ?? Infinity)).length;
      ahead += waiting.reduce((sum, items) => sum + before(items), 0);
      if (found !== undefined) return { ahead, priority };
    }
    return undefined;
  };

  return {
    push: (run, task) => {
      laneOf(run, task).items.push({ run, task, dispatch: run.dispatch[task]!, sequence: sequence++ });
    },
    putBack: (item) => {
      const lane = laneOf(item.run, item.task);
      if (lane.head > 0) lane.items[--lane.head] = item;
      else lane.items.unshift(item);
    },
    next: (canTake) => {
      const best = bestLane(canTake);
      if (best === undefined) return undefined;
      const taken = shift(best.lanes.byPriority[best.priority]!);
      tidy(best.lanes);
      return taken;
    },
    highest: (canTake) => bestLane(canTake)?.priority ?? null,
    count: (counts) => {
      let sum = 0;
      for (const { type, pool, byPriority } of everyLanes())
        byPriority.forEach(({ items, head: first }, priority) => {
          if (items.length > first && counts(type, priority, pool)) sum += items.length - first;
        });
      return sum;
    },
    dropShard: (shard) => {
      for (const each of everyLanes()) {
        for (const lane of each.byPriority) {
          lane.items = lane.items.slice(lane.head).filter(({ run }) => run.shard !== shard);
          lane.head = 0;
        }
        tidy(each);
      }
    },
    sizes: () =>
      [...lanes].flatMap(([type, ofType]) =>
        Array.from({ length: PRIORITIES }, (_, priority) => ({
          type,
          priority,
          size: [...ofType.values()].reduce((sum, { byPriority }) => sum + byPriority[priority]!.items.length - byPriority[priority]!.head, 0),
        })),
      ),
    position: (dag, task) => {
      for (const ofType of lanes.values()) {
        const place = placeOf(ofType, (item) => item.task === task && item.run.dag === dag && isLive(item));
        if (place === undefined) continue;
        let of = 0;
        for (const { byPriority } of ofType.values()) for (const lane of byPriority) of += lane.items.length - lane.head;
        return { position: place.ahead + 1, of, priority: place.priority };
      }
      return undefined;
    },
  };
};
