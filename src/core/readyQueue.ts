/**
 * What is ready and waits for a worker: true priority over everything, first come first served within one. A queue for
 * each type, pool and priority, so that a type that nobody can run, or that is paused, holds up no other: whatever its
 * length, choosing looks at one head of each queue.
 */
import { createAside } from './aside';
import type { Passing } from './gates';
import type { DagId } from './ids';
import { emptyLane, keep, laneSize, shift, unshift, type Lane } from './lane';
import type { ReadyTask } from './readyTask';
import type { Run } from './run';
import { CODE } from './states';

export type { ReadyTask } from './readyTask';

const PRIORITIES = 10;

/** Still the dispatch that was queued, of a DAG that is neither paused nor on its way to an early end. */
const isLive = ({ run, task, dispatch }: ReadyTask): boolean =>
  run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch && run.reason === null;

export type CanTake = (type: string, priority: number, pool: string | undefined) => boolean;
/** What a task has to wait behind, which others of its type and pool needn't; undefined for nothing. */
export type Behind = (task: ReadyTask) => string | undefined;

/** The queues of one type in one pool, by priority. */
interface Lanes extends Passing {
  readonly byPriority: readonly Lane<ReadyTask>[];
}

export interface ReadyQueue {
  push(run: Run, task: number): void;
  /** Puts a task back at the head: its dispatch failed and it keeps its turn. */
  putBack(task: ReadyTask): void;
  /** How many wait that `counts` allows, but for what is put aside; may count a few that have moved on. */
  count(counts: CanTake): number;
  /** Takes the first task of the highest priority for which `canTake` holds; those that have to wait behind something are put aside. */
  next(canTake: CanTake, behind?: Behind): ReadyTask | undefined;
  /** The highest priority that waits and that `canTake` allows, but for what is put aside; null for none. */
  highest(canTake: CanTake, behind?: Behind): number | null;
  /** Lets up to `count` of those that were put aside behind this take their turn; answers how many. */
  recall(key: string, count: number): number;
  /** Whether any were put aside behind this. */
  isAside(key: string): boolean;
  /** What tasks were put aside behind. */
  asides(): Iterable<string>;
  /** Drops everything of a shard. */
  dropShard(shard: number): void;
  /** Sizes by type and priority; may count a few that have moved on. */
  sizes(): { type: string; priority: number; size: number }[];
  /** A task's place among the ready ones of its type, from 1, found by walking them; undefined where it doesn't wait here or is put aside. */
  position(dag: DagId, task: number): { position: number; of: number; priority: number } | undefined;
}

export const createReadyQueue = (): ReadyQueue => {
  /** By type and then by pool. */
  const lanes = new Map<string, Map<string | undefined, Lanes>>();
  const aside = createAside();
  let sequence = 0;

  const laneOf = (run: Run, task: number): Lane<ReadyTask> => {
    const { type, priority, options } = run.specs[task]!;
    const pool = options?.pool;
    let ofType = lanes.get(type);
    if (ofType === undefined) lanes.set(type, (ofType = new Map<string | undefined, Lanes>()));
    let own = ofType.get(pool);
    if (own === undefined) ofType.set(pool, (own = { type, pool, byPriority: Array.from({ length: PRIORITIES }, () => emptyLane<ReadyTask>()) }));
    return own.byPriority[priority]!;
  };

  const everyLanes = (): Lanes[] => {
    const all: Lanes[] = [];
    for (const ofType of lanes.values()) for (const each of ofType.values()) all.push(each);
    return all;
  };

  /** Pools have any name: those that nothing waits in leave no trace. */
  const tidy = ({ type, pool, byPriority }: Lanes): void => {
    if (pool !== undefined && byPriority.every((lane) => laneSize(lane) === 0)) lanes.get(type)?.delete(pool);
  };

  /** The live head of a lane, past those that have moved on. */
  const head = (lane: Lane<ReadyTask>): ReadyTask | undefined => {
    for (;;) {
      const item = lane.items[lane.head];
      if (item === undefined || isLive(item)) return item;
      shift(lane);
    }
  };
  /** The head of a lane that needn't wait behind anything: what has to is put aside. */
  const freeHead = (lane: Lane<ReadyTask>, behind: Behind): ReadyTask | undefined => {
    for (;;) {
      const item = head(lane);
      const key = item === undefined ? undefined : behind(item);
      if (item === undefined || key === undefined) return item;
      shift(lane);
      aside.put(key, item);
    }
  };

  const bestLane = (canTake: CanTake, behind: Behind | undefined): { lanes: Lanes; priority: number } | undefined => {
    // Asked for each task that is sent: the lanes are gathered once, not for each priority.
    const all = everyLanes();
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      let best: Lanes | undefined;
      let bestSequence = Infinity;
      for (const each of all) {
        const lane = each.byPriority[priority]!;
        const first = lane.head < lane.items.length ? head(lane) : undefined;
        if (first === undefined || first.sequence >= bestSequence || !canTake(each.type, priority, each.pool)) continue;
        const free = behind === undefined ? first : freeHead(lane, behind);
        if (free === undefined || free.sequence >= bestSequence) continue;
        best = each;
        bestSequence = free.sequence;
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
      unshift(laneOf(item.run, item.task), item);
    },
    next: (canTake, behind) => {
      const best = bestLane(canTake, behind);
      if (best === undefined) return undefined;
      const taken = shift(best.lanes.byPriority[best.priority]!);
      tidy(best.lanes);
      return taken;
    },
    count: (counts) => {
      let sum = 0;
      for (const { type, pool, byPriority } of everyLanes())
        byPriority.forEach(({ items, head: first }, priority) => {
          if (items.length > first && counts(type, priority, pool)) sum += items.length - first;
        });
      return sum;
    },
    highest: (canTake, behind) => bestLane(canTake, behind)?.priority ?? null,
    recall: (key, count) => {
      const recalled = aside.take(key, count, isLive);
      for (const item of [...recalled].reverse()) unshift(laneOf(item.run, item.task), item);
      return recalled.length;
    },
    isAside: aside.has,
    asides: aside.keys,
    dropShard: (shard) => {
      for (const each of everyLanes()) {
        for (const lane of each.byPriority) keep(lane, ({ run }) => run.shard !== shard);
        tidy(each);
      }
      aside.dropShard(shard);
    },
    sizes: () => {
      const sizes = new Map<string, number[]>();
      const count = (type: string, priority: number, size: number): void => {
        let ofType = sizes.get(type);
        if (ofType === undefined) sizes.set(type, (ofType = new Array<number>(PRIORITIES).fill(0)));
        ofType[priority]! += size;
      };
      for (const { type, byPriority } of everyLanes()) for (const [priority, lane] of byPriority.entries()) count(type, priority, laneSize(lane));
      for (const byPriority of aside.lanes())
        for (const [priority, lane] of byPriority.entries())
          for (const { run, task } of lane.items.slice(lane.head)) count(run.specs[task]!.type, priority, 1);
      return [...sizes].flatMap(([type, ofType]) => ofType.map((size, priority) => ({ type, priority, size })));
    },
    position: (dag, task) => {
      for (const ofType of lanes.values()) {
        const place = placeOf(ofType, (item) => item.task === task && item.run.dag === dag && isLive(item));
        if (place === undefined) continue;
        let of = 0;
        for (const { byPriority } of ofType.values()) for (const lane of byPriority) of += laneSize(lane);
        return { position: place.ahead + 1, of, priority: place.priority };
      }
      return undefined;
    },
  };
};
