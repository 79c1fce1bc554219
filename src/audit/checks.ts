/** The invariants of a live system: what each check looks for, in words, and what would be done about it. */
import type { DagId } from '../core/ids';

export const CHECKS = {
  counters: { title: 'Counters of DAGs agree with their tasks', repair: 'count the tasks anew into the row of the DAG' },
  unfinished: { title: 'A DAG whose tasks are all over is over', repair: 'let the owner of its shard count it anew and end it' },
  stalled: { title: 'A DAG that goes on waits for something', repair: 'let the owner of its shard look at each of its tasks anew' },
  undue: { title: 'A wait has its due time in its row', repair: 'go on with a retry at once; write the other due times anew' },
  overdue: { title: 'A time that has come is told', repair: 'tell the shard’s log that it has come' },
  holderless: {
    title: 'A task that runs, or is being taken away, has a live session',
    repair: 'tell the shard’s log that the task was lost with its worker, and ask the claims anew',
  },
  claims: { title: 'No claim is left behind without a holder', repair: 'give the claim back, as its session would have' },
  ownerless: { title: 'Each shard has an owner', repair: 'nothing: start a scheduler, or see why none takes it' },
  commands: { title: 'A command has its outcome soon', repair: 'tell the shard’s log of the command again' },
  letters: { title: 'A dead letter is published soon', repair: 'publish it again' },
  removals: { title: 'A deletion that was begun is finished', repair: 'go on deleting' },
} as const;

export type Check = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as readonly Check[];

/** Something that can't be, if it is still there a moment later. */
export interface Suspicion {
  readonly check: Check;
  /** Is the same at a second look only where nothing moved in between. */
  readonly key: string;
  readonly words: string;
  /** What it is about, as far as a repair needs to know. */
  readonly dag?: DagId;
  readonly task?: number;
  readonly dispatch?: number;
  readonly session?: string;
  readonly shard?: number;
  readonly isFinal?: boolean;
}
