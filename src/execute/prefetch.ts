/**
 * Claimed work that waits for a slot of this worker: the most important first, in order of arrival within a priority. Tasks of a
 * type that takes many in one call share a slot, and may wait a little for company.
 */
import { createCredit } from '../core/credit';
import type { Dispatch, Dispatched } from '../core/event';
import { AGED_SHARE, agedPriority, urgency } from '../core/fairness';
import type { BatchLimits } from '../core/handler';
import type { Clock } from '../ports/clock';

export interface Held {
  readonly dispatch: Dispatch;
  readonly shard: number;
  readonly sentAt: number;
  readonly claimedAt: number;
  readonly origin: string;
  readonly fence: string;
}

export interface PrefetchNeeds {
  /** The types of which many tasks share a slot. */
  readonly batches: ReadonlyMap<string, BatchLimits>;
  /** Whether a handler of this type is at work: only then does a task of it wait for company. */
  readonly isCalling: (type: string) => boolean;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** What has waited here for so long counts one priority higher, within a fifth of the slots that are given away; never where it isn't said. */
  readonly ageingMs?: number | undefined;
}

export interface Prefetch {
  push(held: Held): void;
  /** What the next free slot gets: one task, or many of one type; undefined where nothing waits, or what waits is waiting for company. */
  next(): readonly Held[] | undefined;
  /** Milliseconds until somebody has waited for company long enough; undefined where nobody waits for that. */
  ripeInMs(): number | undefined;
  /** Takes one out; undefined where it isn't there. */
  take(dispatched: Dispatched): Held | undefined;
  /** Takes everything out, to be given back. */
  drain(): Held[];
  /** What waits, without taking it out. */
  all(): Held[];
  size(): number;
  /** Slots that what waits would fill. */
  slots(): number;
}

interface Waiting {
  readonly held: Held;
  /** Of its arrival, among all. */
  readonly order: number;
  readonly since: number;
  /** What it counts as: the priority that it was sent with, or the one that it has risen to. */
  readonly priority: number;
}

/** What shares slots, by priority. */
interface Line {
  readonly batch: BatchLimits;
  /** Null for tasks that have a slot each. */
  readonly type: string | null;
  readonly lanes: readonly Waiting[][];
  size: number;
}

const PRIORITIES = 10;
const EACH_ALONE: BatchLimits = { maxSize: 1, maxWaitMs: 0 };

const createLine = (type: string | null, batch: BatchLimits): Line => ({
  batch,
  type,
  lanes: Array.from({ length: PRIORITIES }, () => []),
  size: 0,
});

/** One death of a worker is mostly its own, and may have hit thousands of tasks at once. */
const SUSPICIOUS_DEATHS = 2;

/**
 * A task that is tried again may be what made its batch fail, and one that workers died of may be what killed them: it takes nobody
 * along any more. Nor does a batch wait for inputs that have to be fetched.
 */
const isAlone = ({ attempt, suspect, deaths, inputs }: Dispatch): boolean =>
  attempt > 1 || inputs === 'fetch' || (deaths === undefined ? suspect : deaths >= SUSPICIOUS_DEATHS);

const headOf = ({ lanes, size }: Line): Waiting | undefined => {
  for (let priority = size === 0 ? -1 : PRIORITIES - 1; priority >= 0; priority--) if (lanes[priority]!.length > 0) return lanes[priority]![0];
  return undefined;
};

const longestSince = ({ lanes }: Line): number => lanes.reduce((least, lane) => Math.min(least, lane[0]?.since ?? Infinity), Infinity);

const comesFirst = (one: Waiting, other: Waiting): boolean => {
  return one.priority === other.priority ? one.order < other.order : one.priority > other.priority;
};

/** Lets the one that has aged the most rise to the most important ones, now and then: what is sent later would overtake it for ever otherwise. */
const createAgeing = (lines: readonly Line[], ageingMs: number): ((now: number) => void) => {
  const aged = createCredit(() => AGED_SHARE);
  return (now) => {
    aged.earn(1);
    if (!aged.isEnough()) return;
    const heads = lines.flatMap(({ lanes }) => lanes.flatMap((lane) => (lane.length === 0 ? [] : [{ lanes, lane, head: lane[0]! }])));
    const top = Math.max(...heads.map(({ head }) => head.priority));
    const waited = ({ since }: Waiting): number => now - since;
    const urgencyOf = (waiting: Waiting): number => urgency(waiting.priority, waited(waiting), ageingMs);
    const best = heads.reduce((one, other) => (urgencyOf(other.head) > urgencyOf(one.head) ? other : one), heads[0]!);
    if (best.head.priority === top || agedPriority(best.head.priority, waited(best.head), ageingMs) < top) return;
    best.lane.shift();
    best.lanes[top]!.unshift({ ...best.head, priority: top });
    aged.spend();
  };
};

/** The most important ones, as many as one call takes. */
const takeFrom = (line: Line): Held[] => {
  const taken: Held[] = [];
  for (let priority = PRIORITIES - 1; priority >= 0 && taken.length < line.batch.maxSize; priority--) {
    const lane = line.lanes[priority]!;
    if (lane.length === 0) continue;
    for (const { held } of line.batch.maxSize === 1 ? [lane.shift()!] : lane.splice(0, line.batch.maxSize - taken.length)) taken.push(held);
  }
  line.size -= taken.length;
  return taken;
};

export const createPrefetch = ({ batches, isCalling, clock, ageingMs = 0 }: PrefetchNeeds): Prefetch => {
  const each = createLine(null, EACH_ALONE);
  const ofType = new Map([...batches].map(([type, batch]) => [type, createLine(type, batch)]));
  const lines = [each, ...ofType.values()];
  const age = ageingMs > 0 ? createAgeing(lines, ageingMs) : undefined;
  let arrivals = 0;

  const isRipe = (line: Line): boolean =>
    line.size >= line.batch.maxSize || !isCalling(line.type!) || clock.monotonic() - longestSince(line) >= line.batch.maxWaitMs;

  /** The line of which the next call is. */
  const chosen = (): Line | undefined => {
    if (ofType.size === 0) return each.size === 0 ? undefined : each;
    let ripe: { line: Line; head: Waiting } | undefined;
    let waiting: { line: Line; head: Waiting } | undefined;
    for (const line of lines) {
      const head = headOf(line);
      if (head === undefined) continue;
      if (isRipe(line)) ripe = ripe === undefined || comesFirst(head, ripe.head) ? { line, head } : ripe;
      else waiting = waiting === undefined || comesFirst(head, waiting.head) ? { line, head } : waiting;
    }
    if (ripe === undefined || waiting === undefined) return ripe?.line;
    // Nobody waits for company while something less important takes the slot.
    return waiting.head.priority > ripe.head.priority ? waiting.line : ripe.line;
  };

  return {
    push: (held) => {
      const line = isAlone(held.dispatch) ? each : (ofType.get(held.dispatch.type) ?? each);
      const { priority } = held.dispatch;
      line.lanes[priority]?.push({ held, order: arrivals++, since: clock.monotonic(), priority });
      line.size += 1;
    },
    next: () => {
      if (age !== undefined && lines.some(({ size }) => size > 1)) age(clock.monotonic());
      const line = chosen();
      return line === undefined ? undefined : takeFrom(line);
    },
    ripeInMs: () => {
      let since: number | undefined;
      for (const line of ofType.values()) {
        if (line.size === 0 || isRipe(line)) continue;
        since = Math.min(since ?? Infinity, longestSince(line) + line.batch.maxWaitMs - clock.monotonic());
      }
      return since;
    },
    take: ({ dag, task, dispatch: number }) => {
      for (const line of lines) {
        for (const lane of line.lanes) {
          const at = lane.findIndex(({ held: { dispatch } }) => dispatch.dag === dag && dispatch.task === task && dispatch.dispatch === number);
          if (at < 0) continue;
          line.size -= 1;
          return lane.splice(at, 1)[0]!.held;
        }
      }
      return undefined;
    },
    drain: () =>
      lines.flatMap((line) => {
        line.size = 0;
        return line.lanes.flatMap((lane) => lane.splice(0).map(({ held }) => held));
      }),
    all: () => lines.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.map(({ held }) => held))),
    size: () => {
      let size = each.size;
      for (const line of ofType.values()) size += line.size;
      return size;
    },
    slots: () => {
      let slots = each.size;
      for (const { size, batch } of ofType.values()) slots += Math.ceil(size / batch.maxSize);
      return slots;
    },
  };
};
