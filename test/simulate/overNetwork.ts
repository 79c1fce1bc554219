/** A store whose every function is a call over the network. */
import { failure } from '../../src/core/failure';
import type { DagRecord } from '../../src/core/change';
import type { RunStore } from '../../src/ports/store';
import type { Connection } from './network';
import type { Timeline } from './timeline';

const storeAway = (why: string): Error => failure('STORE_UNAVAILABLE', why);
const STORE = { timeoutMs: 5000, unavailable: storeAway };

/** A store's functions, each of them a call over the network. */
export const overNetwork = <T extends object>(
  connection: Connection,
  timeline: Timeline,
  target: T,
  heard: Partial<Record<string, (args: unknown[], answer: unknown) => void>>,
): T => {
  const remote: Record<string, unknown> = {};
  for (const [name, serve] of Object.entries(target) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    remote[name] = (...args: unknown[]) =>
      connection
        .poll<{ value: unknown } | { error: unknown }>(
          () => (answer) => {
            timeline.stirred();
            serve(...args).then(
              (value) => {
                heard[name]?.(args, value);
                answer({ value });
              },
              (error: unknown) => {
                answer({ error });
              },
            );
          },
          STORE,
        )
        .then((outcome) => {
          if ('error' in outcome) throw outcome.error as Error;
          return outcome.value;
        });
  }
  return remote as T;
};

export const paged = (store: RunStore): RunStore & { allLive(shard: number): Promise<DagRecord[][]> } => ({
  ...store,
  allLive: async (shard) => {
    const pages: DagRecord[][] = [];
    for await (const page of store.liveDags(shard)) pages.push(page);
    return pages;
  },
});
