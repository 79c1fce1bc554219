/** What the stream tells of a DAG, and what of a page is another afterwards. */
import type { Dag, Task } from './model';

export interface Told {
  readonly dagId: string;
  /** Null where it was deleted. */
  readonly dag: Dag | null;
  readonly tasks: readonly Task[];
}

export const isToldOf = (dagId: string, data: unknown): data is Told =>
  typeof data === 'object' && data !== null && 'dag' in data && 'tasks' in data && 'dagId' in data && data.dagId === dagId;

/** The tasks as they are now. Others that changed aren't added: an edit moves edges, too. */
export const merged = (tasks: readonly Task[], changed: readonly Task[]): readonly Task[] => {
  if (changed.length === 0) return tasks;
  const newer = new Map(changed.map((task) => [task.taskId, task]));
  return tasks.map((task) => newer.get(task.taskId) ?? task);
};

/** Whether all that changed are among the tasks: a DAG that was edited has others. */
export const knowsAll = (tasks: readonly Task[], changed: readonly Task[]): boolean => {
  const unknown = new Set(changed.map(({ taskId }) => taskId));
  for (const { taskId } of tasks) unknown.delete(taskId);
  return unknown.size === 0;
};

interface OneTask {
  readonly task: Pick<Task, 'taskId'>;
  readonly dag: Pick<Dag, 'status' | 'version'>;
}

/** Whether the page of one task is another: the task changed, or its DAG was paused, resumed or edited, whose tasks all stay as they are. */
export const concerns = ({ dag, tasks }: Told, shown: OneTask): boolean =>
  tasks.some(({ taskId }) => taskId === shown.task.taskId) ||
  (dag !== null && (dag.status !== shown.dag.status || dag.version !== shown.dag.version));
