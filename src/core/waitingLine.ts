/**
 * The ready tasks of one flow, type, pool and priority. First come first served costs an array; only where runs have ranks there is a heap
 * beside it, and whatever has no rank counts as 0 in it.
 */
import { add, heapify, takeOut, type Order } from './heap';
import { emptyLane, keep, laneSize, shift, unshift, type Lane } from './lane';
import type { ReadyTask } from './readyTask';

export interface WaitingLine {
  readonly plain: Lane<ReadyTask>;
  ranked: ReadyTask[] | undefined;
}

/** A line of one task: most lines of flows that have one DAG are never longer, and an array that grows by itself begins with room for 17. */
export const lineOf = (item: ReadyTask): WaitingLine =>
  item.run.rank === undefined ? { plain: { items: [item], head: 0 }, ranked: undefined } : { plain: emptyLane(), ranked: [item] };

const rankOf = ({ run, task }: ReadyTask): number => run.rank?.[task] ?? 0;

/** The longer way that is still before a task comes first, then who came first. */
export const comesFirst = (one: ReadyTask, other: ReadyTask): boolean => {
  const [mine, others] = [rankOf(one), rankOf(other)];
  return mine === others ? one.sequence < other.sequence : mine > others;
};
const RANKED: Order<ReadyTask> = { isBefore: comesFirst };

export const lineSize = ({ plain, ranked }: WaitingLine): number => laneSize(plain) + (ranked?.length ?? 0);

/** Appends a task; it is the last of those without a rank. */
export const append = (line: WaitingLine, item: ReadyTask): void => {
  if (item.run.rank === undefined) line.plain.items.push(item);
  else add((line.ranked ??= []), item, RANKED);
};

/** Puts a task back that was at the head before. */
export const prepend = (line: WaitingLine, item: ReadyTask): void => {
  if (item.run.rank === undefined) unshift(line.plain, item);
  else add((line.ranked ??= []), item, RANKED);
};

const isRankedFirst = ({ plain, ranked }: WaitingLine): boolean => {
  const top = ranked?.[0];
  if (top === undefined) return false;
  const first = plain.items[plain.head];
  return first === undefined || comesFirst(top, first);
};

export const headOf = (line: WaitingLine): ReadyTask | undefined =>
  line.ranked !== undefined && isRankedFirst(line) ? line.ranked[0] : line.plain.items[line.plain.head];

export const takeHead = (line: WaitingLine): ReadyTask | undefined => {
  if (line.ranked === undefined || !isRankedFirst(line)) return shift(line.plain);
  const item = takeOut(line.ranked, RANKED);
  if (line.ranked.length === 0) line.ranked = undefined;
  return item;
};

export const keepOnly = (line: WaitingLine, isKept: (item: ReadyTask) => boolean): void => {
  keep(line.plain, isKept);
  const kept = line.ranked?.filter(isKept) ?? [];
  heapify(kept, RANKED);
  line.ranked = kept.length === 0 ? undefined : kept;
};

export const itemsOf = ({ plain, ranked }: WaitingLine): ReadyTask[] => [...plain.items.slice(plain.head), ...(ranked ?? [])];
