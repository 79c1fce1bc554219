/** A DAG with all its tasks, kept up to date by the stream. */
import { useCallback, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { useFetched, useStream } from '../live/hooks';
import { connection } from '../live/stream';
import { graphOf, hasSameGraph, type TaskGraph } from './graph';
import type { Dag, Task } from './model';

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

interface Told {
  readonly dagId: string;
  /** Null where it was deleted. */
  readonly dag: Dag | null;
  readonly tasks: readonly Task[];
}

const isTold = (data: unknown): data is Told => typeof data === 'object' && data !== null && 'dag' in data && 'tasks' in data;

/** Tells whether all changed tasks were among those that are known: a DAG that was edited has others. */
export const merged = (tasks: readonly Task[], changed: readonly Task[]): readonly Task[] | undefined => {
  if (changed.length === 0) return tasks;
  const newer = new Map(changed.map((task) => [task.taskId, task]));
  let found = 0;
  const next = tasks.map((task) => {
    const change = newer.get(task.taskId);
    if (change === undefined) return task;
    found++;
    return change;
  });
  return found === newer.size ? next : undefined;
};

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

const pathOf = (dagId: string): string => `/api/v1/dags/${encodeURIComponent(dagId)}`;

export const useDag = (dagId: string): LiveDag => {
  const [isGone, setGone] = useState(false);
  const fetchedDag = useFetched(dagId, (signal) => ask<Dag>(pathOf(dagId), { signal }));
  const isLarge = (fetchedDag.data?.totalTasks ?? 0) > MANY_TASKS;
  const isLive = connection.value === 'live';
  const fetchedTasks = useFetched(
    dagId,
    (signal) => ask<readonly Task[]>(`${pathOf(dagId)}/tasks`, { signal }),
    isLarge && !isLive ? SELDOM_MS : undefined,
  );
  const again = useCallback(() => {
    fetchedDag.again();
    fetchedTasks.again();
  }, [fetchedDag.again, fetchedTasks.again]);
  useStream(
    `dag:${dagId}`,
    'dag',
    (data) => {
      if (!isTold(data) || data.dagId !== dagId) return;
      const { dag } = data;
      setGone(dag === null);
      if (dag === null) return;
      // What an edit changed may not all be in this event.
      const isEdited = fetchedDag.data !== undefined && dag.version !== fetchedDag.data.version;
      // An event doesn't say when it is expected to end.
      fetchedDag.change((before) => ({ ...before, ...dag }));
      const isUnknown = fetchedTasks.data !== undefined && merged(fetchedTasks.data, data.tasks) === undefined;
      // Not while they are read for the first time: with many tasks that would never come to an end.
      if (isUnknown || isEdited) fetchedTasks.again();
      else fetchedTasks.change((before) => merged(before, data.tasks) ?? before);
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
