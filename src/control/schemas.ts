/** The bodies of commands: their JSON schemas (draft 2020-12) are what they are validated by and what the API's document shows. */
import { STORABLE } from '../core/boundedText';
import { LETTER_KINDS, POOL_PATTERN } from '../core/dag';
import { CHANNELS, NOTICE_EVENTS } from '../core/notices';
import { GATE_SCOPES, GATE_STATES } from '../core/gates';
import { CATCH_UP_POLICIES, LONGEST_JITTER_SECONDS, MOST_CAUGHT_UP, OVERLAP_POLICIES } from '../core/schedule';
import { LONGEST_WHO } from '../core/who';

type Json = Readonly<Record<string, unknown>>;

const LONGEST_NAME = 512;
export const MOST_NAMED_TASKS = 10_000;
export const MOST_LETTERS_AT_ONCE = 10_000;
export const DEFAULT_RATE_PER_SECOND = 50;

const text = (longest: number, description: string): Json => ({
  type: ['string', 'null'],
  minLength: 1,
  maxLength: longest,
  pattern: STORABLE,
  description,
});
const time = (description: string): Json => ({ type: ['string', 'null'], format: 'date-time', description });
const whole = (maximum: number, description: string): Json => ({ type: ['integer', 'null'], minimum: 1, maximum, description });
const anyJson = (description: string): Json => ({ description });

const who: Readonly<Record<string, Json>> = {
  by: text(LONGEST_WHO.by, 'Who asks, for the history.'),
  reason: text(LONGEST_WHO.reason, 'Why, for the history.'),
};

const object = (properties: Readonly<Record<string, Json>>, required: readonly string[] = []): Json => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...(required.length === 0 ? {} : { required }),
});

const downstream: Json = {
  type: ['boolean', 'null'],
  description: 'Whether what was skipped because of them runs as well; true by default.',
};
const payload = anyJson('A payload in the place of the stored one; null for none.');
const tasks = (description: string): Json => ({
  type: ['array', 'null'],
  minItems: 1,
  maxItems: MOST_NAMED_TASKS,
  items: { type: 'string', minLength: 1, maxLength: LONGEST_NAME },
  description,
});
const taskList = (task: Json, description: string): Json => ({ type: ['array', 'null'], maxItems: MOST_NAMED_TASKS, items: task, description });

const filter = object({
  kind: { type: ['array', 'null'], items: { enum: LETTER_KINDS }, description: 'One of these classes of failure.' },
  type: text(LONGEST_NAME, 'The type of the task.'),
  dagId: { type: ['string', 'null'], format: 'uuid' },
  dagName: text(LONGEST_NAME, 'The exact name, or its beginning followed by *.'),
  taskName: text(LONGEST_NAME, 'The exact name, or its beginning followed by *.'),
  failedAfter: time('Failed at this time or later.'),
  failedBefore: time('Failed before this time.'),
});

const gate: Readonly<Record<string, Json>> = {
  scope: { enum: GATE_SCOPES, description: 'Everything, one task type, or one pool.' },
  name: text(LONGEST_WHO.by, `The task type, or the pool (${POOL_PATTERN}); not for all.`),
};

const limit = object({
  ...who,
  maxRunning: whole(10_000, 'How many run at once in the whole cluster: of a pool or a type.'),
  perSecond: { type: ['number', 'null'], minimum: 0.001, maximum: 10_000, description: 'How many begin in a second, of each key: of a rate.' },
  burst: whole(10_000, 'How many begin at once after a silence: of a rate; what a second lets begin without it.'),
});

const required = (longest: number, description: string): Json => ({ ...text(longest, description), type: 'string' });
const choice = (choices: readonly string[], description: string): Json => ({ enum: [...choices, null], description });

const LONGEST_CRON = 200;
const LONGEST_NOTE = 2000;
const CRON = 'Minute, hour, day of the month, month, day of the week, like 30 6 * * MON-FRI; or a shorthand such as @daily.';

const scheduleSaid: Readonly<Record<string, Json>> = {
  timeZone: text(LONGEST_NAME, 'Of the IANA database, like Europe/Berlin; UTC by default.'),
  overlap: choice(
    OVERLAP_POLICIES,
    'What happens to a time while a DAG of the schedule is live: it fires (allow, the default), or is left out (skip).',
  ),
  catchUp: choice(CATCH_UP_POLICIES, 'Which times fire that came while nobody could fire them: none, the latest (the default), or all.'),
  catchUpLimit: whole(MOST_CAUGHT_UP, 'How many are caught up at the most where all are: the newest. 100 by default.'),
  jitterSeconds: {
    type: ['number', 'null'],
    minimum: 0,
    maximum: LONGEST_JITTER_SECONDS,
    description: 'It fires up to so much later, always by the same delay, so that schedules of the same times are spread.',
  },
  paused: { type: ['boolean', 'null'], description: 'Whether its times pass until it is resumed.' },
  note: { ...text(LONGEST_NOTE, 'What it is for, or whose it is.'), minLength: 0 },
  ...who,
};

const NAME = 'No two schedules have the same.';
const scheduleBodies = (dag: Json): Readonly<Record<'ScheduleBody' | 'SchedulePatchBody', Json>> => ({
  ScheduleBody: object({ name: required(LONGEST_NAME, NAME), cron: required(LONGEST_CRON, CRON), ...scheduleSaid, dag }, ['name', 'cron', 'dag']),
  SchedulePatchBody: object({ name: text(LONGEST_NAME, NAME), cron: text(LONGEST_CRON, CRON), ...scheduleSaid, dag }),
});

const LONGEST_URL = 2048;
const MOST_ADDRESSES = 10;
const MOST_TAGS = 50;

const subscription: Readonly<Record<string, Json>> = {
  name: { type: 'string', minLength: 1, maxLength: 100, pattern: STORABLE, description: 'By which people know it; no other one has it.' },
  url: { type: ['string', 'null'], minLength: 1, maxLength: LONGEST_URL, pattern: STORABLE, description: 'Of a webhook: http or https.' },
  addresses: {
    type: ['array', 'null'],
    maxItems: MOST_ADDRESSES,
    items: { type: 'string', minLength: 3, maxLength: 320, pattern: STORABLE },
    description: 'Of e-mail.',
  },
  events: { type: 'array', minItems: 1, maxItems: NOTICE_EVENTS.length, items: { enum: NOTICE_EVENTS }, description: 'What is told.' },
  dagName: text(LONGEST_NAME, 'Only DAGs of this name, * standing for any characters; all without it.'),
  tags: {
    type: ['array', 'null'],
    maxItems: MOST_TAGS,
    items: { type: 'string', minLength: 1, maxLength: LONGEST_NAME, pattern: STORABLE },
    description: 'Only DAGs that have one of these tags; all without any.',
  },
  enabled: { type: ['boolean', 'null'], description: 'Whether anything is told; what waits stays where it is while nothing is.' },
  by: who.by!,
};

const subscriptionBodies = {
  SubscriptionBody: object(
    {
      ...subscription,
      channel: { enum: CHANNELS },
      secret: text(200, 'Signs what is sent to a webhook: whsec_ and 24 to 64 bytes in base64. One is made where none is given.'),
    },
    ['name', 'channel', 'events'],
  ),
  SubscriptionChangeBody: object(subscription),
};

export const CONTROL_BODIES = [
  'CommandBody',
  'RetryDagBody',
  'RerunDagBody',
  'EditDagBody',
  'RetryTaskBody',
  'HoldTaskBody',
  'MarkTaskBody',
  'ReplayBody',
  'BulkReplayBody',
  'BulkDiscardBody',
  'PauseGateBody',
  'ResumeGateBody',
  'DrainWorkerBody',
  'LimitBody',
  'ScheduleBody',
  'SchedulePatchBody',
  'SubscriptionBody',
  'SubscriptionChangeBody',
] as const;
export type ControlBody = (typeof CONTROL_BODIES)[number];

const commandBodies = (task: Json) => ({
  CommandBody: object(who),
  RetryDagBody: object({
    ...who,
    tasks: tasks('Names or ids of failed or cancelled tasks; all of them without it.'),
    downstream,
    payload: anyJson('A payload in the place of the stored one, where exactly one task is named; null for none.'),
  }),
  RerunDagBody: object({ ...who, from: text(LONGEST_NAME, 'Name or id of a task: it and everything after it. The whole DAG without it.') }),
  EditDagBody: object({
    ...who,
    add: taskList(task, 'New tasks; they may depend on any task of the DAG as it will be.'),
    replace: taskList(task, 'Tasks that have not begun, by their names, as they shall be.'),
    remove: tasks('Names of tasks that have not begun and that nothing depends on then.'),
  }),
  RetryTaskBody: object({ ...who, downstream, payload }),
  HoldTaskBody: object({ ...who, resumeAt: time('When it is released by itself; held until it is released by hand without it.') }),
  MarkTaskBody: object({ ...who, as: { enum: ['COMPLETED', 'FAILED'] }, result: anyJson('What its dependents read; for COMPLETED only.') }, ['as']),
  ReplayBody: object({ ...who, payload }),
  BulkReplayBody: object(
    {
      ...who,
      filter,
      payload,
      ratePerSecond: {
        type: ['number', 'null'],
        exclusiveMinimum: 0,
        maximum: 10_000,
        description: `How many tasks start in a second; ${DEFAULT_RATE_PER_SECOND} by default.`,
      },
    },
    ['filter'],
  ),
  BulkDiscardBody: object({ ...who, filter }, ['filter']),
  PauseGateBody: object({ ...gate, ...who, until: time('When it ends by itself; only when it is resumed without it.') }, ['scope']),
  ResumeGateBody: object(
    {
      ...gate,
      by: who.by!,
      state: { enum: [...GATE_STATES, null], description: 'What is to end: PAUSED by default; QUARANTINED lets a type out of its quarantine.' },
    },
    ['scope'],
  ),
  DrainWorkerBody: object({
    ...who,
    stay: { type: ['boolean', 'null'], description: 'Whether it stays without taking anything, until it is resumed; it leaves by default.' },
  }),
  LimitBody: limit,
});

/** Each body by its name, with the schemas that tasks of an edit and DAGs of schedules have. */
export const bodySchemas = ({ task, dag }: { readonly task: Json; readonly dag: Json }): Readonly<Record<ControlBody, Json>> => ({
  ...commandBodies(task),
  ...scheduleBodies(dag),
  ...subscriptionBodies,
});
