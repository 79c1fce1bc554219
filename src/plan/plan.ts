/** From what was submitted to a DAG that can run, or to everything that is wrong with it. Pure: the same input gives the same answer. */
import type { PlannedDag, PlannedTask } from '../core/dag';
import type { DagId } from '../core/ids';
import type { Problem } from '../core/refusal';
import { quoted, readGraph } from './graph';
import { createNearest } from './nearest';
import { payloadText, utf8Bytes } from './payload';
import { deploymentDefaults, resolvePolicy, type Resolved } from './policy';
import { createProblems, type Problems } from './problems';
import type { PlanSettings, SubmittedDag, SubmittedPolicy, SubmittedTask } from './submitted';

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

const checkTypes = (tasks: readonly SubmittedTask[], types: ReadonlySet<string>, problems: Problems): void => {
  const nearest = createNearest([...types], 10_000);
  tasks.forEach(({ type }, i) => {
    if (types.has(type)) return;
    const meant = nearest(type);
    const hint = meant === undefined ? `there are ${[...types].join(', ')}` : `did you mean ${quoted(meant)}?`;
    problems.add(`tasks[${i}].type`, `no task type ${quoted(type)} (${hint})`);
  });
};

/** Checks one payload and answers its text; null where it is none or is refused. */
const checkedPayload = (policy: SubmittedPolicy, path: string, limitBytes: number, problems: Problems): string | null => {
  const text = payloadText(policy.payload);
  if (text === undefined) {
    problems.add(path, 'the payload is nested too deeply');
    return null;
  }
  // A text of n units has at most 3 n bytes: most need no count.
  if (text === null || text.length * 3 <= limitBytes) return text;
  const bytes = utf8Bytes(text);
  if (bytes > limitBytes) problems.tooLarge(path, `the payload of ${bytes} bytes is larger than the limit of ${limitBytes}`);
  return text;
};

const checkSimulation = (policy: SubmittedPolicy, path: string, problems: Problems): void => {
  const duration = policy.simulate?.durationMs;
  if (typeof duration === 'object' && duration !== null && duration[0] > duration[1]) {
    problems.add(`${path}simulate.durationMs`, `the shortest duration ${duration[0]} is above the longest ${duration[1]}`);
  }
};

const checkTotal = (tasks: readonly PlannedTask[], limitBytes: number, problems: Problems): void => {
  const bytes = tasks.reduce((sum, task) => sum + (task.payload?.length ?? 0) + task.tags.reduce((all, tag) => all + tag.length, 0), 0);
  if (bytes > limitBytes)
    problems.tooLarge(
      'tasks',
      `payloads and tags of all tasks, with what they inherit, come to ${bytes} bytes: more than the limit of ${limitBytes}`,
    );
};

interface Context {
  readonly base: Resolved;
  readonly basePayload: string | null;
  readonly settings: PlanSettings;
  readonly problems: Problems;
}

const planTask = (task: SubmittedTask, index: number, { base, basePayload, settings, problems }: Context): Omit<PlannedTask, 'dependencies'> => {
  checkSimulation(task, `tasks[${index}].`, problems);
  return {
    name: task.taskName,
    type: task.type,
    ...resolvePolicy(task, base),
    options: null,
    payload: task.payload === undefined ? basePayload : checkedPayload(task, `tasks[${index}].payload`, settings.limits.payloadBytes, problems),
  };
};

const planTasks = (submitted: SubmittedDag, settings: PlanSettings, problems: Problems): PlannedTask[] => {
  const context: Context = {
    base: resolvePolicy(submitted, deploymentDefaults(settings.retry)),
    basePayload: checkedPayload(submitted, 'payload', settings.limits.payloadBytes, problems),
    settings,
    problems,
  };
  checkSimulation(submitted, '', problems);
  checkTypes(submitted.tasks, settings.types, problems);
  const dependencies = readGraph(submitted.tasks, problems);
  const tasks = submitted.tasks.map((task, i) => ({ ...planTask(task, i, context), dependencies: dependencies[i]! }));
  checkTotal(tasks, settings.limits.dagBytes, problems);
  return tasks;
};

/**
 * Plans a DAG. All problems come together, each with its path in the submitted body; where the DAG is beyond the limits on
 * tasks or edges only that is said, because the rest isn't looked at.
 */
export const plan = (submitted: SubmittedDag, identity: DagIdentity, settings: PlanSettings): Plan => {
  const problems = createProblems();
  if (submitted.tasks.length === 0) problems.add('tasks', 'a DAG needs at least one task');
  checkSize(submitted, settings, problems);
  const tasks = problems.count === 0 ? planTasks(submitted, settings, problems) : [];
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
    dueAt: null,
    tasks,
  };
  return { kind: 'planned', dag };
};
