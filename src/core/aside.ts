/**
 * Ready tasks that were put aside, because something that only they wait for is used up: the slots of their DAG, their key of a rate. They
 * hold up nobody there, and are looked at again when there is room, as many as there is room for.
 */
import { emptyLane, keep, laneSize, shift, unshift, type Lane } from './lane';
import type { ReadyTask } from './readyTask';

const PRIORITIES = 10;

export interface Aside {
  put(key: string, item: ReadyTask): void;
  /** Takes out up to `count` of a key for which `isLive` holds, the most important first; the others are dropped. */
  take(key: string, count: number, isLive: (item: ReadyTask) => boolean): ReadyTask[];
  has(key: string): boolean;
  keys(): Iterable<string>;
  lanes(): Iterable<readonly Lane<ReadyTask>[]>;
  dropShard(shard: number): void;
}

export const createAside = (): Aside => {
  const byKey = new Map<string, readonly Lane<ReadyTask>[]>();
  const tidy = (key: string): void => {
    if (byKey.get(key)?.every((lane) => laneSize(lane) === 0)) byKey.delete(key);
  };
  return {
    put: (key, item) => {
      let lanes = byKey.get(key);
      if (lanes === undefined) byKey.set(key, (lanes = Array.from({ length: PRIORITIES }, () => emptyLane<ReadyTask>())));
      const lane = lanes[item.run.specs[item.task]!.priority]!;
      const first = lane.items[lane.head];
      // It was looked at before and keeps its turn.
      if (first !== undefined && item.sequence < first.sequence) unshift(lane, item);
      else lane.items.push(item);
    },
    take: (key, count, isLive) => {
      const taken: ReadyTask[] = [];
      const lanes = byKey.get(key) ?? [];
      for (let priority = PRIORITIES - 1; priority >= 0 && lanes.length > 0; priority--) {
        while (taken.length < count) {
          const item = shift(lanes[priority]!);
          if (item === undefined) break;
          if (isLive(item)) taken.push(item);
        }
      }
      tidy(key);
      return taken;
    },
    has: (key) => byKey.has(key),
    keys: () => byKey.keys(),
    lanes: () => byKey.values(),
    dropShard: (shard) => {
      for (const [key, lanes] of byKey) {
        for (const lane of lanes) keep(lane, ({ run }) => run.shard !== shard);
        tidy(key);
      }
    },
  };
};
