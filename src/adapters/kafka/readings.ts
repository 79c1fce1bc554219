/** How far behind the readers of this process are, by topic. */
import type { Lag } from '../../ports/transport';
import type { Cluster } from './cluster';

/** A reader, and the offsets of the records that it reads next, by partition: only of those that it reads now. */
export interface Reading {
  readonly topic: string;
  next(): ReadonlyMap<number, bigint>;
}

export interface Readings {
  add(reading: Reading): void;
  remove(reading: Reading): void;
  /** Rejects with BROKER_UNAVAILABLE where Kafka doesn't answer. */
  lags(): Promise<readonly Lag[]>;
}

/** A place where readers are noted, for whoever asks how far they are behind. */
export const createReadings = (cluster: Pick<Cluster, 'bounds'>): Readings => {
  const open = new Set<Reading>();

  const lagOf = async (topic: string): Promise<Lag> => {
    const bounds = await cluster.bounds(topic);
    let records = 0;
    for (const reading of open)
      if (reading.topic === topic)
        for (const [partition, next] of reading.next()) records += Math.max(0, Number((bounds.get(partition)?.high ?? next) - next));
    return { topic, records };
  };
  return {
    add: (reading) => {
      open.add(reading);
    },
    remove: (reading) => {
      open.delete(reading);
    },
    lags: () => Promise.all([...new Set([...open].map(({ topic }) => topic))].map(lagOf)),
  };
};
