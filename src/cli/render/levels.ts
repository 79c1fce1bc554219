/** Many tasks in a few lines: how far each level and each type is. */
import type { TaskView } from '../../sdk';
import { levelsOf } from './graph';
import type { Paint } from './paint';
import { bar, count } from './words';

const BAR = 20;
const MOST_LEVELS = 12;

interface Tally {
  total: number;
  ended: number;
  running: number;
  retrying: number;
  failed: number;
}

const hasEnded = ({ status }: TaskView): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'SKIPPED' || status === 'CANCELLED';

const tallyBy = <K>(tasks: readonly TaskView[], keyOf: (task: TaskView) => K): Map<K, Tally> => {
  const tallies = new Map<K, Tally>();
  for (const task of tasks) {
    const tally = tallies.get(keyOf(task)) ?? { total: 0, ended: 0, running: 0, retrying: 0, failed: 0 };
    tally.total += 1;
    if (hasEnded(task)) tally.ended += 1;
    if (task.status === 'RUNNING') tally.running += 1;
    if (task.status === 'RETRYING') tally.retrying += 1;
    if (task.status === 'FAILED') tally.failed += 1;
    tallies.set(keyOf(task), tally);
  }
  return tallies;
};

const tallyText = ({ total, ended, running, retrying, failed }: Tally, paint: Paint): string => {
  const parts = [
    ...(running > 0 ? [paint.cyan(`${String(running)} running`)] : []),
    ...(retrying > 0 ? [paint.yellow(`${String(retrying)} waiting for a retry`)] : []),
    ...(failed > 0 ? [paint.red(`${String(failed)} failed`)] : []),
  ];
  return [`${bar(ended, total, BAR)} ${String(ended)}/${String(total)}`, ...parts].join('  ');
};

const spanText = (name: string, from: number, to: number): string =>
  `${name}${to > from ? 's' : ''} ${String(from + 1)}${to > from ? `-${String(to + 1)}` : ''}`;

/** Finished levels in one line, then the ones under way, then the rest in one line. */
const byLevel = (tasks: readonly TaskView[], paint: Paint): string[] => {
  const levels = levelsOf(tasks);
  const tallies = [...tallyBy(tasks, ({ taskName }) => levels.get(taskName) ?? 0)].sort(([a], [b]) => a - b).map(([, tally]) => tally);
  const isDone = ({ ended, total }: Tally): boolean => ended === total;
  const open = tallies.findIndex((tally) => !isDone(tally));
  const first = open === -1 ? tallies.length : open;
  const shown = tallies.slice(first, first + MOST_LEVELS);
  const sum = (part: readonly Tally[]): number => part.reduce((total, tally) => total + tally.total, 0);
  const later = tallies.slice(first + MOST_LEVELS);
  return [
    ...(first > 0 ? [`${spanText('level', 0, first - 1)}: ${paint.green(`${count(sum(tallies.slice(0, first)), 'task')} ended`)}`] : []),
    ...shown.map((tally, i) => `level ${String(first + i + 1).padStart(String(tallies.length).length)}  ${tallyText(tally, paint)}`),
    ...(later.length > 0 ? [`${spanText('level', first + MOST_LEVELS, tallies.length - 1)}: ${count(sum(later), 'task')} to come`] : []),
  ];
};

const byType = (tasks: readonly TaskView[], paint: Paint): string[] => {
  const tallies = [...tallyBy(tasks, ({ type }) => type)];
  const width = Math.max(...tallies.map(([type]) => type.length));
  return tallies.map(([type, tally]) => `${type.padEnd(width)}  ${tallyText(tally, paint)}`);
};

export const levelLines = (tasks: readonly TaskView[], paint: Paint): string[] => [...byLevel(tasks, paint), ...byType(tasks, paint)];
