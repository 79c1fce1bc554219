/** The shapes of the answers about the cluster: its workers, gates and limits, its health, and what an audit finds. */
import { STORABLE } from '../core/boundedText';
import { GATE_SCOPES, GATE_STATES } from '../core/gates';
import { LIMIT_SCOPES } from '../core/limits';
import { LONGEST_WHO } from '../core/who';
import { count, list, ms, object, orNull, text, textOrNull, time, timeOrNull, uuid } from './openapiShapes';
import { ref, type Json } from './openapiWords';

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

const pool = object({
  name: text,
  running: { ...count, description: 'How many run; where there is a limit, also those that are on their way.' },
  waiting: { ...count, description: 'How many are ready and not known to run. Counted now and then, the seldomer the longer that takes.' },
  limit: orNull(ref('Limit')),
  gate: { ...orNull(ref('Gate')), description: 'Where it is paused.' },
});

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

/** The schemas by name. */
export const clusterSchemas = (): Readonly<Record<string, Json>> => ({
  Worker: object(workerFields),
  WorkerDetail: object({
    ...workerFields,
    tasks: { ...list(workerTask), description: 'What runs there for longer than a moment, at most 100.' },
  }),
  WorkerAnswer: { ...object({ worker: orNull(ref('Worker')) }), description: 'The worker as it is now; null where it has gone.' },
  Gate: gate,
  Limit: limit,
  Pool: pool,
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
});
