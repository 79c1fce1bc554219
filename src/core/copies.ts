/**
 * A second execution of a task that takes too long goes by a number of its own, far beyond those of the tasks: so it has a claim, a fence,
 * inputs and an end of its own everywhere, and nothing that holds for other tasks changes (docs/decisions/0021).
 */
import { taskCount, type Run } from './run';

/** DAGs that have as many tasks get no copies. */
const COPIES_FROM = 2 ** 23;

export const copyOf = (task: number): number => COPIES_FROM + task;

/** The task that a number is the copy of; undefined where it is no copy. */
export const originalOf = (run: Pick<Run, 'specs'>, task: number): number | undefined => {
  const original = task - COPIES_FROM;
  return original >= 0 && taskCount(run) <= COPIES_FROM && original < taskCount(run) ? original : undefined;
};
