/**
 * Many small calls become few large ones, without waiting: what is pushed together leaves together at once, and what comes
 * while a batch is under way leaves when that one is done.
 */

export interface BatcherNeeds<Item, Answer> {
  /** Handles a batch; answers in the order of the items, or nothing where items need no answer. A rejection is every item's. */
  flush(items: Item[]): Promise<readonly Answer[]> | Promise<void>;
  /** Items in a batch at most. */
  readonly maxItems: number;
  /** Items that wait at most, those under way not counted; beyond, `push` rejects with `overloaded()`. */
  readonly maxPending: number;
  overloaded(): Error;
  /** Calls back when what is pushed together has been pushed; by default when the running piece of work is done. */
  readonly gathered?: (then: () => void) => void;
  /** Where items differ in size: a batch takes items while their weights sum up to `maxWeight` at most (one always goes). */
  readonly weigh?: (item: Item) => number;
  readonly maxWeight?: number;
}

export interface Batcher<Item, Answer> {
  push(item: Item): Promise<Answer>;
  /** Items that wait, those under way not counted. */
  pending(): number;
  /** Resolves when nothing waits and nothing is under way. */
  drained(): Promise<void>;
}

interface Entry<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const settle = <Item, Answer>(entries: readonly Entry<Item, Answer>[], answers: readonly Answer[] | undefined): void => {
  if (answers !== undefined && answers.length !== entries.length) {
    throw new Error(`a batch of ${String(entries.length)} items was given ${String(answers.length)} answers`);
  }
  // Without answers, Answer is void.
  entries.forEach((entry, i) => {
    entry.resolve(answers === undefined ? (undefined as Answer) : answers[i]!);
  });
};

/** How many entries of the queue fit into one batch. */
const fitting = <Item, Answer>(queue: readonly Entry<Item, Answer>[], needs: BatcherNeeds<Item, Answer>): number => {
  const limit = Math.min(queue.length, needs.maxItems);
  const { weigh, maxWeight } = needs;
  if (weigh === undefined || maxWeight === undefined) return limit;
  let weight = 0;
  for (let i = 0; i < limit; i++) {
    weight += weigh(queue[i]!.item);
    if (weight > maxWeight) return Math.max(1, i);
  }
  return limit;
};

/** A bounded collector in front of `flush`. */
export const createBatcher = <Item, Answer = void>(needs: BatcherNeeds<Item, Answer>): Batcher<Item, Answer> => {
  const { flush, maxPending, overloaded, gathered = queueMicrotask } = needs;
  let queue: Entry<Item, Answer>[] = [];
  let underWay = false;
  let scheduled = false;
  let waiters: (() => void)[] = [];

  const send = async (entries: Entry<Item, Answer>[]): Promise<void> => {
    underWay = true;
    try {
      settle(entries, (await flush(entries.map((entry) => entry.item))) ?? undefined);
    } catch (error) {
      for (const entry of entries) entry.reject(error);
    } finally {
      underWay = false;
      proceed();
    }
  };
  const proceed = (): void => {
    if (!underWay && queue.length > 0) {
      const count = fitting(queue, needs);
      const entries = queue.slice(0, count);
      queue = queue.slice(count);
      void send(entries);
    }
    if (underWay) return;
    const done = waiters;
    waiters = [];
    for (const wake of done) wake();
  };
  const schedule = (): void => {
    if (scheduled || underWay) return;
    scheduled = true;
    gathered(() => {
      scheduled = false;
      proceed();
    });
  };
  return {
    pending: () => queue.length,
    push: (item) => {
      if (queue.length >= maxPending) return Promise.reject(overloaded());
      return new Promise<Answer>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        schedule();
      });
    },
    drained: () =>
      !underWay && queue.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiters.push(resolve);
          }),
  };
};
