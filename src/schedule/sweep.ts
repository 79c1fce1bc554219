/**
 * Cron is a submitter: times that are due become firings, and firings become DAGs on the way that everybody's submissions take. Both steps may
 * be repeated by anybody at any moment: a firing is there once, and its idempotency key makes its DAG one.
 */
import { isFailure } from '../core/failure';
import type { DagId } from '../core/ids';
import { isRefusal } from '../core/refusal';
import { firingKey, type Origin } from '../core/schedule';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { FiringEnd, ScheduleClock, ScheduleStep, ScheduleViews, WaitingFiring } from '../ports/schedules';
import { createCalendars, stepOf } from './moving';

export interface SweepNeeds {
  readonly schedules: ScheduleClock & Pick<ScheduleViews, 'document'>;
  /** As a client submits: rejects with refusals and failures. */
  readonly submit: (document: string, key: string, origin: Origin) => Promise<DagId>;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
  /** Whether this process may go on. */
  readonly mayGoOn: () => boolean;
}

export interface Sweep {
  /** All that is due, in bounded portions. */
  once(): Promise<void>;
  /** What waits of one schedule, at once: after a request by hand. */
  submitNow(scheduleId: string): Promise<void>;
}

/** Of one statement. */
const AT_ONCE = 100;
/** Of one sweep: the next one follows within a second. */
const PORTIONS = 20;

/** Of schedules whose DAGs mustn't overlap one goes at a time: whether the next one may is seen once that one is there. */
const together = (waiting: readonly WaitingFiring[]): WaitingFiring[] => {
  const seen = new Set<string>();
  return waiting.filter(({ scheduleId, overlap }) => {
    const isFirst = !seen.has(scheduleId);
    seen.add(scheduleId);
    return isFirst || overlap === 'allow';
  });
};

type End = Pick<FiringEnd, 'state' | 'dag' | 'reason'>;

const submitted = (dag: DagId): End => ({ state: 'SUBMITTED', dag, reason: null });

/** What a rejection means: an end, or that it is tried again ('later'); whatever else it may be is thrown on. */
const endOfRejection = (error: unknown): End | 'later' => {
  // Somebody else submitted it under its key a moment ago, as it was then: that DAG is found at the next look.
  if (isRefusal(error, 'KEY_REUSED') || isRefusal(error, 'DAG_NOT_FOUND')) return 'later';
  if (isRefusal(error, 'BACKLOG_FULL') || (isFailure(error) && error.code === 'OVERLOADED')) return 'later';
  if (isRefusal(error) || (isFailure(error) && error.code === 'UNSTORABLE'))
    return { state: 'REFUSED', dag: null, reason: `${error.code}: ${error.message}`.slice(0, 1000) };
  throw error;
};

const OUTCOMES = { SUBMITTED: 'submitted', SKIPPED: 'skipped', REFUSED: 'refused' } as const;

/** Submits one firing, or says why not; null while it has to wait. */
const createEnding = ({ schedules, submit }: Pick<SweepNeeds, 'schedules' | 'submit'>) => {
  const trySubmitting = async ({ scheduleId, fireTime }: WaitingFiring): Promise<End | 'later'> => {
    const document = await schedules.document(scheduleId);
    // Removed a moment ago, and its firings with it.
    if (document === undefined) return 'later';
    try {
      return submitted(await submit(document, firingKey(scheduleId, fireTime), { scheduleId, scheduledFor: fireTime }));
    } catch (error) {
      return endOfRejection(error);
    }
  };
  return async (firing: WaitingFiring): Promise<End | 'later'> => {
    const { own, live, overlap, cause } = firing;
    if (own !== null) return submitted(own);
    if (live !== null && overlap === 'skip' && cause === 'CLOCK') return { state: 'SKIPPED', dag: null, reason: `the DAG ${live} was still live` };
    return trySubmitting(firing);
  };
};

/** Makes it. */
export const createSweep = (needs: SweepNeeds): Sweep => {
  const { schedules, clock, announce, mayGoOn } = needs;
  const calendarOf = createCalendars();
  const ending = createEnding(needs);

  const tellMissed = ({ scheduleId, firings }: ScheduleStep): void => {
    for (const { state, reason } of firings)
      if (state === 'MISSED') announce('schedule.fired', { schedule: scheduleId, outcome: 'missed', lateMs: null, reason });
  };
  const note = async (): Promise<boolean> => {
    const now = clock.now();
    const due = await schedules.due(now, AT_ONCE);
    const steps = due.map((schedule) => stepOf(schedule, calendarOf(schedule), now));
    const moved = new Set(await schedules.advance(steps, now));
    for (const step of steps) if (moved.has(step.scheduleId)) tellMissed(step);
    return due.length === AT_ONCE;
  };
  const settle = async (firing: WaitingFiring): Promise<'done' | 'later'> => {
    const end = await ending(firing);
    if (end === 'later') return end;
    const { scheduleId, fireTime, dueAt, cause } = firing;
    await schedules.settle({ scheduleId, fireTime, ...end, at: clock.now() });
    const lateMs = cause === 'CLOCK' && end.state === 'SUBMITTED' ? Math.max(0, clock.now() - dueAt) : null;
    announce('schedule.fired', { schedule: scheduleId, outcome: OUTCOMES[end.state], lateMs, reason: end.reason });
    return 'done';
  };
  /** Whether there is more that may go at once. */
  const submitSome = async (scheduleId?: string): Promise<boolean> => {
    const waiting = await schedules.waiting(AT_ONCE, scheduleId);
    const now = together(waiting);
    const ends = await Promise.allSettled(now.map(settle));
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken !== undefined) throw broken.reason;
    const isStuck = ends.every((end) => end.status === 'fulfilled' && end.value === 'later');
    return !isStuck && (waiting.length === AT_ONCE || now.length < waiting.length);
  };
  return {
    once: async () => {
      for (let portion = 0; portion < PORTIONS && mayGoOn() && (await note()); portion++);
      for (let portion = 0; portion < PORTIONS && mayGoOn() && (await submitSome()); portion++);
    },
    submitNow: async (scheduleId) => {
      await submitSome(scheduleId);
    },
  };
};
