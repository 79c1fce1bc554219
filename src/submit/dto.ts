/** The shape of a submission: the one source of its validation, its JSON schema and its description in the API's document. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { DAG_ORDERS, DEFAULT_PRIORITY, MAX_PRIORITY, MIN_PRIORITY, TRIGGER_RULES, type DagOrder, type TriggerRule } from '../core/dag';
import { Holds, LONGEST_NAME, LONGEST_TAG, MOST_TAGS, NAME, Text, Texts } from './rules';

const DAY_MS = 86_400_000;
/** Timers of Node can't wait longer than 2^31 ms: 24.8 days. */
const LONGEST_TIMEOUT_SECONDS = 24 * 86_400;
/** Waits that are swept in the database have no such limit; a year is a mistyped number all the same beyond it. */
const LONGEST_SPAN_SECONDS = 366 * 86_400;
const MOST_RUNNING = 10_000;
const LONGEST_DESCRIPTION = 10_000;

const within = (value: unknown, low: number, high: number): boolean => typeof value === 'number' && value >= low && value <= high;

const DURATION = { type: 'number', minimum: 0, maximum: DAY_MS };

export class BackoffDto {
  @IsOptional()
  @IsIn(['exponential', 'linear', 'fixed'])
  type?: 'exponential' | 'linear' | 'fixed' | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(DAY_MS)
  @JSONSchema({ description: 'Milliseconds before the second attempt.' })
  initialMs?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  @JSONSchema({ description: 'Exponential: each delay is the last one times this. Linear: each is longer by this times initialMs.' })
  factor?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(7 * DAY_MS)
  maxMs?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  @JSONSchema({ description: '0 none, 1 full: the delay is drawn from [(1 - jitter) * delay, delay].' })
  jitter?: number | null;
}

export class SimulationDto {
  @IsOptional()
  @Holds({
    name: 'duration',
    schema: {
      description: 'Milliseconds, or the bounds that they are drawn from.',
      anyOf: [DURATION, { type: 'array', items: DURATION, minItems: 2, maxItems: 2 }],
    },
    holds: (value) => within(value, 0, DAY_MS) || (Array.isArray(value) && value.length === 2 && value.every((bound) => within(bound, 0, DAY_MS))),
    sentence: `must be a number from 0 to ${DAY_MS}, or a list of two: the shortest and the longest duration`,
  })
  durationMs?: number | [number, number] | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  failureRate?: number | null;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  @JSONSchema({ description: 'With it, the same task and attempt always draw the same numbers.' })
  seed?: number | null;
}

/** The rate that a task asks for. */
export class RateLimitDto {
  @Holds(NAME)
  name!: string;

  @IsOptional()
  @Text(LONGEST_TAG, { description: 'Each key is limited by itself: a customer, a host. Tasks without one share a key of their own.' })
  key?: string | null;
}

/** What a task may say, and a DAG for all of its tasks. */
export class PolicyDto {
  @IsOptional()
  @IsInt()
  @Min(MIN_PRIORITY)
  @Max(MAX_PRIORITY)
  @JSONSchema({ description: `The higher first; ${DEFAULT_PRIORITY} by default.` })
  priority?: number | null;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  maxRetries?: number | null;

  @IsOptional()
  @ValidateNested()
  @Type(() => BackoffDto)
  backoff?: BackoffDto | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_TIMEOUT_SECONDS)
  @JSONSchema({ description: 'The longest that one attempt may run; its AbortSignal fires then.' })
  timeoutSeconds?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_TIMEOUT_SECONDS)
  @JSONSchema({ description: 'The longest that an attempt may wait for a worker, from ready to begun.' })
  queueTimeoutSeconds?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_TIMEOUT_SECONDS)
  @JSONSchema({ description: 'The longest that a running handler may be silent: without progress and without a checkpoint.' })
  progressTimeoutSeconds?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_SPAN_SECONDS)
  @JSONSchema({ description: 'From ready for the first time to the end, retries and their waits included.' })
  totalTimeoutSeconds?: number | null;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  @JSONSchema({ description: 'Attempts after a timeout, counted apart from maxRetries; without it maxRetries counts both.' })
  maxTimeoutRetries?: number | null;

  @IsOptional()
  @Texts('noRetryOn', { most: MOST_TAGS, description: 'Classes (by name) and codes (error.code) of errors that no further attempt would mend.' })
  noRetryOn?: string[] | null;

  @IsOptional()
  @IsIn(TRIGGER_RULES)
  @JSONSchema({
    description:
      'What of its dependencies a task waits for: all of them COMPLETED (all_success, the default), all of them ended (all_done), ' +
      'any of them COMPLETED (one_success), all ended and none failed, cancelled or skipped because of that (none_failed), or nothing (always).',
  })
  triggerRule?: TriggerRule | null;

  @IsOptional()
  @Holds({ ...NAME, schema: { ...NAME.schema, description: 'A label by which tasks are paused or limited together; any name that a task gives.' } })
  pool?: string | null;

  @IsOptional()
  @ValidateNested()
  @Type(() => RateLimitDto)
  rateLimit?: RateLimitDto | null;

  @IsOptional()
  @IsBoolean()
  @JSONSchema({ description: 'Running it twice does what running it once does.' })
  idempotent?: boolean | null;

  @IsOptional()
  @IsBoolean()
  @JSONSchema({
    description:
      'Where it runs for longer than 95 of 100 of its type, a second copy of it is sent to another worker that has a free slot: the first ' +
      'result counts, the other one is ended. Only for tasks that are idempotent.',
  })
  speculative?: boolean | null;

  @IsOptional()
  @IsBoolean()
  @JSONSchema({
    description:
      'Once its triggerRule is met it waits for a person: it starts when it is approved. Until then queueTimeoutSeconds and totalTimeoutSeconds do ' +
      'not run; dagTimeoutSeconds does.',
  })
  requiresApproval?: boolean | null;

  @IsOptional()
  @Texts('tags', { most: MOST_TAGS })
  tags?: string[] | null;

  @IsOptional()
  @JSONSchema({ description: 'Any JSON value, handed to the task as it is.' })
  payload?: unknown;

  @IsOptional()
  @ValidateNested()
  @Type(() => SimulationDto)
  simulate?: SimulationDto | null;
}

export class TaskDto extends PolicyDto {
  @Text(LONGEST_NAME)
  taskName!: string;

  @Text(LONGEST_TAG, { description: 'One of the types that this deployment runs.' })
  type!: string;

  @IsOptional()
  @Texts('dependencies', { description: 'Names of tasks of this DAG that it comes after; what of them it waits for is its triggerRule.' })
  dependencies?: string[] | null;
}

export class DagDto extends PolicyDto {
  @Text(LONGEST_NAME)
  dagName!: string;

  @IsOptional()
  @Text(LONGEST_DESCRIPTION, { shortest: 0 })
  description?: string | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_SPAN_SECONDS)
  @JSONSchema({
    description: 'From submission to end: what is not final then is cancelled, and the DAG fails. (timeoutSeconds is the default of its tasks.)',
  })
  dagTimeoutSeconds?: number | null;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(LONGEST_SPAN_SECONDS)
  @JSONSchema({
    description:
      'From submission to the time at which it counts as late if it is not final: subscriptions to DAG_LATE are told then, and it goes on.',
  })
  lateAfterSeconds?: number | null;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_RUNNING)
  @JSONSchema({ description: 'How many tasks of this DAG run at once; any number without it.' })
  maxRunning?: number | null;

  @IsOptional()
  @Holds({
    ...NAME,
    schema: { ...NAME.schema, description: 'For whom it runs: slots are shared out among tenants. Without one its name stands for that.' },
  })
  tenant?: string | null;

  @IsOptional()
  @IsIn(DAG_ORDERS)
  @JSONSchema({
    description:
      'Which of its ready tasks go first: those that were ready first (fifo), or those with the longest way to the end of the DAG, ' +
      'by what its tasks took before (critical-path). scheduler.order says which where the DAG does not.',
  })
  order?: DagOrder | null;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => TaskDto)
  tasks!: TaskDto[];
}
