/** The shapes of the API's answers: those about DAGs and tasks, as present.ts writes them, and with them all others. */
import { DAG_ORDERS, DAG_STATUSES, FAILURE_KINDS, TASK_STATUSES, TRIGGER_RULES } from '../core/dag';
import { clusterSchemas } from './openapiClusterSchemas';
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
  ...object(
    {
      code: text,
      at: time,
      by: textOrNull,
      message: textOrNull,
      resumeAt: time,
      approval: {
        enum: ['REQUIRED', 'AWAITED'],
        description: 'Nobody has approved the task. AWAITED: only that is waited for, since the time that `at` says.',
      },
    },
    ['resumeAt', 'approval'],
  ),
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
    requiresApproval: { type: 'boolean' },
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

const problem = object(
  {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    code: text,
    requestId: text,
    errors: list(object({ path: text, message: text })),
    retryAfterSeconds: count,
  },
  ['requestId', 'errors', 'retryAfterSeconds'],
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
  ...clusterSchemas(),
  Problem: problem,
  ...controlSchemas(),
  ...ofOtherFiles(),
  ...liveSchemas(),
  ...logSchemas(),
});
