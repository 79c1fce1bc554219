/** Reads DAGs that are stored and not in memory, each once at a time. */
import { shardOf, type DagId } from '../core/ids';
import type { Run } from '../core/run';
import type { RunStore } from '../ports/store';
import { addRecord, type LiveShard } from './liveShard';

export interface DiscoveryNeeds {
  readonly store: Pick<RunStore, 'liveDag'>;
  /** A shard that is owned. */
  readonly shardOf: (shard: number) => LiveShard | undefined;
  /** A DAG was read, and is in its shard now. */
  readonly found: (run: Run) => void;
}

export interface Discovery {
  /** Reads a DAG unless it is known, if its shard is owned. */
  readonly discover: (dag: DagId, shard: number) => Promise<void>;
  /** The DAG is in memory by other ways: what is being read of it is the past, it may even be over by then. */
  outdate(dag: DagId): void;
  shardDropped(shard: number): void;
}

export const createDiscovery = ({ store, shardOf: owned, found }: DiscoveryNeeds): Discovery => {
  const reading = new Map<DagId, Promise<void>>();

  const read = async (shard: LiveShard, dag: DagId, isReading: () => boolean): Promise<void> => {
    const record = await store.liveDag(dag).catch((error: unknown) => {
      if (isReading()) reading.delete(dag);
      throw error;
    });
    if (!isReading()) return;
    reading.delete(dag);
    const added = record?.shard !== shard.shard ? undefined : addRecord(shard, record);
    if (added !== undefined) found(added);
  };

  return {
    discover: (dag, shardId) => {
      const shard = owned(shardId);
      if (shard === undefined || shard.runs.has(dag)) return Promise.resolve();
      const under = reading.get(dag);
      if (under !== undefined) return under;
      // A DAG that was admitted meanwhile may be looked for once more before this read ends.
      const begun: Promise<void> = Promise.resolve().then(() => read(shard, dag, () => reading.get(dag) === begun));
      reading.set(dag, begun);
      return begun;
    },
    outdate: (dag) => {
      reading.delete(dag);
    },
    shardDropped: (shard) => {
      for (const dag of reading.keys()) if (shardOf(dag) === shard) reading.delete(dag);
    },
  };
};
