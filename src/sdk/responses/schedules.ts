/** What the API answers about schedules. */
import type { DagStatus } from '../../core/dag';

/** By which the clock submits a DAG. */
export interface Schedule {
  readonly scheduleId: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  /** The name of the DAG that it submits. */
  readonly dagName: string;
  readonly state: 'ACTIVE' | 'PAUSED';
  readonly overlap: 'allow' | 'skip';
  readonly catchUp: 'none' | 'latest' | 'all';
  readonly catchUpLimit: number;
  readonly jitterSeconds: number;
  readonly note: string | null;
  /** Who changed it last, and why. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly nextFireAt: string | null;
  readonly lastFireAt: string | null;
  readonly lastDagId: string | null;
  readonly lastDagStatus: DagStatus | null;
}
/** A time of a schedule that has come, and what became of it. */
export interface Firing {
  readonly fireTime: string;
  readonly cause: 'CLOCK' | 'HAND';
  readonly state: 'DUE' | 'SUBMITTED' | 'SKIPPED' | 'MISSED' | 'REFUSED';
  readonly dagId: string | null;
  readonly dagStatus: DagStatus | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly dueAt: string;
  readonly settledAt: string | null;
}
export interface ScheduleDetail extends Schedule {
  readonly nextFireTimes: readonly string[];
  readonly firings: readonly Firing[];
  /** As it is submitted. */
  readonly dag: unknown;
}
export interface SchedulePreview {
  readonly cron: string;
  readonly timeZone: string;
  readonly nextFireTimes: readonly string[];
}
