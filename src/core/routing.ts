/** Which worker gets a task: the least loaded of those that can run it and have room in their window. */

/** A live worker as the dispatcher counts it. */
export interface Seat {
  readonly session: string;
  readonly worker: string;
  readonly inbox: number;
  readonly types: ReadonlySet<string>;
  readonly slots: number;
  /** How many dispatches may be with the worker at once: its slots and a few more, so that a free slot never waits for Kafka. */
  readonly window: number;
  readonly draining: boolean;
  /** Dispatches with the worker, by priority. */
  readonly outstanding: Uint32Array;
  total: number;
}

/**
 * Whether a seat has room for a task of this priority. Only what is at least as important counts, so that a higher
 * priority overtakes a full window: the worker takes from what it holds by priority, too.
 */
export const hasRoom = (seat: Seat, priority: number): boolean => {
  if (seat.draining) return false;
  if (seat.total < seat.window) return true;
  let counted = 0;
  for (let p = priority; p < seat.outstanding.length; p++) counted += seat.outstanding[p]!;
  return counted < seat.window;
};

/** The seat to send to, or undefined where none can take it now. */
export const chooseSeat = (seats: Iterable<Seat>, type: string, priority: number): Seat | undefined => {
  let best: Seat | undefined;
  let bestLoad = Infinity;
  for (const seat of seats) {
    if (!seat.types.has(type) || !hasRoom(seat, priority)) continue;
    const load = seat.total / seat.slots;
    if (load >= bestLoad) continue;
    best = seat;
    bestLoad = load;
  }
  return best;
};

export const takeSeat = (seat: Seat, priority: number): void => {
  seat.outstanding[priority]! += 1;
  seat.total += 1;
};

export const leaveSeat = (seat: Seat, priority: number): void => {
  if (seat.outstanding[priority]! === 0) return;
  seat.outstanding[priority]! -= 1;
  seat.total -= 1;
};
