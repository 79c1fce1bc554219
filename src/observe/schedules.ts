/** How schedules and their firings look as JSON. */
import { nextTimes, readCalendar } from '../core/schedule';
import { parseUuid } from '../core/ids';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { FiringView, ScheduleView, ScheduleViews } from '../ports/schedules';
import { cut, limitOf, type Page } from './lists';
import { isoTime } from './present';
import { intOf, nameCursorOf, nameCursorText, onlyKnown, textOf, timeCursorOf, timeCursorText, wrong, type Query } from './query';

export interface SchedulesShown {
  readonly views: ScheduleViews;
  readonly clock: Pick<Clock, 'now'>;
}

const factsOf = (schedule: ScheduleView): object => ({
  scheduleId: schedule.scheduleId,
  name: schedule.name,
  cron: schedule.cron,
  timeZone: schedule.timeZone,
  dagName: schedule.dagName,
  state: schedule.paused ? 'PAUSED' : 'ACTIVE',
  overlap: schedule.overlap,
  catchUp: schedule.catchUp,
  catchUpLimit: schedule.catchUpLimit,
  jitterSeconds: schedule.jitterSeconds,
  note: schedule.note,
  by: schedule.by,
  reason: schedule.reason,
  createdAt: isoTime(schedule.createdAt),
  updatedAt: isoTime(schedule.updatedAt),
  nextFireAt: isoTime(schedule.nextFireAt),
  lastFireAt: isoTime(schedule.lastFireAt),
  lastDagId: schedule.lastDag,
  lastDagStatus: schedule.lastStatus,
});

/** JSON text of a schedule. */
export const scheduleJson = (schedule: ScheduleView): string => JSON.stringify(factsOf(schedule));

const firingValue = (firing: FiringView): object => ({
  fireTime: isoTime(firing.fireTime),
  cause: firing.cause,
  state: firing.state,
  dagId: firing.dag,
  dagStatus: firing.status,
  reason: firing.reason,
  by: firing.by,
  dueAt: isoTime(firing.dueAt),
  settledAt: isoTime(firing.settledAt),
});

/** JSON text of a firing. */
export const firingJson = (firing: FiringView): string => JSON.stringify(firingValue(firing));

const TIMES_SHOWN = 5;
const MOST_TIMES = 50;
const FIRINGS_SHOWN = 20;

const timesOf = ({ cron, timeZone }: Pick<ScheduleView, 'cron' | 'timeZone'>, now: number, count: number): (string | null)[] => {
  const read = readCalendar(cron, timeZone);
  return read.kind === 'wrong' ? [] : nextTimes(read.calendar, now, count).map(isoTime);
};

/** JSON text of a schedule with its next times, its latest firings, and the DAG that it submits, spliced in as it is stored. */
export const scheduleDetailJson = (
  schedule: ScheduleView,
  now: number,
  more: { readonly firings: readonly FiringView[]; readonly document: string },
): string => {
  const detail = {
    ...factsOf(schedule),
    nextFireTimes: schedule.paused ? [] : timesOf(schedule, now, TIMES_SHOWN),
    firings: more.firings.map(firingValue),
  };
  return `${JSON.stringify(detail).slice(0, -1)},"dag":${more.document}}`;
};

const idIn = (text: string): string => {
  const id = parseUuid(text);
  if (id === undefined) throw refusal('SCHEDULE_NOT_FOUND', `no schedule ${text.slice(0, 100)}`);
  return id;
};

/** GET /api/v1/schedules: by name. */
export const listSchedules = async ({ views }: SchedulesShown, query: Query): Promise<Page> => {
  onlyKnown(query, ['limit', 'cursor']);
  const limit = limitOf(query);
  const { page, nextCursor } = cut(await views.schedules(limit + 1, nameCursorOf(query)), limit, ({ name }) => nameCursorText(name));
  return { json: `{"items":[${page.map(scheduleJson).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor, limit };
};

/** GET /api/v1/schedules/{scheduleId} */
export const showSchedule = async ({ views, clock }: SchedulesShown, scheduleId: string): Promise<string> => {
  const id = idIn(scheduleId);
  const [schedule, firings, document] = await Promise.all([views.schedule(id), views.firings(id, FIRINGS_SHOWN), views.document(id)]);
  if (schedule === undefined || document === undefined) throw refusal('SCHEDULE_NOT_FOUND', `no schedule ${id}`);
  return scheduleDetailJson(schedule, clock.now(), { firings, document });
};

/** GET /api/v1/schedules/{scheduleId}/firings: newest first. */
export const listFirings = async ({ views }: SchedulesShown, scheduleId: string, query: Query): Promise<Page> => {
  onlyKnown(query, ['limit', 'cursor']);
  const id = idIn(scheduleId);
  if ((await views.schedule(id)) === undefined) throw refusal('SCHEDULE_NOT_FOUND', `no schedule ${id}`);
  const limit = limitOf(query);
  const { page, nextCursor } = cut(await views.firings(id, limit + 1, timeCursorOf(query)), limit, ({ fireTime }) => timeCursorText(fireTime));
  return { json: `{"items":[${page.map(firingJson).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor, limit };
};

/** GET /api/v1/schedules/preview: the next times of an expression, before there is a schedule. */
export const previewTimes = ({ clock }: Pick<SchedulesShown, 'clock'>, query: Query): string => {
  onlyKnown(query, ['cron', 'timeZone', 'count']);
  const cron = textOf(query, 'cron');
  if (cron === undefined) throw wrong('cron', 'is missing');
  const timeZone = textOf(query, 'timeZone') ?? 'UTC';
  const read = readCalendar(cron, timeZone);
  if (read.kind === 'wrong') {
    const [{ path, message }] = read.problems as [(typeof read.problems)[number]];
    throw refusal('WRONG_PARAMETER', `${path}: ${message}`, { problems: read.problems });
  }
  const nextFireTimes = nextTimes(read.calendar, clock.now(), intOf(query, 'count', 1, MOST_TIMES) ?? TIMES_SHOWN).map(isoTime);
  return JSON.stringify({ cron, timeZone, nextFireTimes });
};
