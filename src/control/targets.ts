/** Finds what a command is about: DAGs and tasks by their ids, tasks of a DAG by their names too. */
import { parseDagId, parseTaskId, parseUuid, type DagId, type TaskRef } from '../core/ids';
import { refusal } from '../core/refusal';
import type { RunStore } from '../ports/store';
import type { DagView, DagViews, TaskView, TaskViews } from '../ports/views';

export interface TargetsNeeds {
  readonly views: Pick<DagViews, 'dag'> & Pick<TaskViews, 'task'>;
  readonly store: Pick<RunStore, 'anyDag'>;
}

export interface Targets {
  /** The DAG that a path names; refuses where it is no UUID or there is none. */
  dag(text: string): Promise<DagView>;
  /** The task that a path names; refuses likewise. */
  task(text: string): Promise<TaskView>;
  /** The index of a task within its DAG by name or id; refuses, naming `path`, what isn't there. */
  indexes(dag: DagView, names: readonly string[], path: (i: number) => string): Promise<number[]>;
}

const dagIdIn = (text: string): DagId => {
  const id = parseDagId(text);
  if (id !== undefined) return id;
  throw refusal('WRONG_ID', `${JSON.stringify(text.slice(0, 100))} is no UUID`, { problems: [{ path: 'dagId', message: 'must be a UUID' }] });
};

const taskRefIn = (text: string): TaskRef => {
  const ref = parseTaskId(text);
  if (ref !== undefined) return ref;
  if (parseUuid(text) !== undefined) throw refusal('TASK_NOT_FOUND', `no task ${text}`);
  throw refusal('WRONG_ID', `${JSON.stringify(text.slice(0, 100))} is no UUID`, { problems: [{ path: 'taskId', message: 'must be a UUID' }] });
};

/** The index that an id of a task of this DAG carries. */
const indexOfId = ({ dagId, totalTasks }: DagView, text: string): number | undefined => {
  const ref = parseTaskId(text);
  return ref?.dag === dagId && ref.task < totalTasks ? ref.task : undefined;
};

/** Makes the finder. */
export const createTargets = ({ views, store }: TargetsNeeds): Targets => {
  const indexesByName = async (dag: DagId): Promise<ReadonlyMap<string, number>> => {
    const record = await store.anyDag(dag);
    return new Map(record?.tasks.map(({ name }, i) => [name, i]));
  };
  return {
    dag: async (text) => {
      const id = dagIdIn(text);
      const dag = await views.dag(id);
      if (dag === undefined) throw refusal('DAG_NOT_FOUND', `no DAG ${id}`);
      return dag;
    },
    task: async (text) => {
      const task = await views.task(taskRefIn(text));
      if (task === undefined) throw refusal('TASK_NOT_FOUND', `no task ${text}`);
      return task;
    },
    indexes: async (dag, names, path) => {
      const byId = names.map((name) => indexOfId(dag, name));
      const byName = byId.includes(undefined) ? await indexesByName(dag.dagId) : new Map<string, number>();
      const found = names.map((name, i) => byId[i] ?? byName.get(name));
      const problems = found.flatMap((index, i) =>
        index === undefined ? [{ path: path(i), message: `no task ${JSON.stringify(names[i]!.slice(0, 80))} in this DAG` }] : [],
      );
      if (problems.length > 0) throw refusal('TASK_NOT_FOUND', problems[0]!.message, { problems: problems.slice(0, 100) });
      return [...new Set(found.filter((index) => index !== undefined))];
    },
  };
};
