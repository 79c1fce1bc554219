/**
 * What a person or a client asks to be done to a DAG that exists. A command is stored first; then the log of the DAG's
 * shard carries it, so that the order of the log decides between a command and a report.
 */
import type { PlannedTask } from './dag';
import type { DagId } from './ids';

/** Changes of a running DAG's graph: only tasks that haven't begun are replaced or removed. */
export interface GraphEdit {
  /** How often the graph had been changed when the edit was planned: an edit of another version is refused. */
  readonly version: number;
  /** New tasks; their indexes follow those that exist, dependencies are indexes of the graph as it will be. */
  readonly added: readonly PlannedTask[];
  readonly replaced: readonly { readonly task: number; readonly as: PlannedTask }[];
  readonly removed: readonly number[];
}

export type Command =
  /** The whole DAG, or some of its tasks: what is queued never starts, what runs gets its signal. */
  | { readonly kind: 'cancel'; readonly tasks: readonly number[] | null }
  /** What runs goes on; nothing else starts. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** What runs goes on to its end, whatever hasn't begun is cancelled. */
  | { readonly kind: 'drain' }
  /** Runs failed (or cancelled) tasks again, all of them where `tasks` is null; `downstream`: with what was skipped because of them. */
  | { readonly kind: 'retry'; readonly tasks: readonly number[] | null; readonly downstream: boolean; readonly payload?: string | null }
  /** Runs a final task and everything after it again; the whole DAG for null. */
  | { readonly kind: 'rerun'; readonly task: number | null }
  | { readonly kind: 'mark'; readonly task: number; readonly as: 'COMPLETED' | 'FAILED'; readonly result?: string | null }
  | { readonly kind: 'skip'; readonly tasks: readonly number[] }
  | { readonly kind: 'hold'; readonly tasks: readonly number[]; readonly resumeAt: number | null }
  | { readonly kind: 'release'; readonly tasks: readonly number[] }
  /** A person lets tasks go on that wait for that. */
  | { readonly kind: 'approve'; readonly tasks: readonly number[] }
  | { readonly kind: 'edit'; readonly edit: GraphEdit };

export const COMMAND_KINDS = ['cancel', 'pause', 'resume', 'drain', 'retry', 'rerun', 'mark', 'skip', 'hold', 'release', 'approve', 'edit'] as const;

/** A command as its shard's log carries it. */
export interface Commanded {
  readonly type: 'commanded';
  /** Decimal text: the number of its row. A command that comes twice is applied once. */
  readonly id: string;
  readonly dag: DagId;
  readonly command: Command;
  /** Who asked, in their own words; null for unknown. */
  readonly by: string | null;
  readonly reason: string | null;
  /** The store refused what it does: it is to be refused in its turn. */
  readonly unstorable?: true;
}

/** What became of a command; `affected` tasks may be 0 where everything was so already. */
export interface CommandOutcome {
  readonly id: string;
  readonly dag: DagId;
  readonly outcome: 'APPLIED' | 'REFUSED';
  /** Why it was refused, with the way out; null where it was applied. */
  readonly detail: string | null;
  readonly affected: number;
  readonly at: number;
}
