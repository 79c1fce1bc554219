/** What the API answers to commands, and about the history that they are part of. */
import type { Command as EngineCommand } from '../../core/command';
import type { DagView, TaskView } from './dags';
import type { DeadLetter } from './deadLetters';

/** What became of a command. `outcome` is null where it isn't applied yet: `command(commandId)` tells later. */
export interface Commanded {
  /** Null where nothing was to be done. */
  readonly commandId: string | null;
  readonly outcome: 'APPLIED' | null;
  /** Tasks that changed; 0 where everything was so already. */
  readonly affected: number;
}
export interface DagCommanded extends Commanded {
  readonly dag: DagView | null;
}
export interface TaskCommanded extends Commanded {
  readonly task: TaskView | null;
}
export interface LetterCommanded extends Commanded {
  readonly letter: DeadLetter;
}

/** A line of a DAG's history. */
export interface HistoryEvent {
  readonly eventId: string;
  readonly at: string;
  /** A command's kind, `dag.*` for what happened to the DAG, `task.*` for what happened to a task. */
  readonly kind: string;
  readonly taskId: string | null;
  readonly taskName: string | null;
  readonly by: string | null;
  readonly message: string | null;
}

export interface CommandView {
  readonly commandId: string;
  readonly dagId: string;
  readonly kind: EngineCommand['kind'];
  /** Null for the whole DAG. */
  readonly taskIds: readonly string[] | null;
  readonly particulars: Readonly<Record<string, unknown>>;
  readonly by: string | null;
  readonly reason: string | null;
  readonly requestedAt: string;
  readonly notBefore: string | null;
  /** Null while it waits. */
  readonly outcome: 'APPLIED' | 'REFUSED' | null;
  readonly detail: string | null;
  readonly affected: number;
  readonly settledAt: string | null;
}
