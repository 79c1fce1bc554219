/** From what was submitted to a DAG that can run, or to everything that is wrong with it. Pure: the same input gives the same answer. */
import type { PlannedDag } from '../core/dag';
import type { DagId } from '../core/ids';
import type { Problem } from '../core/refusal';
import { readGraph } from './graph';
import { deploymentDefaults, isSame, resolvePolicy } from './policy';
import { createProblems, type Problems } from './problems';
import type { PlanSettings, SubmittedDag, SubmittedTask } from './submitted';
import { checkedPayload, checkSimulation, checkTotal, checkTypes, planTask, type TaskContext } from './task';

export type { PlanSettings, SubmittedDag } from './submitted';

/** What a new DAG is given, not asked. */
export interface DagIdentity {
  readonly dagId: DagId;
  readonly shard: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type Plan =
  | { readonly kind: 'planned'; readonly dag: PlannedDag }
  | { readonly kind: 'refused'; readonly reason: 'wrong' | 'too large'; readonly problems: readonly Problem[] };

const edgeCount = (tasks: readonly SubmittedTask[]): number => tasks.reduce((sum, task) => sum + (task.dependencies?.length ?? 0), 0);

const checkSize = ({ tasks }: SubmittedDag, { limits }: PlanSettings, problems: Problems): void => {
  const edges = edgeCount(tasks);
  if (tasks.length > limits.tasksPerDag) problems.tooLarge('tasks', `${tasks.length} tasks are more than the limit of ${limits.tasksPerDag}`);
  if (edges > limits.edgesPerDag) problems.tooLarge('tasks', `${edges} dependencies are more than the limit of ${limits.edgesPerDag}`);
};

/** What the DAG says for all of its tasks. */
const contextOf = (submitted: SubmittedDag, settings: PlanSettings, problems: Problems): TaskContext => ({
  base: resolvePolicy(submitted, deploymentDefaults(settings.retry)),
  basePayload: checkedPayload(submitted, 'payload', settings.limits.payloadBytes, problems),
  settings,
  problems,
});

/** Nothing where the DAG said nothing. */
const defaultsIn = ({ base, basePayload, settings }: TaskContext): Pick<PlannedDag, 'defaults'> =>
  basePayload === null && isSame(base, deploymentDefaults(settings.retry)) ? {} : { defaults: { ...base, payload: basePayload } };

const planTasks = (submitted: SubmittedDag, settings: PlanSettings, problems: Problems): Pick<PlannedDag, 'defaults' | 'tasks'> => {
  const context = contextOf(submitted, settings, problems);
  checkSimulation(submitted, '', problems);
  const path = (i: number): string => `tasks[${i}]`;
  checkTypes(submitted.tasks, path, { types: settings.types, problems });
  const dependencies = readGraph(submitted.tasks, problems);
  const tasks = submitted.tasks.map((task, i) => ({ ...planTask(task, path(i), context), dependencies: dependencies[i]! }));
  checkTotal(tasks, settings.limits.dagBytes, problems);
  return { ...defaultsIn(context), tasks };
};

/** Nothing for first come, first served. */
const orderIn = ({ order }: SubmittedDag, settings: PlanSettings): Pick<PlannedDag, 'order'> => {
  const said = order ?? settings.order;
  return said === 'fifo' ? {} : { order: said };
};

/**
 * Plans a DAG. All problems come together, each with its path in the submitted body; where the DAG is beyond the limits on
 * tasks or edges only that is said, because the rest isn't looked at.
 */
export const plan = (submitted: SubmittedDag, identity: DagIdentity, settings: PlanSettings): Plan => {
  const problems = createProblems();
  if (submitted.tasks.length === 0) problems.add('tasks', 'a DAG needs at least one task');
  checkSize(submitted, settings, problems);
  const planned = problems.count === 0 ? planTasks(submitted, settings, problems) : { tasks: [] };
  if (problems.count > 0) {
    const end = problems.end();
    return { kind: 'refused', reason: end.onlySize ? 'too large' : 'wrong', problems: end.problems };
  }
  const { dagId, shard, createdAt } = identity;
  const dag = {
    dagId,
    shard,
    name: submitted.dagName,
    description: submitted.description ?? null,
    tags: submitted.tags ?? [],
    createdAt,
    dueAt: typeof submitted.dagTimeoutSeconds === 'number' ? createdAt + submitted.dagTimeoutSeconds * 1000 : null,
    ...(typeof submitted.lateAfterSeconds === 'number' ? { lateAt: createdAt + submitted.lateAfterSeconds * 1000 } : {}),
    ...(typeof submitted.maxRunning === 'number' ? { maxRunning: submitted.maxRunning } : {}),
    ...(typeof submitted.tenant === 'string' ? { tenant: submitted.tenant } : {}),
    ...orderIn(submitted, settings),
    ...planned,
  };
  return { kind: 'planned', dag };
};
