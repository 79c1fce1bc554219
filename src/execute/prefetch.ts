/** Claimed work that waits for a slot of this worker: the most important first, in order of arrival within a priority. */
import type { Dispatch, Dispatched } from '../core/event';

export interface Held {
  readonly dispatch: Dispatch;
  readonly shard: number;
  readonly sentAt: number;
  readonly origin: string;
  readonly fence: string;
}

export interface Prefetch {
  push(held: Held): void;
  next(): Held | undefined;
  /** Takes one out; undefined where it isn't there. */
  take(dispatched: Dispatched): Held | undefined;
  /** Takes everything out, to be given back. */
  drain(): Held[];
  /** What waits, without taking it out. */
  all(): Held[];
  size(): number;
}

export const createPrefetch = (): Prefetch => {
  const lanes: Held[][] = Array.from({ length: 10 }, () => []);
  let size = 0;
  return {
    push: (held) => {
      lanes[held.dispatch.priority]?.push(held);
      size += 1;
    },
    next: () => {
      if (size === 0) return undefined;
      for (let priority = lanes.length - 1; priority >= 0; priority--) {
        const held = lanes[priority]!.shift();
        if (held === undefined) continue;
        size -= 1;
        return held;
      }
      return undefined;
    },
    take: ({ dag, task, dispatch: number }) => {
      for (const lane of lanes) {
        const at = lane.findIndex(({ dispatch }) => dispatch.dag === dag && dispatch.task === task && dispatch.dispatch === number);
        if (at < 0) continue;
        size -= 1;
        return lane.splice(at, 1)[0];
      }
      return undefined;
    },
    drain: () => {
      size = 0;
      return lanes.flatMap((lane) => lane.splice(0));
    },
    all: () => lanes.flat(),
    size: () => size,
  };
};
