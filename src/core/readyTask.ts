import type { Run } from './run';

/** A task that is ready, under the number of the dispatch that comes next. */
export interface ReadyTask {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
  /** Order of arrival over all queues. */
  readonly sequence: number;
}

/** Why it is its turn: by priority and weight, because of its flow's reserved share, or because it has waited for so long. */
export type Right = 'turn' | 'reserve' | 'age';

/** A ready task that is handed out. */
export interface Chosen {
  readonly ready: ReadyTask;
  /** The priority that it goes with: that of the one whose place it takes, where that is higher than its own. */
  readonly priority: number;
  readonly by: Right;
}
