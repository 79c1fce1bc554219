/** What is shown live, as live/overview.ts and live/stream.ts write it. */
import { MOST_TOPICS } from './live/topics';
import { count, list, object, orNull, text, time, uuid } from './openapiShapes';
import { get, json, problem, ref, wrong, type Json } from './openapiWords';

const perSecond: Json = {
  ...object({
    finished: { type: 'number' },
    completed: { type: 'number' },
    failed: { type: 'number' },
    skipped: { type: 'number' },
    cancelled: { type: 'number' },
  }),
  description: 'Tasks that ended, as they ended, per second: over the last five.',
};

const recent: Json = {
  ...object({
    seconds: { ...count, description: 'How long ago this begins: 300.' },
    completed: count,
    failed: count,
    skipped: count,
    cancelled: count,
    successRate: {
      type: ['number', 'null'],
      minimum: 0,
      maximum: 100,
      description: 'Percent COMPLETED of COMPLETED and FAILED; null where none ended.',
    },
  }),
  description: 'Tasks that ended in the last five minutes. Retries are not counted.',
};

const overviewFields = {
  at: time,
  schedulers: { ...list(text), description: 'Who told its figures within the last ten seconds: what is summed is theirs.' },
  perSecond,
  recent,
  queued: {
    ...object({ total: count, byPriority: { type: 'object', additionalProperties: count } }),
    description: 'Ready tasks that wait for a worker; priorities that nothing waits at are left out.',
  },
  liveDags: { ...count, description: 'DAGs that are not final.' },
  workers: object({ active: count, draining: count, slots: count, slotsTaken: count }),
  health: { ...ref('Health'), description: 'Of the scheduler that answers.' },
  failures: { ...list(ref('DeadLetter')), description: 'The last tasks that gave up, newest first, ten at the most.' },
};

const curve: Json = { type: 'array', items: { type: ['integer', 'null'] } };
const curves = (items: Json): Json => ({ type: 'object', additionalProperties: { type: 'array', items } });

const history: Json = {
  ...object({
    stepSeconds: { ...count, description: 'A point stands for so many seconds: 5.' },
    from: { ...time, description: 'When the first point begins.' },
    completed: { ...curve, description: 'Tasks COMPLETED within the step.' },
    failed: curve,
    skipped: curve,
    cancelled: curve,
    queued: { ...curve, description: 'At the end of the step, as all that follows.' },
    queuedByPriority: { ...curves({ type: ['integer', 'null'] }), description: 'A curve for each priority at which anything waited.' },
    liveDags: curve,
    workers: curve,
    slots: curve,
    slotsTaken: curve,
    health: {
      ...curves({ type: ['boolean', 'null'] }),
      description: 'Of each dependency: true where every scheduler found it up.',
    },
  }),
  description: 'The last quarter of an hour in 180 points, oldest first, without the step that is not over; null where nobody told anything.',
};

const changedDags: Json = {
  ...object({
    changed: { ...list(ref('Dag')), description: 'As they are now, in no order; 50 at the most, newest DAGs first chosen.' },
    removed: { ...list(uuid), description: 'DAGs that were deleted.' },
    more: { type: 'boolean', description: 'Others changed, too: read the list again, though not more often than every few seconds.' },
  }),
  description: 'Data of the event dags: once a second at the most.',
};

const changedDag: Json = {
  ...object({
    dagId: uuid,
    dag: { ...orNull(ref('Dag')), description: 'As it is now; null where it was deleted.' },
    tasks: { ...list(ref('Task')), description: 'Those that changed, and those whose dependencies did; 500 at the most, the others follow.' },
  }),
  description: 'Data of the event dag: twice a second at the most, but for a large DAG.',
};

export const liveSchemas = (): Readonly<Record<string, Json>> => ({
  OverviewNow: { ...object(overviewFields), description: 'Data of the event overview: once a second at the most.' },
  Overview: object({ ...overviewFields, history }),
  ChangedDags: changedDags,
  ChangedDag: changedDag,
  StreamReset: {
    ...object({ reason: text }),
    description: 'Data of the event reset: something may have been missed. Read anew what is shown; the stream goes on.',
  },
});

const STREAM =
  'Server-sent events. `event:` is overview (OverviewNow), dags (ChangedDags), workers (the list of workers, when it changed), dag (ChangedDag), reset (StreamReset) or alive ({}, every 15 seconds: where nothing comes for longer, connect again); ' +
  '`data:` is JSON on one line. The first overview and workers come at once. Each event holds states, never differences: the same may be told twice. ' +
  '`id:` is opaque; with it as Last-Event-ID any scheduler goes on where the stream was cut, for a minute; later, or where nobody knows what was missed, there is a reset. ' +
  'Open the stream first and read what is shown then: nothing is missed between. Who reads too slowly is told reset, too.';

export const livePaths = (): Readonly<Record<string, Json>> => ({
  '/api/v1/overview': get({
    operationId: 'getOverview',
    summary: 'The figures of the whole system, now and in the last quarter of an hour',
    tag: 'Operation',
    answers: { 200: json('The figures, a second old at the most.', ref('Overview')), 400: wrong },
  }),
  '/api/v1/stream': get({
    operationId: 'stream',
    summary: 'What changes, as it changes',
    tag: 'Operation',
    parameters: [
      {
        name: 'topics',
        in: 'query',
        required: true,
        schema: { type: 'string', maxLength: 2048 },
        description: `What to hear of, with commas between: overview, dags, workers, dag:<dagId>; ${MOST_TOPICS} at the most.`,
      },
      { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' }, description: 'The id of the last event that was read.' },
    ],
    answers: {
      200: { description: STREAM, content: { 'text/event-stream': { schema: text } } },
      400: wrong,
      503: problem('A thousand clients are told already, or the scheduler stops: the header Retry-After says when to come again.'),
    },
  }),
});
