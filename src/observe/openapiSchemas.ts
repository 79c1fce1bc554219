/** The shapes of the API's answers, as present.ts writes them. */
import { STORABLE } from '../core/boundedText';
import { DAG_ORDERS, DAG_STATUSES, FAILURE_KINDS, TASK_STATUSES, TRIGGER_RULES } from '../core/dag';
import { GATE_SCOPES, GATE_STATES } from '../core/gates';
import { LIMIT_SCOPES } from '../core/limits';
import { LONGEST_WHO } from '../core/who';
import { controlSchemas } from './openapiControlSchemas';
import { liveSchemas } from './openapiLive';
import { logSchemas } from './openapiLogs';
import { notificationSchemas } from './openapiNotifications';
import { scalingSchemas } from './openapiScaling';
import { count, list, ms, object, orNull, page, text, textOrNull, time, timeOrNull, uuid } from './openapiShapes';
import { ref, type Json } from './openapiWords';

const dagFields = {
  id: { type: 'integer' },
  dagId: uuid,
  dagName: text,
  description: { type: ['string', 'null'] },
  status: { enum: DAG_STATUSES },
  totalTasks: count,
  completedTasks: count,
  failedTasks: count,
  skippedTasks: count,
  cancelledTasks: count,
  createdAt: time,
  startedAt: timeOrNull,
  completedAt: timeOrNull,
  dueAt: { ...timeOrNull, description: 'When it is ended if it is not final by then.' },
  lateAt: { ...timeOrNull, description: 'When it counts as late if it is not final by then; null for never.' },
  maxRunning: { type: ['integer', 'null'], description: 'How many of its tasks run at once; null for any number.' },
  tenant: { type: ['string', 'null'], description: 'For whom it runs; null where its name stands for that.' },
  order: { enum: DAG_ORDERS, description: 'Which of its ready tasks go first.' },
  scheduleId: { type: ['string', 'null'], format: 'uuid', description: 'The schedule that submitted it; null where somebody else did.' },
  scheduledFor: { ...timeOrNull, description: 'The time of that schedule that it is for.' },
  reason: orNull(ref('Reason')),
  version: { ...count, description: 'How often its graph was changed.' },
  tags: list(text),
};

const reason: Json = {
  ...object({ code: text, at: time, by: textOrNull, message: textOrNull, resumeAt: time }, ['resumeAt']),
  description: 'Why it is in a state that its dependencies do not explain.',
};

const options: Json = {
  type: 'object',
  properties: {
    triggerRule: { enum: TRIGGER_RULES },
    queueTimeoutSeconds: ms,
    progressTimeoutSeconds: ms,
    totalTimeoutSeconds: ms,
    noRetryOn: list(text),
    maxTimeoutRetries: count,
    pool: text,
    rateLimit: object({ name: text, key: text }, ['key']),
    idempotent: { type: 'boolean' },
    speculative: { type: 'boolean' },
  },
  description: 'What was said beside the ordinary; a field that is absent has the default.',
};

const budgets: Json = {
  type: 'object',
  properties: { timeouts: count, deaths: count, kills: count, losses: count },
  description: 'Failures that have a budget of their own; what is absent is 0.',
};

const error = object(
  {
    kind: { enum: FAILURE_KINDS },
    message: text,
    name: text,
    code: text,
    stack: text,
    retryAfterMs: ms,
    evidence: { type: 'object', description: 'What the verdict rests on: the last heartbeat, an exit code, a signal.' },
  },
  ['name', 'code', 'stack', 'retryAfterMs', 'evidence'],
);

const backoff = object({
  type: { enum: ['exponential', 'linear', 'fixed'] },
  initialMs: ms,
  factor: { type: 'number' },
  maxMs: ms,
  jitter: { type: 'number' },
});

const timing: Json = {
  ...object({
    blockedMs: ms,
    queuedMs: ms,
    dispatchedMs: ms,
    runningMs: ms,
    retryWaitMs: ms,
    current: { type: ['string', 'null'], description: 'The stage that the task is in now.' },
  }),
  description: 'Milliseconds in each stage, over all attempts.',
};

const taskFields = {
  taskId: uuid,
  dagId: uuid,
  taskName: text,
  type: text,
  status: { enum: TASK_STATUSES },
  dependencies: list(text),
  priority: { type: 'integer', minimum: 0, maximum: 9 },
  tags: list(text),
  attempt: count,
  maxRetries: count,
  backoff,
  timeoutSeconds: { type: ['number', 'null'] },
  options,
  simulate: { type: ['object', 'null'] },
  workerId: { type: ['string', 'null'] },
  createdAt: time,
  queuedAt: timeOrNull,
  dispatchedAt: timeOrNull,
  startedAt: timeOrNull,
  completedAt: timeOrNull,
  retryAt: timeOrNull,
  dueAt: { ...timeOrNull, description: 'The next time at which something happens by itself.' },
  reason: orNull(ref('Reason')),
  budgets,
  progress: { type: ['number', 'null'], minimum: 0, maximum: 1 },
  timing,
  error: orNull({ $ref: '#/components/schemas/TaskError' }),
  payload: { description: 'The JSON value that was submitted.' },
  result: { description: 'The JSON value that the handler returned.' },
};

const gate = object({
  scope: { enum: GATE_SCOPES },
  name: { ...textOrNull, description: 'The task type or the pool; null for everything.' },
  state: { enum: GATE_STATES },
  probing: { type: 'boolean', description: 'The quarantine is over but for a few tasks that show whether the type works again.' },
  reason: textOrNull,
  by: textOrNull,
  since: time,
  until: { ...timeOrNull, description: 'When it ends by itself, or when the first probes are let through.' },
  endedAt: timeOrNull,
  trips: { ...count, description: 'How often the breaker tripped in a row.' },
});

const limit = object({
  scope: { enum: LIMIT_SCOPES },
  name: { ...text, description: 'The pool, the task type, or the name that tasks give a rate.' },
  maxRunning: { type: ['integer', 'null'], description: 'How many run at once; null for a rate.' },
  perSecond: { type: ['number', 'null'], description: 'How many begin in a second, of each key; null for a pool and a type.' },
  burst: { type: ['integer', 'null'], description: 'How many begin at once after a silence; null for a pool and a type.' },
  running: {
    type: ['integer', 'null'],
    description: 'How many run now, or are on their way; null for a rate, and where Redis could not say.',
  },
  reason: textOrNull,
  by: textOrNull,
  updatedAt: time,
});

const condition = object({ code: text, sentence: text, details: { type: 'object' } });

const explanation = object({
  taskId: uuid,
  dagId: uuid,
  taskName: text,
  status: { enum: TASK_STATUSES },
  summary: text,
  conditions: list(condition),
  holder: orNull(object({ workerId: text, attempt: count, since: timeOrNull })),
});

const workerFields = {
  workerId: text,
  session: text,
  host: text,
  port: count,
  version: text,
  region: text,
  tags: list(text),
  types: list(text),
  slots: { ...count, description: 'How many tasks it runs at once, or batches of tasks.' },
  perSlot: {
    type: 'object',
    additionalProperties: count,
    description: 'By task type, how many tasks its handler takes in one slot; types that are not there take one each.',
  },
  freeSlots: count,
  held: { ...count, description: 'Tasks that it runs or that wait there; of a lost one those that it had.' },
  running: { ...count, description: 'Those of them that run: all for which it has slots.' },
  state: { enum: ['ACTIVE', 'DRAINING', 'LOST'], description: 'A lost worker is shown for ten minutes.' },
  lastHeartbeatAt: time,
};

const workerTask = object({ taskId: uuid, dagId: uuid, taskName: text, type: text, attempt: count, startedAt: timeOrNull });

const words = (longest: number): Json => ({ type: ['string', 'null'], minLength: 1, maxLength: longest, pattern: STORABLE });

const doctorFields = {
  findings: count,
  dags: { ...count, description: 'Live DAGs that were looked at.' },
  tookMs: ms,
  checks: list(
    object({
      check: text,
      title: { ...text, description: 'What should be so.' },
      count,
      unknown: { type: ['string', 'null'], description: 'Why the check could not be made.' },
      examples: { ...list(text), description: 'At most 20 findings.' },
      repair: { ...text, description: 'What a repair would do.' },
    }),
  ),
};

const upOrDown: Json = { enum: ['UP', 'DOWN'] };

const target: Json = {
  ...object({
    targets: { ...list(text), description: 'One address, host:port.' },
    labels: { type: 'object', additionalProperties: text, description: 'The role, and how to ask where that is not plain HTTP at the usual path.' },
  }),
  description: 'A process whose metrics can be scraped.',
};

const health = object({
  status: upOrDown,
  components: { type: 'object', additionalProperties: object({ status: upOrDown, latencyMs: ms, error: text }, ['error']) },
});

const problem = object(
  {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    code: text,
    requestId: text,
    errors: list(object({ path: text, message: text })),
  },
  ['requestId', 'errors'],
);

/** How one submission of a batch ended. */
const submissionResult = object(
  { index: count, status: { type: 'integer', minimum: 201, maximum: 599 }, replayed: { type: 'boolean' }, dag: ref('Dag'), problem: ref('Problem') },
  ['replayed', 'dag', 'problem'],
);

const taskDetail = object({
  ...taskFields,
  attempts: list(ref('Attempt')),
  checkpoint: { description: 'The JSON value that its handler kept last for the next attempt; null for none, and once it is completed.' },
});

const ofOtherFiles = (): Readonly<Record<string, Json>> => ({ ...scalingSchemas(), ...notificationSchemas() });

/** All schemas of answers, by name. */
export const answerSchemas = (): Readonly<Record<string, Json>> => ({
  Dag: object(dagFields),
  DagDetail: object({
    ...dagFields,
    expectedEndAt: {
      ...timeOrNull,
      description:
        'When it is expected to end, by what its tasks took before: no sooner than its longest path and the slots of all workers allow. ' +
        'Null while that is not known, while it is paused, and once it is over.',
    },
  }),
  DagPage: page('Dag'),
  SubmissionResult: submissionResult,
  ValidDag: object({ dagName: text, totalTasks: count, totalDependencies: count }),
  BatchResult: object({ accepted: count, refused: count, results: list(ref('SubmissionResult')) }),
  Task: object(taskFields),
  TaskDetail: taskDetail,
  Reason: reason,
  TaskPage: page('Task'),
  TaskError: error,
  Explanation: explanation,
  Worker: object(workerFields),
  WorkerDetail: object({
    ...workerFields,
    tasks: { ...list(workerTask), description: 'What runs there for longer than a moment, at most 100.' },
  }),
  WorkerAnswer: { ...object({ worker: orNull(ref('Worker')) }), description: 'The worker as it is now; null where it has gone.' },
  Gate: gate,
  Limit: limit,
  LimitAnswer: object({ changed: { type: 'boolean' }, limit: ref('Limit') }),
  GateAnswer: object({ changed: { type: 'boolean' }, gate: orNull(ref('Gate')) }),
  DoctorReport: object(doctorFields),
  DoctorRepair: object({ ...doctorFields, repaired: { type: 'object', additionalProperties: count } }),
  RepairBody: {
    type: 'object',
    properties: {
      checks: { ...list(text), description: 'All of them without it.' },
      by: { ...words(LONGEST_WHO.by), description: 'Who asks, for the history.' },
      reason: { ...words(LONGEST_WHO.reason), description: 'Why, for the history.' },
    },
    additionalProperties: false,
  },
  Health: health,
  PrometheusTarget: target,
  Problem: problem,
  ...controlSchemas(),
  ...ofOtherFiles(),
  ...liveSchemas(),
  ...logSchemas(),
});
