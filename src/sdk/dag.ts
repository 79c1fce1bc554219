/** Builds a submission task by task, with handles in place of names. */
import type { DagSubmission, TaskDefaults, TaskSubmission, TaskType } from './submission';

/** A task that was added to a DAG: what others are put after. */
export interface TaskHandle {
  readonly name: string;
}

export interface TaskOptions extends TaskDefaults {
  /** What must be complete before. */
  readonly after?: readonly TaskHandle[];
  readonly payload?: unknown;
}

export interface DagBuilder {
  /** Adds a task. Throws when the name is taken, or `after` names a task of another DAG. */
  task(name: string, type: TaskType, options?: TaskOptions): TaskHandle;
  /** What has been added so far, ready to be submitted. */
  submission(): DagSubmission;
}

/**
 * Begins a DAG. Since a task can only be put after tasks that exist, what is built this way has no cycles.
 *
 *   const dag = defineDag('Nightly load');
 *   const extract = dag.task('extract', 'API_CALL');
 *   dag.task('load', 'DATABASE_OPERATION', { after: [extract] });
 *   await client.submit(dag.submission());
 */
export const defineDag = (dagName: string, options: TaskDefaults & { readonly description?: string } = {}): DagBuilder => {
  const tasks = new Map<string, TaskSubmission>();
  const handles = new Set<TaskHandle>();
  return {
    task: (name, type, { after = [], ...rest } = {}) => {
      if (tasks.has(name)) throw new Error(`there is a task "${name}" in "${dagName}" already`);
      const stranger = after.find((handle) => !handles.has(handle));
      if (stranger !== undefined) throw new Error(`"${stranger.name}", which "${name}" is put after, is no task of "${dagName}"`);
      tasks.set(name, { taskName: name, type, dependencies: after.map((handle) => handle.name), ...rest });
      const handle = Object.freeze({ name });
      handles.add(handle);
      return handle;
    },
    submission: () => ({ dagName, ...options, tasks: [...tasks.values()] }),
  };
};
