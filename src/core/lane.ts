/** A queue, first come first served, that gives its memory back: an array with a moving head. */
export interface Lane<T> {
  items: T[];
  head: number;
}

export const emptyLane = <T>(): Lane<T> => ({ items: [], head: 0 });

export const laneSize = ({ items, head }: Lane<unknown>): number => items.length - head;

export const shift = <T>(lane: Lane<T>): T | undefined => {
  const item = lane.items[lane.head];
  if (item === undefined) return undefined;
  lane.head += 1;
  if (lane.head > 1024 && lane.head * 2 > lane.items.length) {
    lane.items = lane.items.slice(lane.head);
    lane.head = 0;
  }
  return item;
};

/** Puts an item before all others. */
export const unshift = <T>(lane: Lane<T>, item: T): void => {
  if (lane.head > 0) lane.items[--lane.head] = item;
  else lane.items.unshift(item);
};

export const keep = <T>(lane: Lane<T>, isKept: (item: T) => boolean): void => {
  lane.items = lane.items.slice(lane.head).filter(isKept);
  lane.head = 0;
};
