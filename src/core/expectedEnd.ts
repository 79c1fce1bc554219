/**
 * When a DAG will have ended if nothing fails and nobody else needs the slots: when its last task has ended where its ready tasks take slots as they
 * come free. Of very many tasks that isn't tried out: no sooner than the longest path of what is still to be done allows, and no sooner than the slots
 * can do all of it (R. Graham, 1969; R. Brent, 1974).
 */
import { isFinalDag } from './dag';
import { isFinalCode } from './rules';
import { listSchedule, type Room } from './listSchedule';
import { isHeld, openTasks, type Run } from './run';
import type { Expectation } from './runTimes';
import { CODE } from './states';
import { longestPaths } from './upwardRank';

/** What live workers can run at once. */
export interface Capacity {
  /** Slots of workers that run any of these types. */
  slotsOf(types: ReadonlySet<string>): number;
  /** How many tasks of a type a slot takes. */
  perSlot(type: string): number;
}

export interface Foresight {
  readonly now: number;
  readonly expected: Expectation;
  readonly capacity: Capacity;
}

/** Milliseconds that a task still has to run; undefined where nothing is known of it. */
const leftOf = (run: Run, task: number, { now, expected }: Foresight): number | undefined => {
  if (isFinalCode(run.state[task]!)) return 0;
  const whole = expected(run.specs[task]!);
  if (whole === undefined) return undefined;
  const running = run.running.get(task);
  return running === undefined ? whole : Math.max(0, whole - Math.max(0, now - running.startedAt));
};

/** Milliseconds that a task waits for a time of its own; undefined where nobody knows how long. */
const waitOf = (run: Run, task: number, now: number): number | undefined => {
  const isWaiting = run.state[task] === CODE.RETRYING || isHeld(run, task);
  if (!isWaiting) return 0;
  const until = isHeld(run, task) ? run.reasons.get(task)?.resumeAt : run.dueTimes.get(task);
  return until === undefined ? undefined : Math.max(0, until - now);
};

interface Work {
  readonly leftMs: Float64Array;
  readonly waitMs: Float64Array;
}

/** Between two pauses: about a millisecond. */
const TASKS_AT_ONCE = 5000;

/** Undefined where something of it isn't known. */
function* workOf(run: Run, foresight: Foresight): Generator<undefined, Work | undefined> {
  const size = run.specs.length;
  const work = { leftMs: new Float64Array(size), waitMs: new Float64Array(size) };
  for (let task = 0; task < size; task++) {
    const left = leftOf(run, task, foresight);
    const wait = waitOf(run, task, foresight.now);
    if (left === undefined || wait === undefined) return undefined;
    work.leftMs[task] = left;
    work.waitMs[task] = wait;
    if ((task + 1) % TASKS_AT_ONCE === 0) yield;
  }
  return work;
}

/** How long all slots together need for what is left; undefined where some of it has no worker. */
const loadMs = ({ specs, maxRunning }: Run, { leftMs }: Work, capacity: Capacity): number | undefined => {
  const byType = new Map<string, number>();
  for (let task = 0; task < specs.length; task++) {
    const { type } = specs[task]!;
    if (leftMs[task]! > 0) byType.set(type, (byType.get(type) ?? 0) + leftMs[task]!);
  }
  const within = (slots: number): number => Math.min(slots, maxRunning ?? Infinity);
  let [longest, sum] = [0, 0];
  for (const [type, ms] of byType) {
    const slots = capacity.slotsOf(new Set([type]));
    if (slots === 0) return undefined;
    const slotMs = ms / capacity.perSlot(type);
    longest = Math.max(longest, slotMs / within(slots));
    sum += slotMs;
  }
  return byType.size === 0 ? 0 : Math.max(longest, sum / within(capacity.slotsOf(new Set(byType.keys()))));
};

/** Trying out takes some 40 ms for so many, in portions. */
const MOST_TRIED_OUT = 20_000;

const roomOf = ({ specs, maxRunning }: Run, capacity: Capacity): Room => ({
  slots: capacity.slotsOf(new Set(specs.map(({ type }) => type))),
  tasks: maxRunning ?? Infinity,
  of: (type) => ({ slots: capacity.slotsOf(new Set([type])), perSlot: capacity.perSlot(type) }),
});

/**
 * In milliseconds since 1970; null while it isn't known, and once the DAG is over. It pauses now and then: what happens to the DAG
 * meanwhile may or may not be heeded.
 */
export function* expectedEnd(run: Run, foresight: Foresight): Generator<undefined, number | null> {
  // Paused, or on its way to an early end.
  if (isFinalDag(run.status) || run.reason !== null) return null;
  // A change of the graph replaces its parts.
  const graph = { ...run };
  const work = yield* workOf(graph, foresight);
  const load = work && loadMs(graph, work, foresight.capacity);
  if (work === undefined || load === undefined) return null;
  yield;
  const paths = longestPaths(graph, (task) => work.leftMs[task]!);
  if (openTasks(graph) > MOST_TRIED_OUT) {
    let longest = load;
    for (let task = 0; task < paths.length; task++) longest = Math.max(longest, work.waitMs[task]! + paths[task]!);
    return foresight.now + longest;
  }
  yield;
  const rest = {
    ...work,
    isOver: (task: number) => isFinalCode(graph.state[task]!),
    isRunning: (task: number) => graph.running.has(task),
    rank: graph.order === 'critical-path' ? paths : undefined,
  };
  const triedOut = yield* listSchedule(graph, rest, roomOf(graph, foresight.capacity));
  return triedOut === Infinity ? null : foresight.now + triedOut;
}
