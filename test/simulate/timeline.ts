/** Virtual time: what happens when, in one order that depends on nothing but the seed. */

export interface Timeline {
  /** Milliseconds since the start, with fractions. */
  now(): number;
  /** Calls `act` after `ms`; the answer cancels it. */
  after(ms: number, act: () => void): () => void;
  /** Code of a process ran: before the next thing happens, all that it set in motion has its turn. */
  stirred(): void;
  /** Lets time pass until `done`, or until nothing is left, or until `limitMs`. */
  run(done: () => boolean, limitMs: number): Promise<void>;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  act: (() => void) | undefined;
}

const isBefore = (one: Entry, other: Entry): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);

/** A binary heap of entries. */
const createHeap = () => {
  const items: Entry[] = [];
  const up = (from: number): void => {
    let i = from;
    const item = items[i]!;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(item, items[parent]!)) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = item;
  };
  const down = (): void => {
    let i = 0;
    const item = items[0]!;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, item)) break;
      items[i] = items[child]!;
      i = child;
    }
    items[i] = item;
  };
  return {
    push: (entry: Entry): void => {
      items.push(entry);
      up(items.length - 1);
    },
    pop: (): Entry | undefined => {
      const top = items[0];
      const last = items.pop();
      if (top === undefined || last === undefined || items.length === 0) return top;
      items[0] = last;
      down();
      return top;
    },
  };
};

/**
 * All promises that can go on go on now. Node has no public call for it, and a turn of the event loop, which does it as well, costs a
 * tenth of a seed's time. Only outside of any promise: within one it does nothing. And only where nobody writes to the console meanwhile.
 */
const settlePromises = (process as unknown as { readonly _tickCallback: () => void })._tickCallback;

/** Calls `act` outside of any promise. */
const outsidePromises = (act: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        act();
        resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });

export const createTimeline = (): Timeline => {
  const heap = createHeap();
  let now = 0;
  let order = 0;
  let isStirred = false;
  return {
    now: () => now,
    after: (ms, act) => {
      // With it time itself would be none, and a run would never end.
      if (Number.isNaN(ms)) throw new RangeError('something is to happen after what is no number of milliseconds');
      const entry: Entry = { at: now + Math.max(0, ms), order: order++, act };
      heap.push(entry);
      return () => {
        entry.act = undefined;
      };
    },
    stirred: () => {
      isStirred = true;
    },
    run: (done, limitMs) =>
      outsidePromises(() => {
        while (!done()) {
          const entry = heap.pop();
          if (entry === undefined) return;
          if (entry.act === undefined) continue;
          if (entry.at > limitMs) return;
          now = entry.at;
          isStirred = false;
          entry.act();
          // act() set it.
          // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
          if (isStirred) settlePromises();
        }
      }),
  };
};
