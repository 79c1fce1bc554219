/**
 * When a schedule's times are, and which of those that have come are to fire. The clock is just another user: what fires is submitted as
 * anybody's DAG is.
 */
import { isHourly, nextFitting, readCron, type Cron } from './cron';
import type { Problem } from './refusal';
import { findZone, firstShowing, shownAt, shownUntil, TURN_MINUTES, turnAfter, type Zone } from './timeZones';

/** What happens to a time that comes while a DAG of the same schedule is still live. */
export const OVERLAP_POLICIES = ['allow', 'skip'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** Which of the times fire that came while nobody could fire them: none, the latest, or all of them up to a bound. */
export const CATCH_UP_POLICIES = ['none', 'latest', 'all'] as const;
export type CatchUpPolicy = (typeof CATCH_UP_POLICIES)[number];

/** What becomes of a time. SUBMITTED has a DAG; SKIPPED was left out because of another one; MISSED came while nobody could fire it; REFUSED is what a submission was told. */
export const FIRING_STATES = ['DUE', 'SUBMITTED', 'SKIPPED', 'MISSED', 'REFUSED'] as const;
export type FiringState = (typeof FIRING_STATES)[number];

export const CAUSES = ['CLOCK', 'HAND'] as const;
export type Cause = (typeof CAUSES)[number];

/** By what a DAG was submitted, and for which time. */
export interface Origin {
  readonly scheduleId: string;
  readonly scheduledFor: number;
}

/** With what the keys of firings begin, and no client's. */
export const FIRING_KEYS = 'schedule:';

/** The idempotency key of a firing's submission: however often it is submitted, there is one DAG. */
export const firingKey = (scheduleId: string, fireTime: number): string => `${FIRING_KEYS}${scheduleId}:${fireTime}`;

export const MOST_CAUGHT_UP = 1000;
export const LONGEST_JITTER_SECONDS = 3600;

/** By which everything here is computed. */
export interface Calendar {
  readonly cron: Cron;
  readonly zone: Zone;
}

export type ReadCalendar =
  { readonly kind: 'right'; readonly calendar: Calendar } | { readonly kind: 'wrong'; readonly problems: readonly Problem[] };

/** Reads an expression and a zone's name; all that is wrong comes together, by the fields in which a client says them. */
export const readCalendar = (cron: string, timeZone: string): ReadCalendar => {
  const [read, zone] = [readCron(cron), findZone(timeZone)];
  if (read.kind === 'right' && zone !== undefined) return { kind: 'right', calendar: { cron: read.cron, zone } };
  const problems = read.kind === 'wrong' ? [{ path: 'cron', message: read.message }] : [];
  const unknown = { path: 'timeZone', message: 'must be a time zone of the IANA database, like Europe/Berlin or UTC' };
  return { kind: 'wrong', problems: zone === undefined ? [...problems, unknown] : problems };
};

const MINUTE_MS = 60_000;

/** The first instant from this one on at which the clock shows a time that fits: what is skipped doesn't fire, what is repeated fires again. */
const nextShown = ({ cron, zone }: Calendar, from: number): number | undefined => {
  for (let start = from; ;) {
    const shown = nextFitting(cron, shownAt(zone, start));
    if (shown === undefined) return undefined;
    const turn = turnAfter(zone, start);
    const at = shown - zone.offsetAt(start);
    if (at < (turn ?? start + TURN_MINUTES)) return at;
    const far = turn ?? firstShowing(zone, shown);
    if (turn === undefined && shownAt(zone, far) === shown) return far;
    start = far;
  }
};

/** The first instant from this one on at which the clock comes to a time that fits, or passes it over: each once, whatever the clock does. */
const nextReached = ({ cron, zone }: Calendar, from: number): number | undefined => {
  const shown = nextFitting(cron, shownUntil(zone, from - 1) + 1);
  return shown === undefined ? undefined : firstShowing(zone, shown);
};

/**
 * The first time of a schedule after an instant, in milliseconds since 1970; undefined for never. Expressions for every hour go with time as it
 * passes; the others fire once for each time of the day, also on days when clocks are turned (docs/decisions/0033).
 */
export const nextTime = (calendar: Calendar, afterMs: number): number | undefined => {
  const from = Math.floor(afterMs / MINUTE_MS) + 1;
  const next = isHourly(calendar.cron) ? nextShown(calendar, from) : nextReached(calendar, from);
  return next === undefined ? undefined : next * MINUTE_MS;
};

/** The next few times after an instant. */
export const nextTimes = (calendar: Calendar, afterMs: number, count: number): readonly number[] => {
  const times: number[] = [];
  for (let at = nextTime(calendar, afterMs); at !== undefined && times.length < count; at = nextTime(calendar, at)) times.push(at);
  return times;
};

/** The newest times up to an instant, at most so many, of those from `from` on, which is one; oldest first. Years of them cost no more than these. */
const newestTimes = (calendar: Calendar, { from, until }: { readonly from: number; readonly until: number }, most: number): readonly number[] => {
  for (let span = most * MINUTE_MS; ; span *= 2) {
    const start = Math.max(from, until - span);
    const times: number[] = [];
    for (let at = nextTime(calendar, start - 1); at !== undefined && at <= until; at = nextTime(calendar, at)) times.push(at);
    if (times.length >= most || start === from) return times.slice(-most);
  }
};

export interface CatchingUp {
  readonly catchUp: CatchUpPolicy;
  /** How many are caught up at the most, where all are. */
  readonly catchUpLimit: number;
}

/** What is this late still counts as in time: others lead within seconds, and databases come back within a minute. */
export const LATE_MS = 60_000;

export interface Come {
  /** To fire, oldest first. */
  readonly fire: readonly number[];
  /** Those before them, which never will: the first and the last of them; null for none. */
  readonly missed: { readonly first: number; readonly last: number } | null;
  /** The first that hasn't come yet; null for never. */
  readonly next: number | null;
}

/** What has come of a schedule's times up to now, from `from` on, which is one and has come. */
export const timesCome = (calendar: Calendar, { catchUp, catchUpLimit }: CatchingUp, from: number, now: number): Come => {
  const most = catchUp === 'all' ? Math.max(1, Math.min(catchUpLimit, MOST_CAUGHT_UP)) : 1;
  // One more, to know the last that isn't wanted.
  const newest = newestTimes(calendar, { from, until: now }, most + 1);
  const wanted = newest.slice(-most);
  const fire = catchUp === 'none' ? wanted.filter((at) => at >= now - LATE_MS) : wanted;
  const last = newest[newest.length - fire.length - 1];
  return { fire, missed: last === undefined ? null : { first: from, last }, next: nextTime(calendar, now) ?? null };
};

/** How long after its times a schedule fires: always the same, so that many of the same times are spread over the jitter. */
export const delayMsOf = (id: string, jitterSeconds: number): number => {
  let hash = 2_166_136_261;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16_777_619) >>> 0;
  return jitterSeconds <= 0 ? 0 : hash % (jitterSeconds * 1000);
};
