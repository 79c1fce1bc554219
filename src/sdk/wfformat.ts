/**
 * Reads recorded scientific workflows: WfFormat 1.5 of WfCommons (https://wfcommons.org), and the slim form with one workflow
 * a line, `{"source": "…", "tasks": [["name", ["parent", …], seconds], …]}`. Each becomes a DAG of simulated tasks that
 * take as long as the recorded ones did, times a scale.
 */
import type { DagSubmission, TaskSubmission, TaskType } from './submission';

export interface WorkflowOptions {
  /** What recorded times are multiplied by: 1/1000 by default, so that a second becomes a millisecond. */
  readonly scale?: number;
  /** 0 to 1; without it the type's own holds. */
  readonly failureRate?: number;
  readonly maxRetries?: number;
  /** DATA_PROCESSING by default. */
  readonly type?: TaskType;
}

export const DEFAULT_SCALE = 1 / 1_000;
const LONGEST_NAME = 512;

interface RecordedTask {
  readonly name: string;
  readonly parents: readonly string[];
  readonly seconds: number;
}

interface Recorded {
  readonly name: string;
  readonly description?: string;
  readonly tasks: readonly RecordedTask[];
}

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const seconds = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0);

/** Whether a parsed document is one of the two forms. */
export const isWorkflow = (document: unknown): boolean => isMap(document) && (isMap(document['workflow']) || isSlim(document));

const isSlim = (document: Json): boolean => Array.isArray(document['tasks']) && document['tasks'].every((task) => Array.isArray(task));

const fromSlim = (document: Json): Recorded => ({
  name: typeof document['source'] === 'string' ? document['source'] : 'workflow',
  tasks: (document['tasks'] as readonly (readonly unknown[])[]).map(([name, parents, took], i) => {
    if (typeof name !== 'string') throw new Error(`tasks[${String(i)}][0] must be the task's name`);
    return { name, parents: texts(parents), seconds: seconds(took) };
  }),
});

/** An edge may be told by either end: `children` are added to what `parents` say. */
const parentsOf = (tasks: readonly Json[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const parents = new Map(tasks.map((task) => [task['id'] as string, new Set(texts(task['parents']))]));
  for (const task of tasks) for (const child of texts(task['children'])) parents.get(child)?.add(task['id'] as string);
  return parents;
};

const recordedTasks = (workflow: Json): readonly Json[] => {
  const specification = workflow['specification'];
  const tasks = isMap(specification) ? specification['tasks'] : undefined;
  if (!Array.isArray(tasks)) throw new Error('workflow.specification.tasks is missing: only WfFormat 1.5 is read');
  return tasks.map((task: unknown, i) => {
    if (!isMap(task) || typeof task['id'] !== 'string') throw new Error(`workflow.specification.tasks[${String(i)}].id must be text`);
    return task;
  });
};

/** Seconds by task id. */
const runtimes = (workflow: Json): ReadonlyMap<unknown, number> => {
  const execution = workflow['execution'];
  const tasks: unknown = isMap(execution) ? execution['tasks'] : [];
  return new Map((Array.isArray(tasks) ? tasks : []).filter(isMap).map((task) => [task['id'], seconds(task['runtimeInSeconds'])]));
};

/** Names are what people know; where two tasks share one, all go by their ids. */
const namesOf = (tasks: readonly Json[]): ReadonlyMap<string, string> => {
  const names = tasks.map((task) => task['name']);
  const usable = names.every((name) => typeof name === 'string' && name !== '') && new Set(names).size === names.length;
  return new Map(tasks.map((task) => [task['id'] as string, (usable ? task['name'] : task['id']) as string]));
};

const fromWfFormat = (document: Json): Recorded => {
  const workflow = document['workflow'] as Json;
  const tasks = recordedTasks(workflow);
  const [names, parents, took] = [namesOf(tasks), parentsOf(tasks), runtimes(workflow)];
  const description = document['description'];
  return {
    name: typeof document['name'] === 'string' ? document['name'] : 'workflow',
    ...(typeof description === 'string' && { description }),
    tasks: tasks.map((task) => {
      const id = task['id'] as string;
      // A parent that isn't there keeps its id: the server names it among its complaints.
      return {
        name: names.get(id) ?? id,
        parents: [...(parents.get(id) ?? [])].map((parent) => names.get(parent) ?? parent),
        seconds: took.get(id) ?? 0,
      };
    }),
  };
};

/** Makes a submission of a parsed document in either form; throws, naming the place, where it is neither. */
export const fromWorkflow = (document: unknown, options: WorkflowOptions = {}): DagSubmission => {
  if (!isMap(document) || !isWorkflow(document))
    throw new Error('neither WfFormat ("workflow") nor a slim workflow ("tasks": [[name, parents, seconds], …])');
  const { name, description, tasks } = isMap(document['workflow']) ? fromWfFormat(document) : fromSlim(document);
  const { scale = DEFAULT_SCALE, failureRate, maxRetries, type = 'DATA_PROCESSING' } = options;
  return {
    dagName: name.slice(0, LONGEST_NAME),
    ...(description !== undefined && { description }),
    ...(maxRetries !== undefined && { maxRetries }),
    tasks: tasks.map((task): TaskSubmission => ({
      taskName: task.name,
      type,
      dependencies: [...new Set(task.parents)],
      simulate: { durationMs: Math.round(task.seconds * 1_000 * scale), ...(failureRate !== undefined && { failureRate }) },
    })),
  };
};
