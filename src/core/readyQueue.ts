/**
 * What is ready and waits for a worker: true priority over everything, first come first served within one. A queue for
 * each type and priority, so that a type that nobody can run holds up no other.
 */
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

export interface ReadyQueue {
  push(run: Run, task: number): void;
  /** Puts a task back at the head: its dispatch failed and it keeps its turn. */
  putBack(task: ReadyTask): void;
  /** Takes the first task of the highest priority for which `canTake` holds. */
  next(canTake: (type: string, priority: number) => boolean): ReadyTask | undefined;
  /** The highest priority that waits and that `canTake` allows; null for none. */
  highest(canTake: (type: string, priority: number) => boolean): number | null;
  /** Drops everything of a shard. */
  dropShard(shard: number): void;
  /** Sizes by type and priority; may count a few that have moved on. */
  sizes(): { type: string; priority: number; size: number }[];
  /** A task's place among the ready ones of its type, from 1, found by walking them; undefined where it doesn't wait here. */
  position(dag: DagId, task: number): { position: number; of: number; priority: number } | undefined;
}

export const createReadyQueue = (): ReadyQueue => {
  const lanes = new Map<string, Lane[]>();
  let sequence = 0;

  const lanesOf = (type: string): Lane[] => {
    let ofType = lanes.get(type);
    if (ofType === undefined) lanes.set(type, (ofType = Array.from({ length: PRIORITIES }, () => ({ items: [], head: 0 }))));
    return ofType;
  };
  const laneOf = (run: Run, task: number): Lane => lanesOf(run.specs[task]!.type)[run.specs[task]!.priority]!;

  /** The live head of a lane, past those that have moved on. */
  const head = (lane: Lane): ReadyTask | undefined => {
    for (;;) {
      const item = lane.items[lane.head];
      if (item === undefined || isLive(item)) return item;
      shift(lane);
    }
  };

  const bestLane = (canTake: (type: string, priority: number) => boolean): { lane: Lane; priority: number } | undefined => {
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      let best: Lane | undefined;
      let bestSequence = Infinity;
      for (const [type, ofType] of lanes) {
        const lane = ofType[priority]!;
        const first = lane.head < lane.items.length ? head(lane) : undefined;
        if (first === undefined || first.sequence >= bestSequence || !canTake(type, priority)) continue;
        best = lane;
        bestSequence = first.sequence;
      }
      if (best !== undefined) return { lane: best, priority };
    }
    return undefined;
  };

  const everyLane = function* (): Generator<{ type: string; priority: number; lane: Lane }> {
    for (const [type, ofType] of lanes) for (const [priority, lane] of ofType.entries()) yield { type, priority, lane };
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
      return best === undefined ? undefined : shift(best.lane);
    },
    highest: (canTake) => bestLane(canTake)?.priority ?? null,
    dropShard: (shard) => {
      for (const { lane } of everyLane()) {
        lane.items = lane.items.slice(lane.head).filter(({ run }) => run.shard !== shard);
        lane.head = 0;
      }
    },
    sizes: () => [...everyLane()].map(({ type, priority, lane }) => ({ type, priority, size: lane.items.length - lane.head })),
    position: (dag, task) => {
      for (const ofType of lanes.values()) {
        let ahead = 0;
        for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
          const waiting = ofType[priority]!.items.slice(ofType[priority]!.head);
          const index = waiting.findIndex((item) => item.task === task && item.run.dag === dag && isLive(item));
          const of = ofType.reduce((sum, lane) => sum + lane.items.length - lane.head, 0);
          if (index >= 0) return { position: ahead + index + 1, of, priority };
          ahead += waiting.length;
        }
      }
      return undefined;
    },
  };
};
