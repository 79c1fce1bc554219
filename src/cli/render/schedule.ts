/** Schedules in words. */
import type { Firing, Schedule, ScheduleDetail } from '../../sdk';
import { plain, table } from './words';

/** A time in the schedule's zone, as its expression means it. */
export const timeIn = (zone: string, iso: string | null): string => {
  if (iso === null) return '-';
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, ...parts }).format(new Date(iso));
};

export const SCHEDULE_HEAD = ['ID', 'NAME', 'STATE', 'CRON', 'TIME ZONE', 'NEXT', 'LAST', 'ENDED'];

export const scheduleRow = ({ scheduleId, name, state, cron, timeZone, nextFireAt, lastFireAt, lastDagStatus }: Schedule): string[] => [
  ...[scheduleId, name, state, cron, timeZone],
  ...[timeIn(timeZone, nextFireAt), timeIn(timeZone, lastFireAt), lastDagStatus ?? '-'],
];

/** One line, for what was just done. */
export const scheduleLine = ({ scheduleId, name, state, timeZone, nextFireAt }: Schedule): string =>
  plain(`${scheduleId}  ${name}: ${state === 'PAUSED' ? 'paused' : `next at ${timeIn(timeZone, nextFireAt)} (${timeZone})`}`);

export const firingLine = (zone: string, { fireTime, cause, state, dagId, dagStatus, reason }: Firing): string[] => [
  timeIn(zone, fireTime),
  cause === 'HAND' ? 'by hand' : 'by the clock',
  state,
  dagId ?? '-',
  dagStatus ?? reason ?? '',
];

const POLICIES = {
  overlap: { allow: 'fires all the same', skip: 'is left out' },
  catchUp: { none: 'never fire', latest: 'fire once, the latest of them', all: 'all fire' },
} as const;

/** All that is known of one. */
export const scheduleLines = (schedule: ScheduleDetail): string[] => {
  const { timeZone, overlap, catchUp, catchUpLimit, jitterSeconds, note, nextFireTimes, firings } = schedule;
  const bound = catchUp === 'all' ? `, ${String(catchUpLimit)} at most` : '';
  return [
    scheduleLine(schedule),
    plain(`${schedule.cron} in ${timeZone} submits ${schedule.dagName}`),
    `a time that comes while one of its DAGs is live ${POLICIES.overlap[overlap]}; times that were missed ${POLICIES.catchUp[catchUp]}${bound}`,
    ...(jitterSeconds > 0 ? [`it fires up to ${String(jitterSeconds)} s later than its times, always by the same delay`] : []),
    ...(note === null ? [] : [plain(note)]),
    ...(nextFireTimes.length === 0 ? [] : ['', 'NEXT', ...nextFireTimes.map((at) => timeIn(timeZone, at))]),
    ...(firings.length === 0
      ? []
      : ['', ...table([['TIME', 'FIRED', 'OUTCOME', 'DAG', 'ENDED'], ...firings.map((firing) => firingLine(timeZone, firing))])]),
  ];
};
