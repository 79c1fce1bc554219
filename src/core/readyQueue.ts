/**
 * What is ready and waits for a worker: true priority over everything, flows by weight within one, first come first served within a flow. A
 * queue for each type and pool, so that a type that nobody can run, or that is paused, holds up no other: whatever its length, choosing
 * looks at one head of each queue.
 *
 * Two things go before the highest priority, each within its share of all hand-outs: what is reserved for a flow, and what has aged.
 */
import { createAside } from './aside';
import { createFairLevel, type FairLevel, type Group, type Looking } from './fairLevel';
import { ALONE, EVEN, type Elsewhere, type FairnessSettings } from './fairness';
import { createEntitled, type Candidate } from './entitled';
import type { DagId } from './ids';
import { createPlaces, type Place } from './places';
import type { Chosen, ReadyTask, Right } from './readyTask';
import type { Run } from './run';
import { CODE } from './states';
import { headOf, takeHead, type WaitingLine } from './waitingLine';

export type { Place } from './places';
export type { Chosen, ReadyTask } from './readyTask';

const PRIORITIES = 10;

/** Still the dispatch that was queued, of a DAG that is neither paused nor on its way to an early end. */
const isLive = ({ run, task, dispatch }: ReadyTask): boolean =>
  run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch && run.reason === null;

export type CanTake = (type: string, priority: number, pool: string | undefined) => boolean;
/** What a task has to wait behind, which others of its type and pool needn't; undefined for nothing. */
export type Behind = (task: ReadyTask) => string | undefined;

/** What a choice depends on besides what waits. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The most important that waits at another scheduler: as that goes what has aged or is reserved, where `canTake` lets nothing lower pass. */
  readonly floor: number;
  /** So many tasks of a flow may go in a row. */
  readonly burst: number;
}

export interface ReadyQueue {
  push(run: Run, task: number): void;
  /** Puts a task back at the head: its dispatch failed and it keeps its turn. */
  putBack(task: ReadyTask): void;
  /** How many wait that `counts` allows, but for what is put aside; may count a few that have moved on. */
  count(counts: CanTake): number;
  /** Takes the next task for which `canTake` holds; those that have to wait behind something are put aside. */
  next(canTake: CanTake, behind?: Behind, moment?: Moment): Chosen | undefined;
  /** The highest priority that waits and that `canTake` allows, but for what is put aside; null for none. */
  highest(canTake: CanTake, behind?: Behind): number | null;
  /** The highest priority that waits of each type that `canTake` allows, but for what is put aside. */
  highestOf(canTake: CanTake, behind?: Behind): Record<string, number>;
  /** Lets up to `count` of those that were put aside behind this take their turn; answers how many. */
  recall(key: string, count: number): number;
  /** Whether any were put aside behind this. */
  isAside(key: string): boolean;
  /** What tasks were put aside behind. */
  asides(): Iterable<string>;
  /** Drops everything of a shard. */
  dropShard(shard: number): void;
  /** Sizes by type and priority; may count a few that have moved on. */
  sizes(): { type: string; priority: number; size: number }[];
  /** A task's place among the ready ones of its type, found by walking them; undefined where it doesn't wait here or is put aside. */
  position(dag: DagId, task: number): Place | undefined;
  /** What waits, by priority: to be told to other schedulers. */
  levels(): readonly FairLevel[];
  /** The other schedulers have handed out so many tasks since, and share the flows like this from now on. */
  learn(handedOut: number, elsewhere: Elsewhere): void;
}

const ORDINARY: Moment = { now: 0, floor: 0, burst: 1 };

/** Who gets how much, as far as other schedulers matter. */
const createWeights = ({ flows }: FairnessSettings) => {
  const weights = new Map(Object.entries(flows).map(([flow, { weight }]) => [flow, weight]));
  let parts = ALONE.parts;
  return {
    of: (flow: string): number => (weights.get(flow) ?? 1) * (parts.get(flow) ?? 1),
    /** Whether they are others now. */
    set: (next: Elsewhere['parts']): boolean => {
      const isOther = parts.size > 0 || next.size > 0;
      parts = next;
      return isOther;
    },
  };
};

/** What may be looked at of a level, where it goes as if it were of each priority: made once for all that is chosen in one go. */
const createLookings = (freeHeadWith: (behind: Behind | undefined) => Looking['freeHead']) => {
  let last: { readonly canTake: CanTake; readonly behind: Behind | undefined; readonly made: readonly Looking[] } | undefined;
  return (canTake: CanTake, behind: Behind | undefined): readonly Looking[] => {
    if (last?.canTake === canTake && last.behind === behind) return last.made;
    const freeHead = freeHeadWith(behind);
    const at = (_: unknown, priority: number): Looking => ({ mayTake: ({ type, pool }) => canTake(type, priority, pool), freeHead });
    last = { canTake, behind, made: Array.from({ length: PRIORITIES }, at) };
    return last.made;
  };
};

export const createReadyQueue = (settings: FairnessSettings = EVEN): ReadyQueue => {
  const weights = createWeights(settings);
  const levels: readonly FairLevel[] = Array.from({ length: PRIORITIES }, () => createFairLevel(weights.of));
  const entitled = createEntitled(settings, levels);
  const aside = createAside();
  let sequence = 0;

  const levelOf = ({ run, task }: Pick<ReadyTask, 'run' | 'task'>): FairLevel => levels[run.specs[task]!.priority]!;

  /** The head of a line that is live and needn't wait behind anything: what has to is put aside. */
  const freeHeadWith =
    (behind: Behind | undefined): Looking['freeHead'] =>
    (line: WaitingLine) => {
      for (;;) {
        const item = headOf(line);
        if (item === undefined) return undefined;
        const isStale = !isLive(item);
        const key = isStale ? undefined : behind?.(item);
        if (!isStale && key === undefined) return item;
        takeHead(line);
        if (key !== undefined) aside.put(key, item);
      }
    };

  const lookings = createLookings(freeHeadWith);

  const byPriority = (lookingAt: readonly Looking[], burst: number): Candidate | undefined => {
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const level = levels[priority]!;
      if (level.size() === 0) continue;
      const line = burst === 0 ? level.peek(lookingAt[priority]!) : level.next(lookingAt[priority]!, burst);
      if (line !== undefined) return { line, priority };
    }
    return undefined;
  };

  const takenBy = ({ line, priority }: Candidate, by: Right): Chosen => {
    const chosen = { ready: levelOf(headOf(line.line)!).take(line), priority, by };
    entitled.handedOut(chosen);
    return chosen;
  };

  const next: ReadyQueue['next'] = (canTake, behind, { now, floor, burst } = ORDINARY) => {
    const lookingAt = lookings(canTake, behind);
    const first = byPriority(lookingAt, burst);
    const before = entitled.mayFind(now) ? entitled.find({ first, lookingAt, now, floor }) : undefined;
    if (before !== undefined) return takenBy(before, before.by);
    return first === undefined ? undefined : takenBy(first, 'turn');
  };

  const everyGroup = function* (): Generator<{ group: Group; priority: number }> {
    for (const [priority, level] of levels.entries()) for (const group of level.groups()) yield { group, priority };
  };

  return {
    push: (run, task) => {
      levelOf({ run, task }).push({ run, task, dispatch: run.dispatch[task]!, sequence: sequence++ });
    },
    putBack: (item) => {
      levelOf(item).putBack(item, true);
    },
    next,
    count: (counts) => {
      let sum = 0;
      for (const { group, priority } of everyGroup()) if (group.size > 0 && counts(group.type, priority, group.pool)) sum += group.size;
      return sum;
    },
    highest: (canTake, behind) => byPriority(lookings(canTake, behind), 0)?.priority ?? null,
    highestOf: (canTake, behind) => {
      const lookingAt = lookings(canTake, behind);
      const highest: Record<string, number> = {};
      for (const [priority, level] of levels.entries())
        if (level.size() > 0) for (const type of level.types(lookingAt[priority]!)) highest[type] = priority;
      return highest;
    },
    recall: (key, count) => {
      const recalled = aside.take(key, count, isLive);
      for (const item of [...recalled].reverse()) levelOf(item).putBack(item, false);
      return recalled.length;
    },
    isAside: aside.has,
    asides: aside.keys,
    dropShard: (shard) => {
      for (const level of levels) level.keep(({ run }) => run.shard !== shard);
      aside.dropShard(shard);
    },
    sizes: () => {
      const sizes = new Map<string, number[]>();
      const count = (type: string, priority: number, size: number): void => {
        let ofType = sizes.get(type);
        if (ofType === undefined) sizes.set(type, (ofType = new Array<number>(PRIORITIES).fill(0)));
        ofType[priority]! += size;
      };
      for (const { group, priority } of everyGroup()) count(group.type, priority, group.size);
      for (const ofKey of aside.lanes())
        for (const [priority, lane] of ofKey.entries())
          for (const { run, task } of lane.items.slice(lane.head)) count(run.specs[task]!.type, priority, 1);
      return [...sizes].flatMap(([type, ofType]) => ofType.map((size, priority) => ({ type, priority, size })));
    },
    position: createPlaces(levels, isLive),
    levels: () => levels,
    learn: (handedOut, elsewhere) => {
      if (weights.set(elsewhere.parts)) for (const level of levels) level.reweigh();
      entitled.learn(handedOut, elsewhere);
    },
  };
};
