/** What others ask about the live DAGs of the owned shards. */
import { isFinalDag, type DagStatus } from '../core/dag';
import type { Passing } from '../core/gates';
import { shardOf, type DagId, type TaskRef } from '../core/ids';
import { openTasks, type Run } from '../core/run';
import { CODE } from '../core/states';
import type { LiveShard } from './liveShard';

/** What a task that is ready waits behind. */
export interface Wait extends Passing {
  /** When it became ready. */
  readonly since: number;
}

export interface Memory {
  owned(): { shard: number; epoch: number }[];
  isKnown(dag: DagId, shard: number): boolean;
  /** A live DAG as it is in memory, to look at; undefined where it isn't here. */
  runOf(dag: DagId): Run | undefined;
  /** Tasks of live DAGs that aren't final: walks all of these DAGs. */
  openTasks(): number;
  /** DAGs that aren't final. */
  liveDags(): number;
  /** How many live DAGs are in which status. */
  statuses(): ReadonlyMap<DagStatus, number>;
  /** A task of a live DAG, as its shard has it in memory. */
  waitOf(task: TaskRef): Wait | undefined;
}

/** What a task waits for that is ready. */
const waitIn = (run: Run | undefined, task: number): Wait | undefined => {
  if (run?.state[task] !== CODE.QUEUED) return undefined;
  const { type, options } = run.specs[task]!;
  return { type, pool: options?.pool, since: run.since[task]! };
};

/** Looks into what the shards hold at the moment of each question. */
export const memoryOf = (shards: ReadonlyMap<number, LiveShard>): Memory => ({
  owned: () => [...shards.values()].map(({ shard, epoch }) => ({ shard, epoch })),
  isKnown: (dag, shard) => shards.get(shard)?.runs.has(dag) ?? false,
  runOf: (dag) => shards.get(shardOf(dag))?.runs.get(dag),
  waitOf: ({ dag, task }) => waitIn(shards.get(shardOf(dag))?.runs.get(dag), task),
  liveDags: () => {
    let live = 0;
    for (const { runs } of shards.values()) live += runs.size;
    return live;
  },
  statuses: () => {
    const counts = new Map<DagStatus, number>();
    for (const { runs } of shards.values())
      for (const { status } of runs.values()) if (!isFinalDag(status)) counts.set(status, (counts.get(status) ?? 0) + 1);
    return counts;
  },
  openTasks: () => {
    let open = 0;
    for (const { runs } of shards.values()) for (const run of runs.values()) open += openTasks(run);
    return open;
  },
});
