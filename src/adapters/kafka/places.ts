/**
 * Where the shards of a reader are: a position names the record before it, and only where that record is still the same does
 * reading go on behind it. Else the topic was made again, and everything in it is news.
 */
import { pause, type Timing } from '../../lifecycle/timing';
import type { LogPosition } from '../../ports/store';
import type { Cluster } from './cluster';
import type { Message } from './consumer';

/** A record as a position remembers it. */
export interface Mark {
  readonly offset: bigint;
  readonly timestamp: number;
  readonly hash: string;
}

/** One take of a shard: a later one is another object, which voids everything begun for this one. */
interface Place {
  /** The record that must come first. */
  expected: Mark | undefined;
  /** The last one that was consumed. */
  last: Mark | undefined;
}

export interface PlacesNeeds {
  readonly topic: string;
  readonly cluster: Pick<Cluster, 'bounds'>;
  readonly clock: Pick<Timing, 'after'>;
  readonly seek: (shard: number, offset: bigint) => void;
  readonly markOf: (message: Message) => Mark;
  readonly onTrouble: (error: unknown) => void;
}

export interface Places {
  take(shard: number, from: LogPosition): void;
  /** Reads on at an offset of which nobody knows what came before: what is consumed from now on proves the topic. */
  takeUnproven(shard: number, next: bigint): void;
  drop(shard: number): void;
  /** The topic may be another one by now: the last record is compared once more. */
  doubt(shard: number): void;
  /** Reading starts at the earliest by itself: nothing is expected. */
  reset(shard: number): void;
  /** Drops the record that only proves the position; undefined where it isn't the one: then reading starts at the earliest. */
  fresh(shard: number, messages: readonly Message[]): readonly Message[] | undefined;
  consumed(shard: number, last: Message): void;
}

const ASK_AGAIN_MS = 500;

const isSame = (one: Mark, other: Mark | undefined): boolean =>
  other !== undefined && one.offset === other.offset && one.timestamp === other.timestamp && one.hash === other.hash;

export const createPlaces = ({ topic, cluster, clock, seek, markOf, onTrouble }: PlacesNeeds): Places => {
  const places = new Map<number, Place>();

  const startOver = (shard: number, earliest: bigint): void => {
    places.set(shard, { expected: undefined, last: undefined });
    seek(shard, earliest);
  };
  /** Where the log ends before the expected record, that one would never come: the bounds tell. */
  const verify = async (shard: number, place: Place): Promise<void> => {
    const isPending = (): boolean => places.get(shard) === place && place.expected !== undefined;
    while (isPending()) {
      try {
        const bounds = (await cluster.bounds(topic)).get(shard);
        const { expected } = place;
        if (!isPending() || bounds === undefined || expected === undefined) return;
        if (expected.offset < bounds.low || expected.offset >= bounds.high) startOver(shard, bounds.low);
        return;
      } catch (error) {
        onTrouble(error);
        await pause(clock, ASK_AGAIN_MS);
      }
    }
  };
  const expectFirst = (shard: number, expected: Mark): void => {
    const place: Place = { expected, last: expected };
    places.set(shard, place);
    seek(shard, expected.offset);
    void verify(shard, place);
  };
  return {
    take: (shard, { nextOffset, last }) => {
      if (last === null || nextOffset === 0n) startOver(shard, 0n);
      else expectFirst(shard, { ...last, offset: nextOffset - 1n });
    },
    takeUnproven: startOver,
    drop: (shard) => {
      places.delete(shard);
    },
    doubt: (shard) => {
      const place = places.get(shard);
      if (place?.last === undefined) return;
      // What is to be compared first is on its way: sought again, it would never come from brokers that are slow.
      if (place.expected === undefined) expectFirst(shard, place.last);
      else void verify(shard, place);
    },
    reset: (shard) => {
      places.set(shard, { expected: undefined, last: undefined });
    },
    fresh: (shard, messages) => {
      const place = places.get(shard);
      if (place?.expected === undefined) return messages;
      const [first] = messages;
      if (!isSame(place.expected, first && markOf(first))) {
        // Offset 0 stands for the earliest: where the log begins later, Kafka says so and reading starts there.
        startOver(shard, 0n);
        return undefined;
      }
      place.expected = undefined;
      return messages.slice(1);
    },
    consumed: (shard, last) => {
      const place = places.get(shard);
      if (place !== undefined && place.expected === undefined) place.last = markOf(last);
    },
  };
};
