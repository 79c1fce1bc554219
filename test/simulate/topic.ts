/** Partitions that outlive every process, and whoever waits for what comes to them. */
import type { Message } from '../../src/adapters/kafka/consumer';
import { failure } from '../../src/core/failure';

export const unavailable = (why: string): Error => failure('BROKER_UNAVAILABLE', `Kafka: ${why}`);

export interface Stored<T> extends Message {
  readonly hash: string;
  readonly content: T;
}

export interface Topic<T> {
  readonly name: string;
  append(partition: number, content: T): Stored<T>;
  bounds(partition: number): { low: bigint; high: bigint };
  /**
   * Answers what is there from an offset on, once there is anything; `gone` where the offset is out of range or the topic was deleted,
   * `absent` where it isn't there.
   */
  read(partition: number, offset: bigint, answer: (found: Found<T>) => void): void;
  isThere(): boolean;
  /** Everything in it is lost, and nobody finds it until it is made again: then offsets begin anew. */
  delete(): void;
  make(): void;
  incarnation(): number;
}

export type Found<T> = readonly Stored<T>[] | 'gone' | 'absent';

export const createTopic = <T>(name: string, nowMs: () => number): Topic<T> => {
  let incarnation = 1;
  let isThere = true;
  let partitions = new Map<number, Stored<T>[]>();
  let waiting: { readonly partition: number; readonly offset: bigint; readonly answer: (found: Found<T>) => void }[] = [];
  const of = (partition: number): Stored<T>[] => {
    let records = partitions.get(partition);
    if (records === undefined) partitions.set(partition, (records = []));
    return records;
  };
  const from = (partition: number, offset: bigint): readonly Stored<T>[] => of(partition).slice(Number(offset), Number(offset) + 500);
  return {
    name,
    append: (partition, content) => {
      if (!isThere) throw unavailable('there is no such topic');
      const records = of(partition);
      const offset = BigInt(records.length);
      const stored: Stored<T> = {
        offset,
        timestamp: Math.max(records.at(-1)?.timestamp ?? 0, Math.floor(nowMs())),
        value: null,
        hash: `${String(incarnation)}.${String(offset)}`,
        content,
      };
      records.push(stored);
      const ready = waiting.filter((each) => each.partition === partition);
      waiting = waiting.filter((each) => each.partition !== partition);
      for (const each of ready) each.answer(from(partition, each.offset));
      return stored;
    },
    bounds: (partition) => ({ low: 0n, high: BigInt(of(partition).length) }),
    read: (partition, offset, answer) => {
      if (!isThere) answer('absent');
      else if (offset > BigInt(of(partition).length)) answer('gone');
      else if (offset < BigInt(of(partition).length)) answer(from(partition, offset));
      else waiting.push({ partition, offset, answer });
    },
    delete: () => {
      isThere = false;
      incarnation += 1;
      partitions = new Map();
      for (const { answer } of waiting.splice(0)) answer('gone');
    },
    make: () => {
      isThere = true;
    },
    isThere: () => isThere,
    incarnation: () => incarnation,
  };
};
