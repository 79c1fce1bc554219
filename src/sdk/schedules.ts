/** Schedules as typed calls. */
import { randomUUID } from 'node:crypto';
import type { PageOptions, WhoOptions } from './control';
import type { ApiRequest } from './requests';
import type { Firing, Page, Schedule, ScheduleDetail, SchedulePreview } from './responses';
import type { DagSubmission } from './submission';

/** Null means "not said". */
export interface ScheduleSettings {
  readonly name: string;
  /** Minute, hour, day of the month, month, day of the week; or a shorthand such as `@daily`. */
  readonly cron: string;
  /** Of the IANA database; UTC by default. */
  readonly timeZone?: string;
  readonly dag: DagSubmission;
  /** What happens to a time while a DAG of the schedule is live; `allow` by default. */
  readonly overlap?: Schedule['overlap'];
  /** Which times fire that came while nobody could fire them; `latest` by default. */
  readonly catchUp?: Schedule['catchUp'];
  readonly catchUpLimit?: number;
  readonly jitterSeconds?: number;
  readonly paused?: boolean;
  readonly note?: string;
}

type Asking = Pick<WhoOptions, 'by' | 'reason'>;

export interface ScheduleCalls {
  createSchedule(settings: ScheduleSettings, options?: Asking): Promise<Schedule>;
  /** By name. */
  schedules(page?: PageOptions): Promise<Page<Schedule>>;
  /** With its next times and its latest firings. */
  schedule(scheduleId: string): Promise<ScheduleDetail>;
  /** Newest first. */
  firings(scheduleId: string, page?: PageOptions): Promise<Page<Firing>>;
  /** What isn't said stays. */
  changeSchedule(scheduleId: string, settings: Partial<ScheduleSettings>, options?: Asking): Promise<Schedule>;
  /** Its times pass until it is resumed. */
  pauseSchedule(scheduleId: string, options?: Asking): Promise<Schedule>;
  resumeSchedule(scheduleId: string, options?: Asking): Promise<Schedule>;
  /** Submits its DAG now, whatever its time and state. */
  triggerSchedule(scheduleId: string, options?: WhoOptions): Promise<Firing>;
  /** Its DAGs stay. */
  removeSchedule(scheduleId: string): Promise<void>;
  /** The next times of an expression. */
  previewSchedule(cron: string, timeZone?: string, count?: number): Promise<SchedulePreview>;
}

/** The calls, over whatever sends requests. */
export const scheduleCalls = (call: <T>(request: ApiRequest) => Promise<T>): ScheduleCalls => {
  const pathOf = (scheduleId: string): string => `api/v1/schedules/${encodeURIComponent(scheduleId)}`;
  const verb =
    (name: string) =>
    (scheduleId: string, options: Asking = {}): Promise<Schedule> =>
      call({ method: 'POST', path: `${pathOf(scheduleId)}/${name}`, body: options });
  return {
    createSchedule: (settings, options) => call({ method: 'POST', path: 'api/v1/schedules', body: { ...options, ...settings }, once: true }),
    schedules: (page = {}) => call({ path: 'api/v1/schedules', query: { ...page } }),
    schedule: (scheduleId) => call({ path: pathOf(scheduleId) }),
    firings: (scheduleId, page = {}) => call({ path: `${pathOf(scheduleId)}/firings`, query: { ...page } }),
    changeSchedule: (scheduleId, settings, options) => call({ method: 'PATCH', path: pathOf(scheduleId), body: { ...options, ...settings } }),
    pauseSchedule: verb('pause'),
    resumeSchedule: verb('resume'),
    triggerSchedule: (scheduleId, { idempotencyKey = randomUUID(), ...body } = {}) =>
      call({ method: 'POST', path: `${pathOf(scheduleId)}/trigger`, headers: { 'idempotency-key': idempotencyKey }, body }),
    removeSchedule: (scheduleId) => call({ method: 'DELETE', path: pathOf(scheduleId) }),
    previewSchedule: (cron, timeZone, count) => call({ path: 'api/v1/schedules/preview', query: { cron, timeZone, count } }),
  };
};
