/** What commands have in common: who asks, when and why, and the words in which they are refused. */
import { boundedText } from './boundedText';
import type { Commanded } from './command';
import type { Moment } from './law';
import { taskCount, type Run } from './run';

/** The common part of the reasons that a command leaves behind. */
export interface Origin {
  readonly at: number;
  readonly by?: string;
  readonly message?: string;
}

export interface Asked {
  readonly origin: Origin;
  readonly moment: Moment;
}

/** Tasks that a command changed, or the sentence that refuses it: why, and what to do instead. */
export type Answer = number | string;

const LONGEST_NAME = 80;
const LONGEST_TEXT = 500;

/** A task as it stands in a sentence. */
export const nameOf = (run: Run, task: number): string => JSON.stringify(boundedText(run.specs[task]!.name, LONGEST_NAME));

export const originOf = ({ by, reason }: Pick<Commanded, 'by' | 'reason'>, at: number): Origin => ({
  at,
  ...(by === null ? {} : { by: boundedText(by, LONGEST_TEXT) }),
  ...(reason === null ? {} : { message: boundedText(reason, LONGEST_TEXT) }),
});

/** The sentence for the first number that is no task of the DAG; undefined where all are. */
export const unknownTask = (run: Run, tasks: readonly number[]): string | undefined => {
  const unknown = tasks.find((task) => task >= taskCount(run));
  return unknown === undefined ? undefined : `the DAG has no task number ${unknown}: its ${taskCount(run)} tasks are counted from 0`;
};

export const ENDS_EARLY = 'the DAG is on its way to an early end: it can be run again once it is final';
