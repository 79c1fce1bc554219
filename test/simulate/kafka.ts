/** Kafka as the transport knows it: partitions that outlive every process, and consumers that read them from a position. */
import { createPlaces, type Mark } from '../../src/adapters/kafka/places';
import type { Event } from '../../src/core/event';
import { failure } from '../../src/core/failure';
import { createBatcher } from '../../src/lifecycle/batcher';
import type { EventLog, LogRecord, WorkOrder, WorkQueue } from '../../src/ports/transport';
import type { Connection } from './network';
import type { Lane } from './process';
import { type Found, type Stored, type Topic, unavailable } from './topic';

const SEND = { timeoutMs: 3000, unavailable };
const FETCH = { timeoutMs: 2000, unavailable };
const AGAIN_MS = 200;
const DOUBT_AFTER_MS = 1000;

interface Place {
  expected: bigint;
  active: boolean;
  generation: number;
  fetching: boolean;
}

interface ConsumerNeeds<T> {
  readonly topic: Topic<T>;
  readonly connection: Connection;
  readonly lane: Lane;
  readonly onMessages: (partition: number, messages: readonly Stored<T>[]) => Promise<void>;
  readonly onReset: (partition: number) => void;
  readonly onDoubt: (partition: number) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** A consumer of partitions whose positions its owner keeps, as KafkaPartitionConsumer is. */
const createConsumer = <T>({ topic, connection, lane, onMessages, onReset, onDoubt, onTrouble }: ConsumerNeeds<T>) => {
  const places = new Map<number, Place>();
  let closed = false;
  let consuming: Promise<void> = Promise.resolve();

  const deliver = async (partition: number, place: Place, generation: number, found: readonly Stored<T>[]): Promise<void> => {
    if (closed || !place.active || place.generation !== generation) return;
    try {
      await onMessages(partition, found);
    } catch (error) {
      onTrouble(error);
    }
    if (place.generation === generation) place.expected = found.at(-1)!.offset + 1n;
  };
  const fetchOnce = async (partition: number, place: Place): Promise<void> => {
    const { generation, expected } = place;
    const askedAt = lane.clock.monotonic();
    let found: Found<T>;
    try {
      found = await connection.poll<Found<T>>(
        () => (answer) => {
          topic.read(partition, expected, answer);
        },
        FETCH,
      );
    } catch {
      found = 'absent';
    }
    if (found === 'absent') {
      await new Promise<void>((resolve) => lane.clock.after(AGAIN_MS, resolve));
      if (place.generation === generation) onDoubt(partition);
      return;
    }
    if (place.generation !== generation) return;
    if (found === 'gone') {
      onDoubt(partition);
      if (place.generation !== generation) return;
      place.expected = 0n;
      onReset(partition);
      return;
    }
    const isDoubtful = (): boolean => place.generation === generation && lane.clock.monotonic() - askedAt > DOUBT_AFTER_MS;
    if (isDoubtful()) {
      onDoubt(partition);
      if (place.generation !== generation) return;
    }
    const turn = consuming.then(() => deliver(partition, place, generation, found));
    consuming = turn;
    await turn;
    if (isDoubtful()) onDoubt(partition);
  };
  const pump = async (partition: number, place: Place): Promise<void> => {
    if (place.fetching) return;
    place.fetching = true;
    while (!closed && place.active) {
      const { generation } = place;
      // A seek ends the wait for what lies behind the old position.
      await Promise.race([fetchOnce(partition, place), moved(place, generation)]);
    }
    place.fetching = false;
  };
  const movers = new Map<Place, () => void>();
  const moved = (place: Place, generation: number): Promise<void> =>
    place.generation === generation ? new Promise((resolve) => movers.set(place, resolve)) : Promise.resolve();
  const placeOf = (partition: number): Place => {
    let place = places.get(partition);
    if (place === undefined) places.set(partition, (place = { expected: 0n, active: false, generation: 0, fetching: false }));
    return place;
  };
  const change = (partition: number, apply: (place: Place) => void): void => {
    const place = placeOf(partition);
    apply(place);
    place.generation += 1;
    movers.get(place)?.();
    void pump(partition, place);
  };
  return {
    seek: (partition: number, offset: bigint) => {
      change(partition, (place) => {
        place.expected = offset;
        place.active = true;
      });
    },
    pause: (partition: number) => {
      change(partition, (place) => {
        place.active = false;
      });
    },
    close: async () => {
      closed = true;
      for (const [partition] of places) change(partition, (place) => (place.active = false));
      await consuming;
    },
  };
};

export interface KafkaNeeds {
  readonly events: Topic<readonly Event[]>;
  readonly queue: Topic<readonly WorkOrder[]>;
  readonly connection: Connection;
  readonly lane: Lane;
  readonly appended: (shard: number, record: Stored<readonly Event[]>) => void;
  /** What becomes of orders that the brokers took: how often, and after how many milliseconds, they are stored. */
  readonly fateOfOrders: () => readonly number[];
  readonly later: (ms: number, act: () => void) => void;
  readonly sent: (order: WorkOrder) => void;
}

type Outgoing = { readonly shard: number; readonly events: readonly Event[] } | { readonly inbox: number; readonly orders: readonly WorkOrder[] };

/** The transport of one process: one producer, whose sends keep their order. */
export const createTransport = (needs: KafkaNeeds): { readonly log: EventLog; readonly queue: WorkQueue } => {
  const { events, queue, connection, lane } = needs;
  const onTrouble = (error: unknown): void => {
    if (!(error instanceof Error && error.name === 'Failure')) throw error;
  };
  const storeOrders = (inbox: number, orders: readonly WorkOrder[]): void => {
    for (const order of orders) needs.sent(order);
    for (const ms of needs.fateOfOrders()) {
      if (ms === 0) queue.append(inbox, orders);
      else
        needs.later(ms, () => {
          if (queue.isThere()) queue.append(inbox, orders);
        });
    }
  };
  const store = (each: Outgoing): void => {
    if ('shard' in each) needs.appended(each.shard, events.append(each.shard, each.events));
    else storeOrders(each.inbox, each.orders);
  };
  const producer = createBatcher<readonly Outgoing[]>({
    maxItems: 500,
    maxPending: 50_000,
    overloaded: () => failure('OVERLOADED', 'too many sends wait for Kafka'),
    flush: (items) =>
      connection.call(() => {
        items.flat().forEach(store);
      }, SEND),
  });

  const open = async (consume: (records: readonly LogRecord[]) => Promise<void>) => {
    const consumer = createConsumer<readonly Event[]>({
      topic: events,
      connection,
      lane,
      onTrouble,
      onMessages: async (shard, messages) => {
        const fresh = places.fresh(shard, messages) as readonly Stored<readonly Event[]>[] | undefined;
        const last = fresh?.at(-1);
        if (fresh === undefined || last === undefined) return;
        await consume(fresh.map(({ offset, timestamp, hash, content }) => ({ shard, offset, timestamp, hash, events: content })));
        places.consumed(shard, last);
      },
      onReset: (shard) => places.reset(shard),
      onDoubt: (shard) => places.doubt(shard),
    });
    const places = createPlaces({
      topic: events.name,
      cluster: {
        bounds: () => connection.call(() => new Map(Array.from({ length: 16 }, (_, shard) => [shard, events.bounds(shard)])), SEND),
      },
      clock: lane.clock,
      seek: (shard, offset) => consumer.seek(shard, offset),
      markOf: (message): Mark => ({ offset: message.offset, timestamp: message.timestamp, hash: (message as Stored<unknown>).hash }),
      onTrouble,
    });
    return {
      take: places.take,
      drop: (shard: number) => {
        places.drop(shard);
        consumer.pause(shard);
      },
      close: () => consumer.close(),
    };
  };

  return {
    log: {
      append: (all) => producer.push([...all].filter(([, ofShard]) => ofShard.length > 0).map(([shard, ofShard]) => ({ shard, events: ofShard }))),
      open,
      ping: () => connection.call(() => undefined, SEND),
    },
    queue: {
      provide: () => connection.call(() => undefined, SEND),
      send: (all) => producer.push([...all].map(([inbox, orders]) => ({ inbox, orders }))),
      receive: async (inbox, consume) => {
        const end = await connection.call(() => queue.bounds(inbox).high, SEND);
        const consumer = createConsumer<readonly WorkOrder[]>({
          topic: queue,
          connection,
          lane,
          onTrouble,
          onMessages: (_inbox, messages) => consume(messages.flatMap(({ content }) => content)),
          onReset: () => undefined,
          onDoubt: () => undefined,
        });
        consumer.seek(inbox, end);
        return { close: () => consumer.close() };
      },
    },
  };
};
