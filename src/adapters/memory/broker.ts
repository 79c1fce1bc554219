/**
 * Events and work within one process. Nothing is durable: a new process starts with new, empty logs, whose hashes never match
 * a position that was stored before, so that readers begin at the earliest record.
 */
import type { Event } from '../../core/event';
import { failure } from '../../core/failure';
import type { Clock } from '../../ports/clock';
import type { EventLog, LogReader, LogRecord, WorkOrder, WorkQueue } from '../../ports/transport';
import { createShardLog, type ShardLog } from './shardLog';

export interface MemoryBrokerNeeds {
  readonly clock: Pick<Clock, 'now' | 'random'>;
  readonly shards: number;
  /** Records of a shard that no reader was given yet, at most; beyond, `append` rejects with OVERLOADED. */
  readonly maxUnread?: number;
  /** Told of a `consume` that rejected; its records count as delivered. */
  onError?(error: unknown): void;
}

export interface MemoryBroker {
  readonly eventLog: EventLog;
  readonly workQueue: WorkQueue;
}

const MAX_RECORDS_AT_ONCE = 500;
const MAX_ORDERS_AT_ONCE = 500;
/** A worker's window is far smaller: what lies beyond was sent to somebody who doesn't read. */
const MAX_ORDERS_WAITING = 10_000;

interface Taken {
  next: bigint;
}

interface ReaderNeeds {
  readonly logs: readonly ShardLog[];
  readonly consume: (records: readonly LogRecord[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly left: (reader: Wakeable) => void;
}
interface Wakeable {
  wake(): void;
}

/** Hands out what is new in the taken shards, in turns, until it is closed. */
const createReader = ({ logs, consume, onError, left }: ReaderNeeds): LogReader & Wakeable => {
  const taken = new Map<number, Taken>();
  let pumping: Promise<void> | undefined;
  let state: 'open' | 'closed' = 'open';

  const gather = (): LogRecord[] => {
    const records: LogRecord[] = [];
    for (const [shard, place] of taken) {
      for (const record of logs[shard]!.from(place.next, MAX_RECORDS_AT_ONCE - records.length)) {
        records.push(record);
        place.next = record.offset + 1n;
      }
      logs[shard]!.delivered(place.next);
    }
    // The shards that came first now come last, so that a busy one can't keep the others out.
    const first = taken.entries().next().value;
    if (first !== undefined && records.length >= MAX_RECORDS_AT_ONCE) {
      taken.delete(first[0]);
      taken.set(first[0], first[1]);
    }
    return records;
  };
  const pump = async (): Promise<void> => {
    // A turn of its own: an appender never runs its reader's code.
    await Promise.resolve();
    while (state === 'open') {
      const records = gather();
      if (records.length === 0) break;
      await consume(records).catch(onError);
    }
  };
  const wake = (): void => {
    if (state === 'closed' || pumping !== undefined) return;
    pumping = pump().finally(() => {
      pumping = undefined;
      if (state === 'open' && [...taken].some(([shard, { next }]) => logs[shard]!.has(next))) wake();
    });
  };
  const reader: LogReader & Wakeable = {
    wake,
    take: (shard, from) => {
      const log = logs[shard];
      if (log === undefined) throw new RangeError(`there is no shard ${String(shard)}`);
      taken.set(shard, { next: log.startFor(from) });
      wake();
    },
    drop: (shard) => {
      taken.delete(shard);
    },
    close: async () => {
      state = 'closed';
      taken.clear();
      left(reader);
      await pumping;
    },
  };
  return reader;
};

const createMemoryLog = ({ clock, shards, maxUnread = 100_000, onError = () => undefined }: MemoryBrokerNeeds): EventLog => {
  const instance = `memory-${clock.random().toString(36).slice(2)}`;
  const logs = Array.from({ length: shards }, (_, shard) => createShardLog({ shard, instance, clock, maxUnread }));
  const readers = new Set<Wakeable>();

  const append = (events: ReadonlyMap<number, readonly Event[]>): void => {
    const into: [ShardLog, readonly Event[]][] = [];
    for (const [shard, all] of events) {
      const log = logs[shard];
      if (log === undefined) throw failure('BROKER_UNAVAILABLE', `there is no shard ${String(shard)}`);
      if (log.isFull()) throw failure('OVERLOADED', `shard ${String(shard)} has ${String(maxUnread)} records that nobody has read`);
      if (all.length > 0) into.push([log, all]);
    }
    for (const [log, all] of into) log.append(all);
    for (const reader of readers) reader.wake();
  };
  return {
    append: async (events) => {
      await Promise.resolve().then(() => {
        append(events);
      });
    },
    open: (consume) => {
      const reader = createReader({ logs, consume, onError, left: (closed) => readers.delete(closed) });
      readers.add(reader);
      return Promise.resolve(reader);
    },
    ping: () => Promise.resolve(),
  };
};

interface Inbox {
  readonly waiting: WorkOrder[];
  wake(): void;
}

const createMemoryQueue = ({ onError = () => undefined }: MemoryBrokerNeeds): WorkQueue => {
  const inboxes = new Map<number, Set<Inbox>>();
  let provided = 0;

  const receive = (consume: (orders: readonly WorkOrder[]) => Promise<void>): Inbox & { readonly close: () => Promise<void> } => {
    const waiting: WorkOrder[] = [];
    let pumping: Promise<void> | undefined;
    let open = true;
    const pump = async (): Promise<void> => {
      await Promise.resolve();
      while (open && waiting.length > 0) await consume(waiting.splice(0, MAX_ORDERS_AT_ONCE)).catch(onError);
    };
    const wake = (): void => {
      if (!open || pumping !== undefined) return;
      pumping = pump().finally(() => {
        pumping = undefined;
        if (waiting.length > 0) wake();
      });
    };
    return {
      waiting,
      wake,
      close: async () => {
        open = false;
        await pumping;
      },
    };
  };
  const deliver = (number: number, orders: readonly WorkOrder[]): void => {
    if (number >= provided) throw failure('BROKER_UNAVAILABLE', `there is no inbox ${String(number)}`);
    for (const inbox of inboxes.get(number) ?? []) {
      if (inbox.waiting.length + orders.length > MAX_ORDERS_WAITING) throw failure('OVERLOADED', `inbox ${String(number)} is full`);
      inbox.waiting.push(...orders);
      inbox.wake();
    }
  };
  return {
    provide: (count) => {
      provided = Math.max(provided, count);
      return Promise.resolve();
    },
    send: async (orders) => {
      await Promise.resolve().then(() => {
        for (const [number, all] of orders) deliver(number, all);
      });
    },
    receive: (number, consume) => {
      if (number >= provided) return Promise.reject(failure('BROKER_UNAVAILABLE', `there is no inbox ${String(number)}`));
      const inbox = receive(consume);
      const readers = inboxes.get(number) ?? new Set<Inbox>();
      inboxes.set(number, readers.add(inbox));
      return Promise.resolve({
        close: async () => {
          readers.delete(inbox);
          await inbox.close();
        },
      });
    },
  };
};

/** One broker for everything in this process. `consume` functions must not wait for their own reader's `close`. */
export const createMemoryBroker = (needs: MemoryBrokerNeeds): MemoryBroker => ({
  eventLog: createMemoryLog(needs),
  workQueue: createMemoryQueue(needs),
});
