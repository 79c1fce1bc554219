/** How a schedule whose time has come goes on: what fires, what was missed, and when it is due next. Pure. */
import { delayMsOf, readCalendar, timesCome, type ReadCalendar } from '../core/schedule';
import type { DueSchedule, ScheduleStep } from '../ports/schedules';

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Nothing computes times in a zone that isn't known here: it says so, and waits to be changed. */
const stopped = ({ scheduleId, version, nextFireAt }: DueSchedule, reason: string): ScheduleStep => ({
  scheduleId,
  version,
  nextFireAt: null,
  nextDueAt: null,
  firings: [{ fireTime: nextFireAt, dueAt: nextFireAt, state: 'MISSED', reason }],
});

const missedReason = ({ first, last }: { readonly first: number; readonly last: number }): string =>
  first === last ? 'nobody could fire it in time' : `nobody could fire it in time, nor those before it from ${iso(first)} on`;

/** `read`: its expression and zone, read once for many times. */
export const stepOf = (schedule: DueSchedule, read: ReadCalendar, now: number): ScheduleStep => {
  if (read.kind === 'wrong') return stopped(schedule, read.problems.map(({ path, message }) => `${path} ${message}`).join('; '));
  const { scheduleId, version, nextFireAt } = schedule;
  const delayMs = delayMsOf(scheduleId, schedule.jitterSeconds);
  const { fire, missed, next } = timesCome(read.calendar, schedule, nextFireAt, Math.max(nextFireAt, now - delayMs));
  const past =
    missed === null ? [] : [{ fireTime: missed.last, dueAt: missed.last + delayMs, state: 'MISSED' as const, reason: missedReason(missed) }];
  const firing = fire.map((fireTime) => ({ fireTime, dueAt: fireTime + delayMs, state: 'DUE' as const, reason: null }));
  return { scheduleId, version, nextFireAt: next, nextDueAt: next === null ? null : next + delayMs, firings: [...past, ...firing] };
};

const MOST_KNOWN = 10_000;

/** Reads expressions and zones, and remembers them. */
export const createCalendars = (): ((of: Pick<DueSchedule, 'cron' | 'timeZone'>) => ReadCalendar) => {
  const known = new Map<string, ReadCalendar>();
  return ({ cron, timeZone }) => {
    const key = `${cron}\n${timeZone}`;
    const read = known.get(key) ?? readCalendar(cron, timeZone);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, read);
    return read;
  };
};
