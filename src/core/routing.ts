/** Which worker gets a task: of those that can run it and have room in their window, the one that will begin it soonest. */

/** Tasks of a type of which a worker runs many in one slot. */
export interface Shared {
  readonly perSlot: number;
  /** Dispatches with the worker, by priority. */
  readonly outstanding: Uint32Array;
  total: number;
}

/** A live worker as the dispatcher counts it. Slots are counted as wholes: a batch that has begun to fill takes one. */
export interface Seat {
  readonly session: string;
  readonly worker: string;
  readonly inbox: number;
  readonly types: ReadonlySet<string>;
  readonly slots: number;
  /** For how many slots' work may be with the worker at once: its slots and a few more, so that a free slot never waits for Kafka. */
  window: number;
  /** So many more at the most. */
  readonly prefetch: number;
  /** Tasks that came to an end there since the last review. */
  ended: number;
  /** How many it brings to an end in a second, as far as is known. */
  perSecond: number;
  readonly draining: boolean;
  /** Dispatches with the worker that take a slot each, by priority. */
  readonly outstanding: Uint32Array;
  /** Dispatches with the worker of types that share slots. */
  readonly shared: ReadonlyMap<string, Shared>;
  /** Slots' worth of dispatches with the worker. */
  total: number;
}

/** What a seat is counted by. */
export interface Counted {
  readonly type: string;
  readonly priority: number;
}

export const createShared = (perSlot: number): Shared => ({ perSlot, outstanding: new Uint32Array(10), total: 0 });

const slotsOf = (count: number, { perSlot }: Shared): number => Math.ceil(count / perSlot);

const countFrom = (outstanding: Uint32Array, priority: number): number => {
  let counted = 0;
  for (let p = priority; p < outstanding.length; p++) counted += outstanding[p]!;
  return counted;
};

/** Slots' worth of dispatches of at least this priority. */
export const slotsFrom = (seat: Seat, priority: number): number => {
  let slots = countFrom(seat.outstanding, priority);
  for (const shared of seat.shared.values()) slots += slotsOf(countFrom(shared.outstanding, priority), shared);
  return slots;
};

/** Tasks of a type that shares slots that a worker has at most, so that a backlog stays where it can be held, cancelled and reordered. */
const MOST_SHARED = 20_000;

/**
 * Of a type that shares slots as much as one batch for each slot may wait at the worker, behind the one that runs: what waits for
 * single tasks may be a hundred tasks, but not a hundred batches.
 */
const mostOf = ({ perSlot }: Shared, { slots, window }: Seat): number =>
  Math.min(perSlot * Math.min(window, 2 * slots), Math.max(MOST_SHARED, perSlot));

const hasRoomInBatch = (seat: Seat, shared: Shared, priority: number): boolean => {
  const fits = (slots: number, count: number): boolean =>
    count < mostOf(shared, seat) && slots - slotsOf(count, shared) + slotsOf(count + 1, shared) <= seat.window;
  return fits(seat.total, shared.total) || fits(slotsFrom(seat, priority), countFrom(shared.outstanding, priority));
};

/**
 * Whether a seat has room for a task of this priority. Only what is at least as important counts, so that a higher
 * priority overtakes a full window: the worker takes from what it holds by priority, too.
 */
export const hasRoom = (seat: Seat, { type, priority }: Counted): boolean => {
  if (seat.draining) return false;
  const shared = seat.shared.get(type);
  if (shared !== undefined) return hasRoomInBatch(seat, shared, priority);
  return seat.total < seat.window || slotsFrom(seat, priority) < seat.window;
};

/** What waits at a worker is what it begins within this time: longer than any way there, and short enough to wait behind others. */
const COVER_SECONDS = 0.25;
/** Where nothing ends any more it is forgotten in steps that what one had before was any guide. */
const HALF_LIFE_MS = 200;
/** A worker with free slots has shown nothing yet of how fast it is: for each slot no more than this. */
const UNSEEN_PER_SLOT = 10;

/** The window of a seat of which nobody knows how fast it is. */
export const unseenWindow = (slots: number, prefetch: number): number => slots + Math.min(prefetch, UNSEEN_PER_SLOT * slots);

/**
 * Measures a seat anew, so many milliseconds after the last time. One that is full is as fast as what ended there; behind tasks that take long
 * hardly anything may wait, since it would begin sooner elsewhere.
 */
export const reviewSeat = (seat: Seat, sinceMs: number): void => {
  if (sinceMs <= 0) return;
  const now = (seat.ended / sinceMs) * 1000;
  const isFull = seat.total >= seat.slots;
  seat.ended = 0;
  seat.perSecond = Math.max(now, isFull ? seat.perSecond * 0.5 ** (sinceMs / HALF_LIFE_MS) : seat.perSecond);
  const covered = seat.slots + Math.min(seat.prefetch, Math.round(seat.perSecond * COVER_SECONDS));
  seat.window = isFull ? covered : unseenWindow(seat.slots, seat.prefetch);
};

const LEAST_PER_SECOND = 0.1;

/** With free slots the part of them that is taken; then one, and the seconds until a slot would come free for another task. */
const loadOf = ({ total, slots, perSecond }: Seat): number =>
  total < slots ? total / slots : 1 + (total - slots + 1) / Math.max(perSecond, LEAST_PER_SECOND);

/** The seat to send to, or undefined where none can take it now. */
export const chooseSeat = (seats: Iterable<Seat>, task: Counted): Seat | undefined => {
  let best: Seat | undefined;
  let bestLoad = Infinity;
  let bestCount = 0;
  for (const seat of seats) {
    if (!seat.types.has(task.type) || !hasRoom(seat, task)) continue;
    const load = loadOf(seat);
    // Of two whose batches have begun to fill, the emptier one.
    const count = seat.shared.get(task.type)?.total ?? 0;
    if (load > bestLoad || (load === bestLoad && count >= bestCount)) continue;
    best = seat;
    bestLoad = load;
    bestCount = count;
  }
  return best;
};

const move = (seat: Seat, shared: Shared, { priority }: Counted, by: 1 | -1): void => {
  seat.total -= slotsOf(shared.total, shared);
  shared.outstanding[priority]! += by;
  shared.total += by;
  seat.total += slotsOf(shared.total, shared);
};

export const takeSeat = (seat: Seat, task: Counted): void => {
  const shared = seat.shared.get(task.type);
  if (shared !== undefined) {
    move(seat, shared, task, 1);
    return;
  }
  seat.outstanding[task.priority]! += 1;
  seat.total += 1;
};

export const leaveSeat = (seat: Seat, task: Counted): void => {
  const shared = seat.shared.get(task.type);
  const { outstanding } = shared ?? seat;
  if (outstanding[task.priority]! === 0) return;
  if (shared !== undefined) {
    move(seat, shared, task, -1);
    return;
  }
  outstanding[task.priority]! -= 1;
  seat.total -= 1;
};

/** Counts anew from nothing. */
export const emptySeat = (seat: Seat): void => {
  seat.outstanding.fill(0);
  for (const shared of seat.shared.values()) {
    shared.outstanding.fill(0);
    shared.total = 0;
  }
  seat.total = 0;
};
