/** A binary heap in an array: the first is the one that comes before all others. `moved` hears of each place that an element takes. */
export interface Order<T> {
  readonly isBefore: (one: T, other: T) => boolean;
  readonly moved?: (item: T, at: number) => void;
}

const put = <T>(heap: T[], item: T, at: number, { moved }: Order<T>): void => {
  heap[at] = item;
  moved?.(item, at);
};

const up = <T>(heap: T[], from: number, order: Order<T>): number => {
  const item = heap[from]!;
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!order.isBefore(item, heap[above]!)) break;
    put(heap, heap[above]!, at, order);
    at = above;
  }
  put(heap, item, at, order);
  return at;
};

const down = <T>(heap: T[], from: number, order: Order<T>): void => {
  const item = heap[from]!;
  let at = from;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && order.isBefore(heap[below + 1]!, heap[below]!)) below += 1;
    if (!order.isBefore(heap[below]!, item)) break;
    put(heap, heap[below]!, at, order);
    at = below;
  }
  put(heap, item, at, order);
};

/** Brings an element whose rank among the others has changed to its place. */
export const settle = <T>(heap: T[], at: number, order: Order<T>): void => {
  down(heap, up(heap, at, order), order);
};

export const add = <T>(heap: T[], item: T, order: Order<T>): void => {
  heap.push(item);
  up(heap, heap.length - 1, order);
};

/** Takes out the element at a place; the first one where nothing is said. */
export const takeOut = <T>(heap: T[], order: Order<T>, at = 0): T | undefined => {
  const item = heap[at];
  const last = heap.pop();
  if (item === undefined || at >= heap.length) return item;
  heap[at] = last!;
  settle(heap, at, order);
  return item;
};

/** Makes a heap of any array. */
export const heapify = <T>(heap: T[], order: Order<T>): void => {
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) down(heap, at, order);
};
