/** Plans one task: what it says over what its DAG and the deployment say, and whether it is within the limits. */
import type { PlannedTask } from '../core/dag';
import { quoted } from './graph';
import { createNearest } from './nearest';
import { payloadText, utf8Bytes } from './payload';
import { resolvePolicy, type Resolved } from './policy';
import type { Problems } from './problems';
import type { PlanSettings, SubmittedPolicy, SubmittedTask } from './submitted';

/** Where a task stands in what was submitted, for its problems. */
export type PathOf = (index: number) => string;

export const checkTypes = (
  tasks: readonly SubmittedTask[],
  path: PathOf,
  { types, problems }: { types: ReadonlySet<string>; problems: Problems },
): void => {
  const nearest = createNearest([...types], 10_000);
  tasks.forEach(({ type }, i) => {
    if (types.has(type)) return;
    const meant = nearest(type);
    const hint = meant === undefined ? `there are ${[...types].join(', ')}` : `did you mean ${quoted(meant)}?`;
    problems.add(`${path(i)}.type`, `no task type ${quoted(type)} (${hint})`);
  });
};

/** Checks one payload and answers its text; null where it is none or is refused. */
export const checkedPayload = (policy: SubmittedPolicy, path: string, limitBytes: number, problems: Problems): string | null => {
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

export const checkSimulation = (policy: SubmittedPolicy, path: string, problems: Problems): void => {
  const duration = policy.simulate?.durationMs;
  if (typeof duration === 'object' && duration !== null && duration[0] > duration[1]) {
    problems.add(`${path}simulate.durationMs`, `the shortest duration ${duration[0]} is above the longest ${duration[1]}`);
  }
};

/** Refuses tasks that are too large together: a default must not multiply without bound. */
export const checkTotal = (tasks: readonly PlannedTask[], limitBytes: number, problems: Problems): void => {
  const bytes = tasks.reduce((sum, task) => sum + (task.payload?.length ?? 0) + task.tags.reduce((all, tag) => all + tag.length, 0), 0);
  if (bytes > limitBytes)
    problems.tooLarge(
      'tasks',
      `payloads and tags of all tasks, with what they inherit, come to ${bytes} bytes: more than the limit of ${limitBytes}`,
    );
};

/** What planning a task needs besides the task. */
export interface TaskContext {
  readonly base: Resolved;
  readonly basePayload: string | null;
  readonly settings: PlanSettings;
  readonly problems: Problems;
}

/** A task with its defaults resolved and its payload as text, without its dependencies; what is wrong with it is a problem at `path`. */
export const planTask = (
  task: SubmittedTask,
  path: string,
  { base, basePayload, settings, problems }: TaskContext,
): Omit<PlannedTask, 'dependencies'> => {
  checkSimulation(task, `${path}.`, problems);
  const policy = resolvePolicy(task, base);
  if (policy.options?.speculative === true && policy.options.idempotent !== true)
    problems.add(`${path}.speculative`, 'only a task that says that it is idempotent may run twice at once');
  return {
    name: task.taskName,
    type: task.type,
    ...policy,
    payload: task.payload === undefined ? basePayload : checkedPayload(task, `${path}.payload`, settings.limits.payloadBytes, problems),
  };
};
