/** Makes, changes, removes and fires schedules, by which the clock submits DAGs. */
import { parseUuid } from '../core/ids';
import { isRefusal, refusal, type Problem } from '../core/refusal';
import { delayMsOf, nextTime, readCalendar, type Calendar } from '../core/schedule';
import type { Clock } from '../ports/clock';
import type { FiringView, Schedule, ScheduleSettings, ScheduleStore, ScheduleView, ScheduleViews, StoredSchedule } from '../ports/schedules';
import type { Bodies, Who } from './bodies';

export interface ScheduleControlNeeds {
  readonly store: ScheduleStore;
  readonly views: Pick<ScheduleViews, 'schedule' | 'firings'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly newId: () => string;
  /** As a submission is checked: answers the DAG's name, rejects with refusals. */
  readonly checkDag: (document: string) => Promise<string>;
  /** Submits what waits of a schedule at once; where it can't the clock's submitter does. */
  readonly submitNow: (scheduleId: string) => Promise<void>;
}

export interface ScheduleControl {
  create(body: Bodies['ScheduleBody']): Promise<ScheduleView>;
  change(scheduleId: string, body: Bodies['SchedulePatchBody']): Promise<ScheduleView>;
  pause(scheduleId: string, who: Who): Promise<ScheduleView>;
  resume(scheduleId: string, who: Who): Promise<ScheduleView>;
  remove(scheduleId: string): Promise<void>;
  /** Fires it now, whatever its time, its state and its overlap policy say. */
  trigger(scheduleId: string, who: Who, key: string | null): Promise<FiringView>;
}

const DEFAULTS: ScheduleSettings = {
  name: '',
  cron: '',
  timeZone: 'UTC',
  overlap: 'allow',
  catchUp: 'latest',
  catchUpLimit: 100,
  jitterSeconds: 0,
  paused: false,
  note: null,
  by: null,
  reason: null,
};

const notFound = (scheduleId: string): Error => refusal('SCHEDULE_NOT_FOUND', `no schedule ${scheduleId.slice(0, 100)}`);
const nameTaken = (name: string): Error => refusal('SCHEDULE_EXISTS', `there is a schedule named ${JSON.stringify(name)} already`);

const idOf = (text: string): string => {
  const id = parseUuid(text);
  if (id === undefined) throw notFound(text);
  return id;
};

/** Null and undefined mean "not said"; a note is taken away by an empty text. */
const settingsOf = (body: Bodies['SchedulePatchBody'], was: ScheduleSettings): ScheduleSettings => ({
  name: body.name ?? was.name,
  cron: body.cron ?? was.cron,
  timeZone: body.timeZone ?? was.timeZone,
  overlap: body.overlap ?? was.overlap,
  catchUp: body.catchUp ?? was.catchUp,
  catchUpLimit: body.catchUpLimit ?? was.catchUpLimit,
  jitterSeconds: body.jitterSeconds ?? was.jitterSeconds,
  paused: body.paused ?? was.paused,
  note: body.note === '' ? null : (body.note ?? was.note),
  by: body.by ?? null,
  reason: body.reason ?? null,
});

const below = ({ path, message }: Problem): Problem => ({ path: path === '' ? 'dag' : `dag${path.startsWith('[') ? '' : '.'}${path}`, message });

/** The DAG as it will be submitted; its problems are told below `dag`. */
const checkedDag = async (
  dag: object,
  check: ScheduleControlNeeds['checkDag'],
): Promise<{ document: string; dagName: string } | readonly Problem[]> => {
  const document = JSON.stringify(dag);
  try {
    return { document, dagName: await check(document) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.problems.length > 0 ? error.problems.map(below) : [{ path: 'dag', message: error.message }];
  }
};

/** The settings' calendar and the DAG, where one was given; everything that is wrong is told at once. */
const checked = async (
  settings: ScheduleSettings,
  dag: object | undefined,
  check: ScheduleControlNeeds['checkDag'],
): Promise<{ readonly calendar: Calendar; readonly given: { document: string; dagName: string } | undefined }> => {
  const read = readCalendar(settings.cron, settings.timeZone);
  const planned = dag === undefined ? undefined : await checkedDag(dag, check);
  const ofDag = planned !== undefined && 'length' in planned ? planned : [];
  if (read.kind === 'right' && (planned === undefined || 'document' in planned)) return { calendar: read.calendar, given: planned };
  const problems = [...(read.kind === 'wrong' ? read.problems : []), ...ofDag];
  throw refusal('WRONG_SHAPE', `the schedule can't be: ${problems[0]!.path} ${problems[0]!.message}`, { problems });
};

const mostTries = 5;

/** Makes the commands on schedules. */
export const createScheduleControl = ({ store, views, clock, newId, checkDag, submitNow }: ScheduleControlNeeds): ScheduleControl => {
  const found = async (scheduleId: string): Promise<ScheduleView> => {
    const view = await views.schedule(idOf(scheduleId));
    if (view === undefined) throw notFound(scheduleId);
    return view;
  };
  /** Its next time counts from now on: what was while it was paused, or otherwise set, is not caught up. */
  const timesFrom = (
    calendar: Calendar,
    id: string,
    { paused, jitterSeconds }: ScheduleSettings,
  ): Pick<StoredSchedule, 'nextFireAt' | 'nextDueAt'> => {
    const next = paused ? undefined : nextTime(calendar, clock.now());
    return { nextFireAt: next ?? null, nextDueAt: next === undefined ? null : next + delayMsOf(id, jitterSeconds) };
  };
  const changedTo = async (was: Schedule, body: Bodies['SchedulePatchBody']): Promise<StoredSchedule> => {
    const settings = settingsOf(body, was);
    const { calendar, given } = await checked(settings, body.dag ?? undefined, checkDag);
    const isAnew = settings.cron !== was.cron || settings.timeZone !== was.timeZone || settings.paused !== was.paused;
    const kept = {
      nextFireAt: was.nextFireAt,
      nextDueAt: was.nextFireAt === null ? null : was.nextFireAt + delayMsOf(was.scheduleId, settings.jitterSeconds),
    };
    const times = isAnew ? timesFrom(calendar, was.scheduleId, settings) : kept;
    return { ...settings, ...times, dagName: given?.dagName ?? was.dagName, document: given?.document ?? null, updatedAt: clock.now() };
  };
  const change: ScheduleControl['change'] = async (scheduleId, body) => {
    // It may fire in between, or be changed by another: then it is read again.
    for (let tries = 0; tries < mostTries; tries++) {
      const was = await found(scheduleId);
      const wanted = await changedTo(was, body);
      const answer = await store.change(was, wanted);
      if (answer === 'name taken') throw nameTaken(wanted.name);
      if (answer === 'changed') return found(scheduleId);
    }
    throw refusal('SCHEDULE_CHANGED', `the schedule ${scheduleId} was changed by others ${mostTries} times meanwhile`);
  };
  return {
    create: async (body) => {
      const settings = settingsOf(body, DEFAULTS);
      const { calendar, given } = await checked(settings, body.dag, checkDag);
      const id = newId();
      const stored = { ...settings, ...timesFrom(calendar, id, settings), ...given!, updatedAt: clock.now() };
      if ((await store.create(id, stored)) === undefined) throw nameTaken(settings.name);
      return found(id);
    },
    change,
    pause: (scheduleId, who) => change(scheduleId, { ...who, paused: true }),
    resume: (scheduleId, who) => change(scheduleId, { ...who, paused: false }),
    remove: async (scheduleId) => {
      if (!(await store.remove(idOf(scheduleId)))) throw notFound(scheduleId);
    },
    trigger: async (scheduleId, { by }, key) => {
      const id = idOf(scheduleId);
      const at = await store.trigger(id, { at: clock.now(), key, by: by ?? null });
      if (at === undefined) throw notFound(scheduleId);
      await submitNow(id);
      const firing = (await views.firings(id, 1, at + 1))[0];
      if (firing === undefined) throw notFound(scheduleId);
      return firing;
    },
  };
};
