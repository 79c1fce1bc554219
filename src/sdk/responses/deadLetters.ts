/** What the API answers about dead letters. */
import type { LetterKind, TaskError } from '../../core/dag';
import type { Attempt, TaskView } from './dags';

/** A task that gave up, or a record that can't be decoded (`record`; all that describes a task is null then). */
export interface DeadLetter {
  readonly letterId: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DISCARDED';
  readonly kind: LetterKind;
  readonly failedAt: string;
  readonly dagId: string | null;
  readonly dagName: string | null;
  readonly taskId: string | null;
  readonly taskName: string | null;
  readonly type: string | null;
  readonly dispatch: number | null;
  readonly record: { readonly place: string; readonly offset: string; readonly raw: string } | null;
  readonly error: TaskError | null;
  readonly settledAt: string | null;
  readonly settledBy: string | null;
  readonly publishedAt: string | null;
}
export interface DeadLetterDetail extends DeadLetter {
  /** The task as it is now. */
  readonly task: TaskView | null;
  readonly attempts: readonly Attempt[];
}

/** `more`: there were more letters than one request takes. */
export interface BulkReplay {
  readonly letters: number;
  readonly repeated: number;
  readonly lastAt: string | null;
  readonly more: boolean;
}
export interface BulkDiscard {
  readonly letters: number;
  readonly more: boolean;
}
