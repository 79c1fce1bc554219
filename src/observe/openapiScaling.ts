/** The autoscaler's path and shapes, as autoscaling.ts writes them. */
import { count, list, ms, object, orNull, text, textOrNull, time } from './openapiShapes';
import { away, cursor, get, json, limit, ref, wrong, type Json } from './openapiWords';

const direction: Json = { enum: ['out', 'in', 'hold'] };
const driver: Json = { enum: ['local', 'kubernetes', 'docker'] };

const settings = object({
  enabled: { type: 'boolean' },
  dryRun: { type: 'boolean', description: 'It says what it would do, and does nothing.' },
  driver,
  min: count,
  max: count,
  targetWaitSeconds: ms,
  coolDownSeconds: ms,
});

const judgement: Json = {
  ...object({
    at: time,
    scheduler: { ...text, description: 'Who leads.' },
    before: { ...count, description: 'Workers that take work or are on their way.' },
    wanted: { ...count, description: 'Workers that there are to be.' },
    direction,
    reason: text,
    active: count,
    draining: count,
    starting: count,
    slots: { ...count, description: 'Of one worker.' },
    waiting: { ...count, description: 'Ready tasks that wait for room at a worker.' },
    running: { ...count, description: 'Slots that are taken.' },
    arrivalsPerSecond: ms,
    endsPerSecond: ms,
    serviceSeconds: { type: ['number', 'null'], minimum: 0, description: 'How long an attempt takes; null while none was seen to run.' },
  }),
  description: 'What the scheduler that leads thought at its last look.',
};

const scaling = object({
  scalingId: text,
  at: time,
  scheduler: text,
  driver,
  dryRun: { type: 'boolean' },
  before: count,
  wanted: count,
  direction,
  reason: text,
  done: { ...textOrNull, description: 'What was done; null while it is being done, and where its scheduler died meanwhile.' },
  error: { ...textOrNull, description: 'Why it could not be done.' },
});

export const scalingSchemas = (): Readonly<Record<string, Json>> => ({
  ScalingJudgement: judgement,
  Scaling: scaling,
  Autoscaling: object({
    settings,
    current: orNull(ref('ScalingJudgement')),
    decisions: object({ items: list(ref('Scaling')), nextCursor: textOrNull }),
  }),
});

export const scalingPaths = (): Readonly<Record<string, Json>> => ({
  '/api/v1/autoscaling': get({
    operationId: 'getAutoscaling',
    summary: 'How many workers there are to be and why, and what was decided, newest first',
    tag: 'Operation',
    parameters: [limit, cursor],
    answers: {
      200: json('The settings, the last look and a page of decisions; the header Link has the next one.', ref('Autoscaling')),
      400: wrong,
      503: away,
    },
  }),
});
