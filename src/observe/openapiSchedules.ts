/** The paths and shapes of schedules, as schedules.ts writes them. */
import { DAG_STATUSES } from '../core/dag';
import { CATCH_UP_POLICIES, CAUSES, FIRING_STATES, OVERLAP_POLICIES } from '../core/schedule';
import { count, list, ms, object, orNull, page, text, textOrNull, time, timeOrNull, uuid } from './openapiShapes';
import { away, cursor, get, idempotencyKey, inPath, inQuery, json, limit, missing, problem, ref, sending, wrong, type Json } from './openapiWords';

const dagIdOrNull: Json = { type: ['string', 'null'], format: 'uuid' };
const dagStatus: Json = orNull({ enum: DAG_STATUSES });

const facts: Readonly<Record<string, Json>> = {
  scheduleId: uuid,
  name: text,
  cron: text,
  timeZone: text,
  dagName: { ...text, description: 'Of the DAG that it submits.' },
  state: { enum: ['ACTIVE', 'PAUSED'] },
  overlap: { enum: OVERLAP_POLICIES },
  catchUp: { enum: CATCH_UP_POLICIES },
  catchUpLimit: count,
  jitterSeconds: ms,
  note: textOrNull,
  by: { ...textOrNull, description: 'Who changed it last.' },
  reason: { ...textOrNull, description: 'Why.' },
  createdAt: time,
  updatedAt: time,
  nextFireAt: { ...timeOrNull, description: 'The time that fires next; null while it is paused, and where none comes any more.' },
  lastFireAt: { ...timeOrNull, description: 'The last time that a DAG was submitted for.' },
  lastDagId: dagIdOrNull,
  lastDagStatus: { ...dagStatus, description: 'Null where there was none, or it is deleted.' },
};

const firing = object({
  fireTime: { ...time, description: 'The time that it is for: scheduledFor of its DAG.' },
  cause: { enum: CAUSES },
  state: { enum: FIRING_STATES },
  dagId: dagIdOrNull,
  dagStatus,
  reason: textOrNull,
  by: textOrNull,
  dueAt: time,
  settledAt: timeOrNull,
});

export const scheduleSchemas = (): Readonly<Record<string, Json>> => ({
  Schedule: object(facts),
  ScheduleDetail: object({
    ...facts,
    nextFireTimes: list(time),
    firings: { ...list(ref('Firing')), description: 'The latest 20.' },
    dag: ref('DagDto'),
  }),
  SchedulePage: page('Schedule'),
  Firing: firing,
  FiringPage: page('Firing'),
  SchedulePreview: object({ cron: text, timeZone: text, nextFireTimes: list(time) }),
});

const id = inPath('scheduleId');
const none = missing('schedule');
const taken = problem('There is another schedule of this name, or it is being changed by somebody else.');

const command = (verb: 'pause' | 'resume', summary: string): [string, Json] => [
  `/api/v1/schedules/{scheduleId}/${verb}`,
  {
    post: sending({
      operationId: `${verb}Schedule`,
      summary,
      tag: 'Schedules',
      parameters: [id],
      body: 'CommandBody',
      answers: { 200: json('The schedule as it is now.', ref('Schedule')), 404: none, 409: taken },
    }),
  },
];

const one = (): Json => ({
  ...get({
    operationId: 'getSchedule',
    summary: 'Get a schedule with its next times and its latest firings',
    tag: 'Schedules',
    parameters: [id],
    answers: { 200: json('The schedule.', ref('ScheduleDetail')), 400: wrong, 404: none, 503: away },
  }),
  patch: sending({
    operationId: 'changeSchedule',
    summary: 'Change a schedule: what is not said stays',
    tag: 'Schedules',
    parameters: [id],
    body: 'SchedulePatchBody',
    answers: { 200: json('The schedule as it is now.', ref('Schedule')), 404: none, 409: taken },
  }),
  delete: {
    operationId: 'removeSchedule',
    summary: 'Remove a schedule with its firings; its DAGs stay',
    tags: ['Schedules'],
    parameters: [id],
    responses: { 204: { description: 'It is gone.' }, 400: wrong, 404: none, 503: away },
  },
});

const all = (): Json => ({
  ...get({
    operationId: 'listSchedules',
    summary: 'List schedules, by name',
    tag: 'Schedules',
    parameters: [limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('SchedulePage')), 400: wrong, 503: away },
  }),
  post: sending({
    operationId: 'createSchedule',
    summary: 'Have the clock submit a DAG',
    tag: 'Schedules',
    body: 'ScheduleBody',
    answers: { 201: json('It is there.', ref('Schedule')), 409: taken },
  }),
});

const preview = (): Json =>
  get({
    operationId: 'previewSchedule',
    summary: 'The next times of a cron expression',
    tag: 'Schedules',
    parameters: [
      { ...inQuery('cron', { type: 'string', maxLength: 200 }, 'Five fields, or a shorthand such as @daily.'), required: true },
      inQuery('timeZone', { type: 'string', default: 'UTC' }, 'Of the IANA database.'),
      inQuery('count', { type: 'integer', minimum: 1, maximum: 50, default: 5 }, 'How many.'),
    ],
    answers: { 200: json('The times.', ref('SchedulePreview')), 400: wrong },
  });

export const schedulePaths = (): Readonly<Record<string, Json>> => ({
  '/api/v1/schedules': all(),
  '/api/v1/schedules/preview': preview(),
  '/api/v1/schedules/{scheduleId}': one(),
  '/api/v1/schedules/{scheduleId}/firings': get({
    operationId: 'listFirings',
    summary: 'The firings of a schedule, newest first',
    tag: 'Schedules',
    parameters: [id, limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('FiringPage')), 400: wrong, 404: none, 503: away },
  }),
  ...Object.fromEntries([command('pause', 'Pause a schedule: its times pass'), command('resume', 'Resume a paused schedule from its next time on')]),
  '/api/v1/schedules/{scheduleId}/trigger': {
    post: sending({
      operationId: 'triggerSchedule',
      summary: 'Submit the DAG of a schedule now, whatever its time and state',
      tag: 'Schedules',
      parameters: [id, idempotencyKey],
      body: 'CommandBody',
      answers: {
        200: json('Submitted, or refused: `state` and `reason` tell.', ref('Firing')),
        202: json('Noted: it is submitted as soon as that is possible.', ref('Firing')),
        404: none,
      },
    }),
  },
});
