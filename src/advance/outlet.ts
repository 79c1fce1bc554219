/** Where the decisions of the law go: the dispatcher, as the advancer sees it. */
import type { Outcome } from '../core/breaker';
import type { Dispatched } from '../core/event';
import type { Run } from '../core/run';
import type { Ready, Step } from '../core/step';

/** A checkpoint that was committed, to be told to the session that waits for it. */
export interface Acknowledgement {
  readonly session: string;
  readonly shard: number;
  readonly dispatch: Dispatched;
  readonly sequence: number;
}

export interface Outlet {
  /** This scheduler now speaks for a shard, under this epoch. */
  shardTaken(shard: number, epoch: number): void;
  /** Nothing of this shard may be sent any more. */
  shardDropped(shard: number): void;
  ready(tasks: readonly Ready[]): void;
  /** Commands took these away: they must come to an end, wherever they are. */
  revoked(tasks: readonly { readonly run: Run; readonly task: number; readonly dispatch: number }[]): void;
  /** These sessions go on with what nothing counts of any more: they are told to end it. */
  givenUp(executions: Step['givenUp']): void;
  /** These dispatches are over: their workers have room again. */
  over(dispatches: readonly Dispatched[]): void;
  /** The second copies of these brought their results. */
  wonByCopy(tasks: Step['wonByCopy']): void;
  /** These sessions take nothing any more: whatever they gave back must go to others. */
  leaving(sessions: readonly string[]): void;
  /** A run that was read from the store has this task running in a session. */
  adopt(run: Run, task: number, session: string): void;
  /** When the dispatch of a task that hasn't begun left, in milliseconds since 1970; null where it didn't. */
  sentAt(run: Run, task: number): number | null;
  /** Dispatches that have been waiting at their workers for a while: each is answered once. */
  waitingAtWorkers(): readonly { readonly run: Run; readonly task: number }[];
  /** How attempts ended, once that is committed. */
  judge(outcomes: readonly Outcome[]): void;
  acknowledge(checkpoints: readonly Acknowledgement[]): void;
}
