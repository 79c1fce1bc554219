/** What pages are shown live, over all schedulers: what changed, and figures. All of it may be forgotten. */
import type { DagId } from '../core/ids';
import type { DagView, TaskView } from './views';

/** What one scheduler has to tell at once of what it committed. */
export interface ChangeNote {
  /** The scheduler. */
  readonly from: string;
  /** It began to tell just now, or doesn't know what became of a shard: all may have changed that isn't named here. */
  readonly unsure: 'woke' | 'took' | null;
  /** Newest first, at the most as many as are shown at once; `more` where there were others. */
  readonly dags: readonly DagId[];
  readonly more: boolean;
  /** Of DAGs that somebody watches: the tasks that changed, null for any number of them. */
  readonly tasks: Readonly<Record<DagId, readonly number[] | null>>;
}

/** A place among all notes: its text is that of core/live.ts. It is of no use once what it came from was forgotten. */
export type ChangePlace = string;

export interface Exchanged {
  /** Who listens, and which DAGs each watches; without who is forgotten. */
  readonly listeners: ReadonlyMap<string, readonly DagId[]>;
  /** In the order in which they were told. */
  readonly notes: readonly { readonly place: ChangePlace; readonly note: ChangeNote }[];
  /** Behind this place nothing is missing in `notes`. */
  readonly since: ChangePlace;
  /** Where reading goes on. */
  readonly place: ChangePlace;
}

/** Where schedulers tell each other what changed. Rejects with `LeasesUnavailable` (core/failure). */
export interface ChangeFeed {
  /**
   * One round trip: says what `scheduler` watches (undefined: it says nothing, and is forgotten `LISTENED_MS` after it last did), tells a
   * note, and reads what was told behind a place: all that is kept where it is null or of no use any more, nothing where it is undefined.
   */
  exchange(told: {
    readonly scheduler: string;
    readonly watch: readonly DagId[] | undefined;
    readonly note: ChangeNote | undefined;
    readonly after: ChangePlace | null | undefined;
  }): Promise<Exchanged>;
}

/** What one scheduler counted in its own shards within one slot of time, and how things stood at its end. */
export interface SlotFigures {
  /** Tasks that ended, as they ended. */
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  /** The same of the last five seconds: completed, failed, skipped, cancelled. */
  readonly lately: readonly [number, number, number, number];
  /** Ready tasks that wait, by priority. */
  readonly queued: Readonly<Record<string, number>>;
  /** DAGs that aren't final. */
  readonly dags: number;
  /** Of all live workers, as it saw them. */
  readonly slots: number;
  readonly taken: number;
  readonly active: number;
  readonly draining: number;
  /** What it depends on: whether it was up. */
  readonly health: Readonly<Record<string, boolean>>;
}

/** Where schedulers put their figures. Rejects with `LeasesUnavailable` (core/failure). */
export interface FigureBoard {
  /** Slots as they are now, in place of what was put there before. */
  publish(scheduler: string, slots: ReadonlyMap<number, SlotFigures>): Promise<void>;
  /** What all schedulers have put into the slots from one to another. */
  figures(from: number, to: number): Promise<{ readonly slot: number; readonly scheduler: string; readonly figures: SlotFigures }[]>;
}

/** Reads what changed, as the API shows it. Rejects with `StoreUnavailable` (core/failure). */
export interface ChangedRows {
  /** In no order; without those that aren't there any more. */
  dags(dags: readonly DagId[]): Promise<DagView[]>;
  /**
   * These tasks of a DAG, and those that are ready because some of these are final: what is shown of them has changed, too. The first `limit`
   * of them.
   */
  tasks(dag: DagId, indexes: readonly number[], limit: number): Promise<TaskView[]>;
}
