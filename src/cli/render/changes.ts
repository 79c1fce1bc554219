/** What changed between two looks at a DAG, a line each: for logs and pipes. */
import type { DagView, TaskView } from '../../sdk';
import { inStatusColour, type Paint } from './paint';
import { padded, widthOf } from './width';
import { durationText, plain, shortened } from './words';

/** Larger DAGs tell their counters only. */
const MOST_TOLD = 100;
const LONGEST_ERROR = 120;

interface Look {
  readonly dag: DagView;
  readonly tasks: readonly TaskView[];
}

const counters = ({ dag, tasks }: Look): string => {
  const running = tasks.filter(({ status }) => status === 'RUNNING').length;
  const parts = [`${String(dag.completedTasks)}/${String(dag.totalTasks)} completed`, `${String(running)} running`];
  if (dag.failedTasks > 0) parts.push(`${String(dag.failedTasks)} failed`);
  if (dag.skippedTasks > 0) parts.push(`${String(dag.skippedTasks)} skipped`);
  return parts.join(', ');
};

const detail = ({ status, attempt, maxRetries, error, retryAt, startedAt, completedAt }: TaskView, now: number): string => {
  if (status === 'RETRYING')
    return `attempt ${String(attempt)} of ${String(maxRetries + 1)} failed: ${shortened(error?.message ?? '', LONGEST_ERROR)}${retryAt ? `; retry in ${durationText(Date.parse(retryAt) - now)}` : ''}`;
  if (status === 'FAILED') return shortened(error?.message ?? '', LONGEST_ERROR);
  const again = attempt > 1 ? `attempt ${String(attempt)} of ${String(maxRetries + 1)}` : '';
  const time =
    status === 'COMPLETED' && startedAt !== null && completedAt !== null ? durationText(Date.parse(completedAt) - Date.parse(startedAt)) : '';
  return [time, again].filter(Boolean).join('  ');
};

/** Where a task stands, in a word that changes when there is news. */
const standOf = ({ status, attempt }: TaskView): string => `${status}#${String(attempt)}`;

/** Lines for what is new since the look before; everything is new in the first one, but tasks that wait. */
export const changeLines = (seen: Look, before: Look | undefined, { paint, now }: { readonly paint: Paint; readonly now: number }): string[] => {
  const at = `+${durationText(now - Date.parse(seen.dag.createdAt))}`.padEnd(9);
  if (seen.tasks.length > MOST_TOLD) return before !== undefined && counters(before) === counters(seen) ? [] : [`${at} ${counters(seen)}`];
  const known = new Map(before?.tasks.map((task) => [task.taskId, standOf(task)]));
  const isNews = (task: TaskView): boolean => task.status !== 'PENDING' && task.status !== 'QUEUED' && known.get(task.taskId) !== standOf(task);
  const width = Math.max(0, ...seen.tasks.map(({ taskName }) => widthOf(plain(taskName))));
  return seen.tasks
    .filter(isNews)
    .map((task) =>
      `${at} ${padded(plain(task.taskName), width)}  ${inStatusColour(paint, task.status, task.status.padEnd(9))}  ${detail(task, now)}`.trimEnd(),
    );
};
