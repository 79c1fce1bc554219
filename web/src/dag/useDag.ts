/** A DAG with all its tasks, kept up to date by the stream. */
import { useCallback, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useFetched, useStream } from '../live/hooks';
import { connection } from '../live/page';
import { graphOf, hasSameGraph, type TaskGraph } from './graph';
import type { Dag, Task } from './model';
import { isToldOf, knowsAll, merged } from './told';
import { tasksOf } from './useRuns';

export interface LiveDag {
  readonly dag: Dag | undefined;
  readonly tasks: readonly Task[] | undefined;
  /** The same one as long as the DAG's graph is. */
  readonly graph: TaskGraph | undefined;
  readonly error: unknown;
  /** It was deleted while it was shown. */
  readonly isGone: boolean;
  again(): void;
}

/** So many tasks are some megabytes: they aren't read every five seconds while the stream is cut off. */
const MANY_TASKS = 2_000;
const SELDOM_MS = 30_000;

/** The graph of a list: the same one as long as the list's tasks and edges are, by whatever way their change was heard of. */
const useGraph = (tasks: readonly Task[] | undefined): TaskGraph | undefined => {
  const latest = useRef<{ readonly tasks: readonly Task[]; readonly graph: TaskGraph }>(undefined);
  if (tasks === undefined) return undefined;
  const isKnown = latest.current !== undefined && hasSameGraph(latest.current.tasks, tasks);
  latest.current = { tasks, graph: isKnown ? latest.current!.graph : graphOf(tasks) };
  return latest.current.graph;
};

export const useDag = (dagId: string): LiveDag => {
  const [isGone, setGone] = useState(false);
  const fetchedDag = useFetched(dagId, (signal) => ask<Dag>(`/api/v1/dags/${encodeURIComponent(dagId)}`, { signal }));
  const isLarge = (fetchedDag.data?.totalTasks ?? 0) > MANY_TASKS;
  const isLive = connection.value === 'live';
  const fetchedTasks = useFetched(dagId, (signal) => tasksOf(dagId, signal), isLarge && !isLive ? SELDOM_MS : undefined);
  const again = useCallback(() => {
    fetchedDag.again();
    fetchedTasks.again();
  }, [fetchedDag.again, fetchedTasks.again]);
  useStream(
    `dag:${dagId}`,
    'dag',
    (data) => {
      if (!isToldOf(dagId, data)) return;
      const { dag, tasks: changed } = data;
      setGone(dag === null);
      if (dag === null) return;
      // What an edit changed may not all be in this event.
      const isEdited = fetchedDag.data !== undefined && dag.version !== fetchedDag.data.version;
      // An event doesn't say when it is expected to end.
      fetchedDag.change((before) => ({ ...before, ...dag }));
      fetchedTasks.change((before) => merged(before, changed));
      if (isEdited || (fetchedTasks.data !== undefined && !knowsAll(fetchedTasks.data, changed))) fetchedTasks.again();
    },
    again,
  );
  const tasks = fetchedTasks.data;
  const graph = useGraph(tasks);
  return {
    dag: fetchedDag.data,
    tasks,
    graph,
    isGone,
    error: fetchedDag.error ?? fetchedTasks.error,
    again,
  };
};
