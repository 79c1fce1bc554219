/** DAGs of the same name, and their tasks. */
import { ask, LARGE_MS } from '../api/client';
import { useFetched, type Fetched } from '../live/hooks';
import type { Dag, Task } from './model';

const MOST_RUNS = 50;

/** Newest first. */
export const useRuns = (name: string): Fetched<readonly Dag[]> =>
  useFetched(name, async (signal) => {
    const query = new URLSearchParams({ name, limit: String(MOST_RUNS) });
    return (await ask<{ readonly items: readonly Dag[] }>(`/api/v1/dags?${query.toString()}`, { signal })).items;
  });

export interface Run {
  readonly dag: Dag;
  readonly tasks: readonly Task[];
}

/** All tasks of a DAG. */
export const tasksOf = (dagId: string, signal: AbortSignal): Promise<readonly Task[]> =>
  ask(`/api/v1/dags/${encodeURIComponent(dagId)}/tasks`, { signal, withinMs: LARGE_MS });

/** Some runs with all their tasks, one after another: together they may be many megabytes. */
export const useRunTasks = (runs: readonly Dag[]): Fetched<readonly Run[]> =>
  useFetched(runs.map(({ dagId, status, completedAt }) => `${dagId} ${status} ${completedAt ?? ''}`).join(), async (signal) => {
    const found: Run[] = [];
    for (const dag of runs) found.push({ dag, tasks: await tasksOf(dag.dagId, signal) });
    return found;
  });
