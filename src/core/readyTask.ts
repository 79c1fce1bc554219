import type { Run } from './run';

/** A task that is ready, under the number of the dispatch that comes next. */
export interface ReadyTask {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
  /** Order of arrival over all queues. */
  readonly sequence: number;
}
