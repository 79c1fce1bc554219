/** The shapes of the API's answers, as present.ts writes them. */
import { DAG_STATUSES, TASK_STATUSES } from '../core/dag';

type Json = Readonly<Record<string, unknown>>;

const text: Json = { type: 'string' };
const count: Json = { type: 'integer', minimum: 0 };
const ms: Json = { type: 'number', minimum: 0 };
const uuid: Json = { type: 'string', format: 'uuid' };
const time: Json = { type: 'string', format: 'date-time' };
const timeOrNull: Json = { type: ['string', 'null'], format: 'date-time' };
const list = (items: Json): Json => ({ type: 'array', items });
const object = (properties: Readonly<Record<string, Json>>, optional: readonly string[] = []): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const dag = object({
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
  tags: list(text),
});

const error = object({ kind: { enum: ['HANDLER', 'TIMEOUT', 'LOST_WORKER', 'UNSTORABLE'] }, message: text, name: text, stack: text }, [
  'name',
  'stack',
]);

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

const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: 'null' }] });

const task = object({
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
  simulate: { type: ['object', 'null'] },
  workerId: { type: ['string', 'null'] },
  createdAt: time,
  queuedAt: timeOrNull,
  dispatchedAt: timeOrNull,
  startedAt: timeOrNull,
  completedAt: timeOrNull,
  retryAt: timeOrNull,
  progress: { type: ['number', 'null'], minimum: 0, maximum: 1 },
  timing,
  error: orNull({ $ref: '#/components/schemas/TaskError' }),
  payload: { description: 'The JSON value that was submitted.' },
  result: { description: 'The JSON value that the handler returned.' },
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

const worker = object({
  workerId: text,
  session: text,
  host: text,
  port: count,
  version: text,
  region: text,
  tags: list(text),
  types: list(text),
  slots: count,
  freeSlots: count,
  held: count,
  state: { enum: ['ACTIVE', 'DRAINING'] },
  lastHeartbeatAt: time,
});

const upOrDown: Json = { enum: ['UP', 'DOWN'] };

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

const page = (name: string): Json => object({ items: list({ $ref: `#/components/schemas/${name}` }), nextCursor: { type: ['string', 'null'] } });

/** All schemas of answers, by name. */
export const answerSchemas = (): Readonly<Record<string, Json>> => ({
  Dag: dag,
  DagPage: page('Dag'),
  Task: task,
  TaskPage: page('Task'),
  TaskError: error,
  Explanation: explanation,
  Worker: worker,
  Health: health,
  Problem: problem,
});
