/** Schedules, by which the clock submits DAGs, and their firings. Every call rejects with `StoreUnavailable` (core/failure). Times are milliseconds since 1970. */
import type { DagStatus } from '../core/dag';
import type { DagId } from '../core/ids';
import type { CatchUpPolicy, Cause, FiringState, OverlapPolicy } from '../core/schedule';

/** What whoever makes or changes a schedule decides. */
export interface ScheduleSettings {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: OverlapPolicy;
  readonly catchUp: CatchUpPolicy;
  readonly catchUpLimit: number;
  readonly jitterSeconds: number;
  readonly paused: boolean;
  readonly note: string | null;
  /** Who changed it last, and why. */
  readonly by: string | null;
  readonly reason: string | null;
}

export interface Schedule extends ScheduleSettings {
  readonly scheduleId: string;
  /** The name of the DAG that it submits. */
  readonly dagName: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The time that fires next; null while it is paused, and where no time comes any more. */
  readonly nextFireAt: number | null;
  /** Grows with each change. */
  readonly version: number;
}

export interface ScheduleView extends Schedule {
  readonly lastFireAt: number | null;
  readonly lastDag: DagId | null;
  /** Null where there was none, or it is deleted. */
  readonly lastStatus: DagStatus | null;
}

export interface FiringView {
  readonly fireTime: number;
  readonly cause: Cause;
  readonly state: FiringState;
  readonly dag: DagId | null;
  /** Null where there is no DAG, or it is deleted. */
  readonly status: DagStatus | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly dueAt: number;
  readonly settledAt: number | null;
}

/** A schedule as it is to be stored: its times are in it, so that settings and times never disagree. */
export interface StoredSchedule extends Omit<Schedule, 'scheduleId' | 'createdAt' | 'version'> {
  /** When its next time is due: behind it by the jitter's delay. */
  readonly nextDueAt: number | null;
  /** JSON text of the DAG that it submits; null for the one that it has. */
  readonly document: string | null;
}

export interface ScheduleStore {
  /** Undefined where another one has this name. */
  create(scheduleId: string, schedule: StoredSchedule): Promise<Schedule | undefined>;
  /** Where it still has this version. */
  change(was: Pick<Schedule, 'scheduleId' | 'version'>, schedule: StoredSchedule): Promise<'changed' | 'name taken' | 'stale'>;
  /** With its firings; its DAGs stay. False where there is none. */
  remove(scheduleId: string): Promise<boolean>;
  /** A firing by hand. With a key that came before it is the one that was made then. Undefined where there is no such schedule. */
  trigger(scheduleId: string, firing: { readonly at: number; readonly key: string | null; readonly by: string | null }): Promise<number | undefined>;
}

export interface ScheduleViews {
  schedule(scheduleId: string): Promise<ScheduleView | undefined>;
  /** JSON text of the DAG that it submits. */
  document(scheduleId: string): Promise<string | undefined>;
  /** By name, those behind this one. */
  schedules(limit: number, after?: string): Promise<ScheduleView[]>;
  /** Newest first, those before this time. */
  firings(scheduleId: string, limit: number, before?: number): Promise<FiringView[]>;
}

export interface DueSchedule extends Pick<Schedule, 'scheduleId' | 'version' | 'cron' | 'timeZone' | 'catchUp' | 'catchUpLimit' | 'jitterSeconds'> {
  readonly nextFireAt: number;
}

/** How a schedule that was due goes on. */
export interface ScheduleStep extends Pick<Schedule, 'scheduleId' | 'version' | 'nextFireAt'> {
  readonly nextDueAt: number | null;
  readonly firings: readonly {
    readonly fireTime: number;
    readonly dueAt: number;
    readonly state: Extract<FiringState, 'DUE' | 'MISSED'>;
    readonly reason: string | null;
  }[];
}

export interface WaitingFiring extends Pick<FiringView, 'fireTime' | 'cause' | 'dueAt'>, Pick<Schedule, 'scheduleId' | 'name' | 'overlap'> {
  /** The DAG that was submitted for it by somebody who couldn't say so any more. */
  readonly own: DagId | null;
  /** A DAG of the same schedule that is live. */
  readonly live: DagId | null;
}

export interface FiringEnd {
  readonly scheduleId: string;
  readonly fireTime: number;
  readonly state: Extract<FiringState, 'SUBMITTED' | 'SKIPPED' | 'REFUSED'>;
  readonly dag: DagId | null;
  readonly reason: string | null;
  readonly at: number;
}

/** What the clock's submitter asks. */
export interface ScheduleClock {
  /** Those that are due, the longest first. */
  due(now: number, limit: number): Promise<DueSchedule[]>;
  /** Notes firings and the next times in one statement, of those that are as they were read; answers whose. A firing is there once, whoever notes it. */
  advance(steps: readonly ScheduleStep[], now: number): Promise<string[]>;
  /** Firings that are to be submitted, the longest due first; of one schedule alone where it is named. */
  waiting(limit: number, scheduleId?: string): Promise<WaitingFiring[]>;
  /** What became of one. That a DAG was submitted counts more than anything else that was said of it. */
  settle(end: FiringEnd): Promise<void>;
  /** Removes all but so many of each schedule's firings, the newest. */
  forget(keep: number): Promise<void>;
  counts(): Promise<{ readonly active: number; readonly paused: number }>;
}
