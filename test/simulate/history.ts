/** What happened in a run, in its order: the checker knows nothing else. */
import type { CommitBatch } from '../../src/ports/store';
import type { PlannedDag } from '../../src/core/dag';
import type { DagRecord } from '../../src/core/change';
import type { Command, CommandOutcome } from '../../src/core/command';
import type { Event } from '../../src/core/event';
import type { DagId } from '../../src/core/ids';
import type { Limit } from '../../src/core/limits';

export interface Execution {
  /** The id of the process, and which of its calls of a handler. */
  readonly process: string;
  readonly call: number;
}

export type Entry = { readonly at: number } & (
  | { readonly kind: 'stored'; readonly dag: PlannedDag }
  /** A client got its 201. */
  | { readonly kind: 'accepted'; readonly dag: DagId }
  | { readonly kind: 'epoch'; readonly shard: number; readonly epoch: number; readonly scheduler: string }
  | { readonly kind: 'committed'; readonly scheduler: string; readonly batch: CommitBatch }
  /** A client was told that its command is stored. */
  | { readonly kind: 'commanded'; readonly id: string; readonly dag: DagId; readonly command: Command }
  /** Commands whose DAG isn't there. */
  | { readonly kind: 'refused'; readonly outcomes: readonly CommandOutcome[] }
  | {
      readonly kind: 'appended';
      readonly log: string;
      readonly shard: number;
      readonly offset: bigint;
      readonly timestamp: number;
      readonly hash: string;
      readonly events: readonly Event[];
      readonly by: string;
    }
  | {
      readonly kind: 'sent';
      readonly by: string;
      readonly session: string;
      readonly shard: number;
      readonly epoch: number;
      readonly dag: DagId;
      readonly task: number;
      readonly dispatch: number;
      readonly priority: number;
    }
  | { readonly kind: 'granted'; readonly session: string; readonly key: string; readonly dispatch: number; readonly fence: string }
  /** The limits of the cluster, from the beginning on. */
  | { readonly kind: 'limits'; readonly limits: readonly Limit[] }
  /** Slots that are taken at the end though nothing runs. */
  | { readonly kind: 'left'; readonly slots: number }
  /** `window`: how many tasks it is sent at most, besides more important ones. */
  | { readonly kind: 'session'; readonly session: string; readonly process: string; readonly window: number }
  | ({
      readonly kind: 'began';
      readonly dag: DagId;
      readonly task: number;
      readonly attempt: number;
      readonly fence: string;
      readonly restored: string | null;
    } & Execution)
  | ({ readonly kind: 'ended'; readonly dag: DagId; readonly task: number; readonly how: 'returned' | 'threw' | 'aborted' } & Execution)
  | ({ readonly kind: 'checkpointed'; readonly dag: DagId; readonly task: number; readonly state: string } & Execution)
  | {
      readonly kind: 'process';
      readonly process: string;
      readonly what: 'started' | 'crashed' | 'stopped' | 'resumed' | 'stalled' | 'unstalled' | 'left';
    }
  | { readonly kind: 'fault' | 'healed'; readonly fault: string; readonly target: string }
  /** Long after everything was well again, a task's row says nothing of what comes next. */
  | { readonly kind: 'stuck'; readonly dag: DagId; readonly task: number; readonly why: string }
  /** Everything as the store has it at the end. */
  | { readonly kind: 'final'; readonly record: DagRecord }
  | { readonly kind: 'end'; readonly reason: 'settled' | 'out of time' }
);

export type Happened = Entry extends infer E ? (E extends { readonly at: number } ? Omit<E, 'at'> : never) : never;

export interface History {
  readonly entries: readonly Entry[];
  add(what: Happened): void;
}

export const createHistory = (now: () => number): History => {
  const entries: Entry[] = [];
  return {
    entries,
    add: (what) => {
      entries.push({ at: now(), ...what });
    },
  };
};
