/** A DAG on the terminal: a headline, and a tree of its tasks or, where they are many, what its levels and types come to. */
import type { DagView, TaskView } from '../../sdk';
import { type Branch, treeOf } from './graph';
import { levelLines } from './levels';
import { inStatusColour, type Paint, statusMark } from './paint';
import { bar, count, durationText, plain, shortened } from './words';

const BAR = 20;
const LONGEST_ERROR = 80;
const ALSO_SHOWN = 3;
/** What hangs deeper stands below each other: each level takes three columns of every line under it. */
const DEEPEST = 40;

export interface Canvas {
  readonly paint: Paint;
  /** Milliseconds since 1970: for what is still running. */
  readonly now: number;
  /** The most tasks that are drawn one by one. */
  readonly mostTasks: number;
}

const elapsed = (from: string | null, to: string | null, now: number): number | null =>
  from === null ? null : Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from));

const endedTasks = (dag: DagView): number => dag.completedTasks + dag.failedTasks + dag.skippedTasks + dag.cancelledTasks;

/** Name, status, progress, counters and time in one line. */
export const headline = (dag: DagView, { paint, now }: Pick<Canvas, 'paint' | 'now'>): string => {
  const ended = endedTasks(dag);
  const other = [
    ...(dag.failedTasks > 0 ? [paint.red(`${String(dag.failedTasks)} failed`)] : []),
    ...(dag.skippedTasks > 0 ? [`${String(dag.skippedTasks)} skipped`] : []),
    ...(dag.cancelledTasks > 0 ? [`${String(dag.cancelledTasks)} cancelled`] : []),
  ];
  const took = elapsed(dag.createdAt, dag.completedAt, now);
  const parts = [
    paint.bold(shortened(dag.dagName, 60)),
    inStatusColour(paint, dag.status, dag.status),
    bar(ended, dag.totalTasks, BAR),
    `${String(ended)}/${String(dag.totalTasks)}`,
    ...other,
  ];
  return [...parts, ...(took === null ? [] : [durationText(took)])].join('  ');
};

const retryText = ({ attempt, maxRetries }: TaskView, retry: number): string =>
  attempt === 0 ? '' : `retry ${String(retry)} of ${String(maxRetries)}`;

/** What there is to say of a task beside its name and status. */
const remark = (task: TaskView, { paint, now }: Canvas): string => {
  const took = elapsed(task.startedAt, task.completedAt, now);
  const time = took === null ? '' : durationText(took);
  const error = task.error === null ? '' : shortened(task.error.message, LONGEST_ERROR);
  switch (task.status) {
    case 'RETRYING': {
      const due = task.retryAt ? ` in ${durationText(Date.parse(task.retryAt) - now)}` : '';
      return paint.yellow(`${retryText(task, task.attempt)}${due}: ${error}`);
    }
    case 'RUNNING':
      return [
        time,
        task.attempt > 1 ? paint.yellow(retryText(task, task.attempt - 1)) : '',
        task.progress ? `${String(Math.round(task.progress * 100))} %` : '',
      ]
        .filter(Boolean)
        .join('  ');
    case 'COMPLETED':
      return [time, task.attempt > 1 ? paint.yellow(`after ${count(task.attempt - 1, 'retry', 'retries')}`) : ''].filter(Boolean).join('  ');
    case 'FAILED':
      return paint.red(`after ${count(task.attempt, 'attempt')}: ${error}`);
    default:
      return '';
  }
};

const alsoText = (also: readonly string[]): string => {
  if (also.length === 0) return '';
  const more = also.length > ALSO_SHOWN ? `, ${String(also.length - ALSO_SHOWN)} more` : '';
  return `(also after ${also.slice(0, ALSO_SHOWN).map(plain).join(', ')}${more})`;
};

interface Twig {
  readonly branch: Branch;
  readonly level: number;
  /** Before its own mark, and before those of its children. */
  readonly before: string;
  readonly indent: string;
}

const twigsOf = ({ branch: { children }, level, indent }: Twig): Twig[] =>
  children.map((branch, i) => {
    const last = i === children.length - 1;
    if (level >= DEEPEST) return { branch, level, before: `${indent}└… `, indent };
    return { branch, level: level + 1, before: `${indent}${last ? '└─ ' : '├─ '}`, indent: `${indent}${last ? '   ' : '│  '}` };
  });

const branchLines = (roots: readonly Branch[], canvas: Canvas): string[] => {
  const lines: string[] = [];
  const waiting = roots.map((branch): Twig => ({ branch, level: 0, before: '', indent: '' })).reverse();
  for (let twig = waiting.pop(); twig !== undefined; twig = waiting.pop()) {
    const { task, also } = twig.branch;
    const name = `${twig.before}${statusMark(canvas.paint, task.status)} ${plain(task.taskName)}`;
    lines.push([name, remark(task, canvas), canvas.paint.dim(alsoText(also))].filter(Boolean).join('  '));
    for (const below of twigsOf(twig).reverse()) waiting.push(below);
  }
  return lines;
};

/** The whole picture, a headline first. */
export const dagLines = (dag: DagView, tasks: readonly TaskView[], canvas: Canvas): string[] => {
  const body = tasks.length > canvas.mostTasks ? levelLines(tasks, canvas.paint) : branchLines(treeOf(tasks), canvas);
  return [headline(dag, canvas), ...body.map((line) => `  ${line}`)];
};
