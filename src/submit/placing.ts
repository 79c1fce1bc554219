/**
 * Which shard a new DAG goes to. DAGs that come together share one: their events then travel in few records of one partition, and a
 * record costs Kafka, its clients and the commit far more than what is in it. What comes apart is spread evenly.
 */

/** Longer than a small DAG takes under load: what is under way at a moment lies in one shard or two. */
const TOGETHER_MS = 100;
/** However fast they come, so that a burst is spread over the shards, too. */
const TOGETHER = 64;

/** Chooses one of the shards that may take a DAG now; `now` in milliseconds. There must be one. */
export type Place = (shards: readonly number[], now: number) => number;

export const createPlacing = (): Place => {
  let [turn, since, placed] = [-1, -Infinity, 0];
  return (shards, now) => {
    if (placed >= TOGETHER || now - since >= TOGETHER_MS) [turn, since, placed] = [turn + 1, now, 0];
    placed += 1;
    return shards[turn % shards.length]!;
  };
};
