/** The records of one shard, in memory: all that wasn't delivered yet, and the latest of those that were. */
import type { Event } from '../../core/event';
import type { Clock } from '../../ports/clock';
import type { LogPosition } from '../../ports/store';
import type { LogRecord } from '../../ports/transport';

export interface ShardLogNeeds {
  readonly shard: number;
  /** Differs for each process, and stands in every hash. */
  readonly instance: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly maxUnread: number;
}

export interface ShardLog {
  append(events: readonly Event[]): void;
  isFull(): boolean;
  has(offset: bigint): boolean;
  /** Up to `limit` records from an offset on. */
  from(offset: bigint, limit: number): readonly LogRecord[];
  /** Where a reader with this position starts: there, or at the earliest record where the one before it isn't the one named. */
  startFor(position: LogPosition): bigint;
  /** Everything below was handed to a reader: older records may go. */
  delivered(next: bigint): void;
}

/**
 * Delivered records stay for owners that fail to commit and read again. They hold a few thousand events uncommitted at most,
 * so this is several times what may be asked for.
 */
const KEPT_RECORDS = 10_000;
const KEPT_CHARACTERS = 16 * 1024 * 1024;
/** Old records leave in lots, since every removal moves the whole array. */
const LOT = 1000;

const sizeOf = (events: readonly Event[]): number => {
  let size = 0;
  for (const event of events) {
    size += 200;
    if (event.type === 'completed') size += event.result?.length ?? 0;
    if (event.type === 'checkpointed') size += event.state.length;
    if (event.type === 'lost' || event.type === 'released' || event.type === 'due') size += 50 * event.tasks.length;
  }
  return size;
};

const sum = (numbers: readonly number[], count: number): number => {
  let total = 0;
  for (let i = 0; i < count; i++) total += numbers[i]!;
  return total;
};

export const createShardLog = ({ shard, instance, clock, maxUnread }: ShardLogNeeds): ShardLog => {
  const records: LogRecord[] = [];
  const sizes: number[] = [];
  let earliest = 0n;
  let read = 0n;
  let kept = 0;
  let newest = 0;

  const end = (): bigint => earliest + BigInt(records.length);
  const indexOf = (offset: bigint): number => (offset < earliest ? 0 : Number(offset - earliest));
  const trim = (): void => {
    const free = indexOf(read);
    let count = free >= KEPT_RECORDS + LOT ? free - KEPT_RECORDS : 0;
    let left = kept - sum(sizes, count);
    if (left > KEPT_CHARACTERS) while (count < free && left > KEPT_CHARACTERS / 2) left -= sizes[count++]!;
    if (count === 0) return;
    records.splice(0, count);
    sizes.splice(0, count);
    earliest += BigInt(count);
    kept = left;
  };
  return {
    append: (events) => {
      // The log's time never goes back, as LogAppendTime of one broker doesn't.
      newest = Math.max(newest, clock.now());
      const offset = end();
      records.push({ shard, offset, timestamp: newest, hash: `${instance}-${String(offset)}`, events });
      const size = sizeOf(events);
      sizes.push(size);
      kept += size;
    },
    isFull: () => Number(end() - read) >= maxUnread,
    has: (offset) => offset < end(),
    from: (offset, limit) => (limit <= 0 ? [] : records.slice(indexOf(offset), indexOf(offset) + limit)),
    startFor: ({ nextOffset, last }) => {
      if (last === null || nextOffset - 1n < earliest || nextOffset > end()) return earliest;
      const before = records[indexOf(nextOffset - 1n)];
      return before?.hash === last.hash && before.timestamp === last.timestamp ? nextOffset : earliest;
    },
    delivered: (next) => {
      if (next <= read) return;
      read = next;
      trim();
    },
  };
};
