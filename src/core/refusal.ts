/**
 * Every error that a client of the API can meet: one table of code, status and sentence. docs/errors.md is written from
 * it. Failures of the world around the engine (failure.ts) have their rows here too, so that both reach a client alike.
 */
import { isFailure, type FailureCode } from './failure';

export interface ErrorRow {
  readonly status: number;
  /** What it is, the same for every occurrence. */
  readonly title: string;
  /** What to do about it. */
  readonly remedy: string;
}

export const REFUSALS = {
  MALFORMED_JSON: { status: 400, title: 'The body is not JSON', remedy: 'Mend the body at the line and column that the detail names.' },
  WRONG_SHAPE: {
    status: 400,
    title: 'The body has wrong fields',
    remedy: 'Each wrong field is listed with its path; /api/v1/openapi.json has the schema.',
  },
  WRONG_PARAMETER: { status: 400, title: 'A parameter is wrong', remedy: 'Mend the parameter that is named; /docs describes them all.' },
  WRONG_ID: { status: 400, title: 'The id is no UUID', remedy: 'Use the dagId or taskId that the API answered.' },
  UNSUPPORTED_ENCODING: { status: 415, title: 'The content encoding is unknown', remedy: 'Send the body plain, or with gzip, deflate or br.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is unknown', remedy: 'Send JSON with the header Content-Type: application/json.' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The method is not allowed here', remedy: 'The header Allow lists the methods of this path.' },
  NO_SUCH_PATH: { status: 404, title: 'There is nothing at this path', remedy: 'All paths are described at /docs.' },
  DAG_NOT_FOUND: { status: 404, title: 'There is no such DAG', remedy: 'GET /api/v1/dags lists what there is.' },
  TASK_NOT_FOUND: { status: 404, title: 'There is no such task', remedy: 'GET /api/v1/dags/{dagId}/tasks lists the tasks of a DAG.' },
  COMMAND_NOT_FOUND: { status: 404, title: 'There is no such command', remedy: 'GET /api/v1/dags/{dagId}/commands lists the commands of a DAG.' },
  LETTER_NOT_FOUND: { status: 404, title: 'There is no such dead letter', remedy: 'GET /api/v1/dead-letters lists what there is.' },
  TYPE_NOT_FOUND: {
    status: 404,
    title: 'There is no such task type',
    remedy: 'The detail lists the types of this deployment; GET /api/v1/workers shows which workers run them.',
  },
  SCHEDULE_NOT_FOUND: { status: 404, title: 'There is no such schedule', remedy: 'GET /api/v1/schedules lists what there is.' },
  SCHEDULE_EXISTS: {
    status: 409,
    title: 'There is a schedule of this name',
    remedy: 'Change that one with PATCH /api/v1/schedules/{scheduleId}, or choose another name.',
  },
  SCHEDULE_CHANGED: { status: 409, title: 'The schedule is being changed by somebody else', remedy: 'Look at it as it is now, and try again.' },
  LIMIT_NOT_FOUND: { status: 404, title: 'There is no such limit', remedy: 'GET /api/v1/limits lists what there is.' },
  SUBSCRIPTION_NOT_FOUND: { status: 404, title: 'There is no such subscription', remedy: 'GET /api/v1/subscriptions lists what there is.' },
  DELIVERY_NOT_FOUND: {
    status: 404,
    title: 'There is no such delivery',
    remedy: 'GET /api/v1/subscriptions/{subscriptionId}/deliveries lists what there is; old ones are removed.',
  },
  SUBSCRIPTION_EXISTS: {
    status: 409,
    title: 'There is a subscription of this name',
    remedy: 'Choose another name, or change the one that is there.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: 409,
    title: 'There are as many subscriptions as there may be',
    remedy: 'Remove one that nobody needs, or raise the setting notifications.subscriptions.',
  },
  NO_EMAIL: {
    status: 409,
    title: 'This installation sends no e-mail',
    remedy: 'Set notifications.smtp.url and notifications.smtp.from, or use a webhook.',
  },
  WORKER_NOT_FOUND: { status: 404, title: 'There is no such worker', remedy: 'GET /api/v1/workers lists who lives, and who was lost lately.' },
  WORKER_LEAVING: {
    status: 409,
    title: 'The worker is leaving already',
    remedy: 'Start another worker: what was asked of this one is not taken back.',
  },
  COMMAND_REFUSED: {
    status: 409,
    title: 'The command makes no sense in the present state',
    remedy: 'The detail says why, and what to do instead.',
  },
  DAG_NOT_FINAL: { status: 409, title: 'The DAG is still live', remedy: 'Cancel it first, or wait for its end.' },
  LETTER_CLOSED: { status: 409, title: 'The dead letter is closed', remedy: 'What it tells of can still be retried as a task.' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large', remedy: 'Send less at once; of a DAG the limit is the setting limits.bodyBytes.' },
  DAG_TOO_LARGE: { status: 413, title: 'The DAG is beyond the limits', remedy: 'Divide the DAG, or raise the limit that is named.' },
  BACKLOG_FULL: {
    status: 429,
    title: 'Too much work waits already',
    remedy:
      'Try again after the time that the header Retry-After names; more workers bring it nearer, and the setting limits.openTasks raises the limit.',
  },
  INVALID_DAG: { status: 422, title: 'The DAG cannot be run', remedy: 'Each problem is listed with its path.' },
  INVALID_EDIT: { status: 422, title: 'The change of the DAG cannot be made', remedy: 'Each problem is listed with its path.' },
  COMMAND_TOO_LARGE: { status: 413, title: 'The command is too large', remedy: 'Divide it into several.' },
  KEY_REUSED: {
    status: 422,
    title: 'The idempotency key belongs to another body',
    remedy: 'Use a new Idempotency-Key for a new submission or command.',
  },
  UNEXPECTED: { status: 500, title: 'Something unexpected went wrong', remedy: "The server's log has the cause under the request id." },
} as const satisfies Record<string, ErrorRow>;

export type RefusalCode = keyof typeof REFUSALS;

export const FAILURES: Readonly<Record<FailureCode, ErrorRow>> = {
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The database is out of reach',
    remedy: 'Try again; an Idempotency-Key makes a repeated submission safe.',
  },
  BROKER_UNAVAILABLE: { status: 503, title: 'Kafka is out of reach', remedy: 'Try again in a moment.' },
  LEASES_UNAVAILABLE: { status: 503, title: 'Redis is out of reach', remedy: 'Try again in a moment.' },
  OVERLOADED: {
    status: 503,
    title: 'There is more work than the server takes at once',
    remedy: 'Try again after the time that the header Retry-After names.',
  },
  UNSTORABLE: {
    status: 422,
    title: 'The content cannot be stored',
    remedy: "Simplify names, tags and payload; the server's log has the database's own words.",
  },
  STALE_EPOCH: { status: 503, title: 'Another scheduler has taken over', remedy: 'Try again at once.' },
  WORKER_ID_HELD: {
    status: 409,
    title: 'The worker id is in use',
    remedy: 'Choose another --worker-id, or wait until the lease of the other worker ends.',
  },
  SHARD_COUNT_DIFFERS: {
    status: 500,
    title: 'The number of shards differs from the stored one',
    remedy: 'It is set once: start with the stored number.',
  },
  TOPIC_TOO_SMALL: {
    status: 500,
    title: 'A topic has the wrong number of partitions, or takes too little at once',
    remedy: 'Make the topic again with the number that the log names, or raise its max.message.bytes.',
  },
};

/** One wrong field or one broken rule: where, and what. */
export interface Problem {
  /** As in JavaScript, from the body's root: `tasks[3].dependencies[0]`; empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A "no" to a client: thrown by routes, rendered by the edge. */
export interface Refusal extends Error {
  readonly code: RefusalCode;
  readonly problems: readonly Problem[];
  /** Headers that the answer needs. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RefusalExtras {
  readonly problems?: readonly Problem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a refusal; `detail` says what is wrong in this very case. */
export const refusal = (code: RefusalCode, detail: string, extras: RefusalExtras = {}): Refusal =>
  Object.assign(new Error(detail), { name: 'Refusal', code, problems: extras.problems ?? [], headers: extras.headers ?? {} });

export const isRefusal = (error: unknown, code?: RefusalCode): error is Refusal =>
  error instanceof Error && error.name === 'Refusal' && (code === undefined || (error as Refusal).code === code);

/** The row of an error that is a refusal or a failure; undefined for anything else. */
export const errorRow = (error: unknown): (ErrorRow & { readonly code: string }) | undefined => {
  if (isRefusal(error)) return { code: error.code, ...REFUSALS[error.code] };
  return isFailure(error) ? { code: error.code, ...FAILURES[error.code] } : undefined;
};
