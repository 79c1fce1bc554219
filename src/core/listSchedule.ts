/**
 * How long what is left of a DAG takes where its ready tasks take slots as they come free: list scheduling (R. Graham, 1969), in the order in which
 * the dispatcher hands out.
 */
import { add, takeOut, type Order } from './heap';
import type { Run } from './run';

/** What is left, by task: nothing for those that are over. */
export interface Rest {
  readonly leftMs: Float64Array;
  /** For how long each waits for a time of its own, from now on. */
  readonly waitMs: Float64Array;
  readonly isOver: (task: number) => boolean;
  /** Whether it has its slot already. */
  readonly isRunning: (task: number) => boolean;
  /** What goes first of equal priority; undefined for first come, first served. */
  readonly rank: Float64Array | undefined;
}

export interface Room {
  /** Slots in all. */
  readonly slots: number;
  /** How many tasks run at once, of all types. */
  readonly tasks: number;
  /** Slots of the workers that run a type, and how many of its tasks share one. */
  of(type: string): { readonly slots: number; readonly perSlot: number };
}

interface Timed {
  readonly task: number;
  readonly at: number;
}

const SOONEST: Order<Timed> = { isBefore: (one, other) => one.at < other.at };
/** Fractions of slots add up to a little more or less than a whole one. */
const NEARLY = 1e-9;

/** The ready tasks of one type, and what of its slots is taken. */
interface Lane {
  readonly ready: { readonly task: number; readonly sequence: number }[];
  readonly slots: number;
  /** Of a slot, that one task takes. */
  readonly part: number;
  taken: number;
}

type Ready = Lane['ready'][number];

const orderOf = ({ specs }: Run, { rank }: Rest): Order<Ready> => ({
  isBefore: (one, other) => {
    const more = specs[one.task]!.priority - specs[other.task]!.priority || (rank === undefined ? 0 : rank[one.task]! - rank[other.task]!);
    return more === 0 ? one.sequence < other.sequence : more > 0;
  },
});

/** Ends between two pauses: about half a millisecond. */
const ENDS_AT_ONCE = 500;

/** Milliseconds from now until the last task has ended; Infinity where something has no room at all. It may be left for a while wherever it pauses. */
export function* listSchedule(run: Run, rest: Rest, room: Room): Generator<undefined, number> {
  const { specs, childStart, children } = run;
  const order = orderOf(run, rest);
  const lanes = new Map<string, Lane>();
  const [running, waiting]: [Timed[], Timed[]] = [[], []];
  const unmet = new Uint32Array(specs.length);
  let [now, taken, sequence, open, ended] = [0, 0, 0, 0, 0];

  const laneOf = (task: number): Lane => {
    const { type } = specs[task]!;
    let lane = lanes.get(type);
    if (lane === undefined) {
      const { slots, perSlot } = room.of(type);
      lanes.set(type, (lane = { ready: [], slots, part: 1 / perSlot, taken: 0 }));
    }
    return lane;
  };
  const begin = (task: number, lane: Lane): void => {
    lane.taken += lane.part;
    taken += lane.part;
    add(running, { task, at: now + rest.leftMs[task]! }, SOONEST);
  };
  const arrive = (task: number): void => {
    const at = rest.waitMs[task]!;
    if (at > now) add(waiting, { task, at }, SOONEST);
    else add(laneOf(task).ready, { task, sequence: sequence++ }, order);
  };
  const hasRoom = ({ slots, part, taken: own }: Lane): boolean =>
    running.length < room.tasks && taken + part <= room.slots + NEARLY && own + part <= slots + NEARLY;
  const nextLane = (): Lane | undefined => {
    let best: Lane | undefined;
    for (const lane of lanes.values())
      if (lane.ready.length > 0 && hasRoom(lane) && (best === undefined || order.isBefore(lane.ready[0]!, best.ready[0]!))) best = lane;
    return best;
  };
  const fill = (): void => {
    for (let lane = nextLane(); lane !== undefined; lane = nextLane()) begin(takeOut(lane.ready, order)!.task, lane);
  };
  const end = (task: number): void => {
    const lane = laneOf(task);
    lane.taken -= lane.part;
    taken -= lane.part;
    open -= 1;
    for (let edge = childStart[task]!; edge < childStart[task + 1]!; edge++) {
      const child = children[edge]!;
      // Some tasks don't wait for all that they depend on.
      if (--unmet[child]! === 0 && !rest.isRunning(child)) arrive(child);
    }
  };

  for (let task = 0; task < specs.length; task++) {
    if (rest.isOver(task)) continue;
    open += 1;
    for (const each of specs[task]!.dependencies) if (!rest.isOver(each)) unmet[task]! += 1;
    if (rest.isRunning(task)) begin(task, laneOf(task));
    else if (unmet[task] === 0) arrive(task);
  }
  fill();
  while (running.length > 0 || waiting.length > 0) {
    const ends = waiting.length === 0 || (running.length > 0 && running[0]!.at <= waiting[0]!.at);
    const { task, at } = takeOut(ends ? running : waiting, SOONEST)!;
    now = at;
    if (ends) end(task);
    else add(laneOf(task).ready, { task, sequence: sequence++ }, order);
    fill();
    if (++ended % ENDS_AT_ONCE === 0) yield;
  }
  return open === 0 ? now : Infinity;
}
