/** Reads the bodies of commands: right, or refused with every wrong field and its path. */
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import type { GateScope, GateState } from '../core/gates';
import type { Channel, NoticeEvent } from '../core/notices';
import { pathOf, stepsOf } from '../core/paths';
import { refusal, type Problem } from '../core/refusal';
import type { LetterKind } from '../core/dag';
import type { CatchUpPolicy, OverlapPolicy } from '../core/schedule';
import { bodySchemas, CONTROL_BODIES, type ControlBody } from './schemas';

type Maybe<T> = T | null | undefined;

export interface Who {
  readonly by?: Maybe<string>;
  readonly reason?: Maybe<string>;
}

export interface LetterFilterBody {
  readonly kind?: Maybe<readonly LetterKind[]>;
  readonly type?: Maybe<string>;
  readonly dagId?: Maybe<string>;
  readonly dagName?: Maybe<string>;
  readonly taskName?: Maybe<string>;
  readonly failedAfter?: Maybe<string>;
  readonly failedBefore?: Maybe<string>;
}

export interface GateBody {
  readonly scope: GateScope;
  readonly name?: Maybe<string>;
}

interface ScheduleSaid extends Who {
  readonly timeZone?: Maybe<string>;
  readonly overlap?: Maybe<OverlapPolicy>;
  readonly catchUp?: Maybe<CatchUpPolicy>;
  readonly catchUpLimit?: Maybe<number>;
  readonly jitterSeconds?: Maybe<number>;
  readonly paused?: Maybe<boolean>;
  readonly note?: Maybe<string>;
}

export interface SubscriptionFields extends Pick<Who, 'by'> {
  readonly name?: string;
  readonly url?: Maybe<string>;
  readonly addresses?: Maybe<readonly string[]>;
  readonly events?: readonly NoticeEvent[];
  readonly dagName?: Maybe<string>;
  readonly tags?: Maybe<readonly string[]>;
  readonly enabled?: Maybe<boolean>;
}

/** Null and undefined both mean "not said", but for payloads and results, where null is a value. */
export interface Bodies extends Record<ControlBody, Who> {
  readonly CommandBody: Who;
  readonly RetryDagBody: Who & { readonly tasks?: Maybe<readonly string[]>; readonly downstream?: Maybe<boolean>; readonly payload?: unknown };
  readonly RerunDagBody: Who & { readonly from?: Maybe<string> };
  readonly EditDagBody: Who & {
    readonly add?: Maybe<readonly unknown[]>;
    readonly replace?: Maybe<readonly unknown[]>;
    readonly remove?: Maybe<readonly string[]>;
  };
  readonly RetryTaskBody: Who & { readonly downstream?: Maybe<boolean>; readonly payload?: unknown };
  readonly HoldTaskBody: Who & { readonly resumeAt?: Maybe<string> };
  readonly MarkTaskBody: Who & { readonly as: 'COMPLETED' | 'FAILED'; readonly result?: unknown };
  readonly ReplayBody: Who & { readonly payload?: unknown };
  readonly BulkReplayBody: Who & { readonly filter: LetterFilterBody; readonly payload?: unknown; readonly ratePerSecond?: Maybe<number> };
  readonly BulkDiscardBody: Who & { readonly filter: LetterFilterBody };
  readonly PauseGateBody: Who & GateBody & { readonly until?: Maybe<string> };
  readonly ResumeGateBody: Pick<Who, 'by'> & GateBody & { readonly state?: Maybe<GateState> };
  readonly DrainWorkerBody: Who & { readonly stay?: Maybe<boolean> };
  readonly ScheduleBody: ScheduleSaid & { readonly name: string; readonly cron: string; readonly dag: object };
  readonly SchedulePatchBody: ScheduleSaid & { readonly name?: Maybe<string>; readonly cron?: Maybe<string>; readonly dag?: Maybe<object> };
  readonly SubscriptionBody: SubscriptionFields & {
    readonly name: string;
    readonly channel: Channel;
    readonly events: readonly NoticeEvent[];
    readonly secret?: Maybe<string>;
  };
  readonly SubscriptionChangeBody: SubscriptionFields;
  readonly LimitBody: Who & { readonly maxRunning?: Maybe<number>; readonly perSecond?: Maybe<number>; readonly burst?: Maybe<number> };
}

/** What only its meaning forbids, at its path. */
export const wrongField = (path: string, message: string): Error => refusal('WRONG_SHAPE', `${path} ${message}`, { problems: [{ path, message }] });

const TYPES_SHOWN = 50;
export const unknownType = (name: string, types: ReadonlySet<string>): Error =>
  refusal('TYPE_NOT_FOUND', `no task type ${JSON.stringify(name)}: there are ${[...types].sort().slice(0, TYPES_SHOWN).join(', ')}`);

const PROBLEMS_SHOWN = 100;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

const isTime = (text: string): boolean => {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return ISO_TIME.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));
};

/** Milliseconds since 1970 of a time that the check let pass; undefined for none. */
export const timeOf = (text: Maybe<string>): number | undefined => (text === null || text === undefined ? undefined : Date.parse(text));

const sentences: Readonly<Record<string, string>> = {
  'date-time': 'must be an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z',
  uuid: 'must be a UUID',
};

const knownIn = (error: ErrorObject): string => Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {}).join(', ');

const problemOf = (error: ErrorObject): Problem => {
  const steps = stepsOf(error.instancePath);
  const { additionalProperty, missingProperty, format, allowedValues } = error.params as Readonly<Record<string, unknown>>;
  if (typeof additionalProperty === 'string')
    return { path: pathOf([...steps, additionalProperty]), message: `there is no such field here, only ${knownIn(error)}` };
  if (typeof missingProperty === 'string') return { path: pathOf([...steps, missingProperty]), message: 'is missing' };
  if (typeof format === 'string') return { path: pathOf(steps), message: sentences[format] ?? 'is not allowed here' };
  if (Array.isArray(allowedValues)) return { path: pathOf(steps), message: `must be one of ${allowedValues.join(', ')}` };
  if (error.keyword === 'pattern') return { path: pathOf(steps), message: 'must hold neither NUL nor half a surrogate pair' };
  return { path: pathOf(steps), message: error.message ?? 'is not allowed here' };
};

/** Of a body that is wrong so much is looked at for all that is wrong with it: each wrong element is an error of its own. */
const MOST_LOOKED_AT = 25_000;
const DEEPEST = 10;

/** The beginning of a value: at most so many of its parts, and none that lie deeper than those of any body. */
const beginningOf = (value: unknown): unknown => {
  let left = MOST_LOOKED_AT;
  const copyOf = (part: unknown, depth: number): unknown => {
    left -= 1;
    if (typeof part !== 'object' || part === null || depth === DEEPEST) return part;
    if (Array.isArray(part)) {
      const some: unknown[] = [];
      for (let i = 0; i < part.length && left > 0; i++) some.push(copyOf(part[i], depth + 1));
      return some;
    }
    const some: Record<string, unknown> = {};
    for (const key in part) if (left > 0) some[key] = copyOf((part as Readonly<Record<string, unknown>>)[key], depth + 1);
    return some;
  };
  return copyOf(value, 0);
};

export type ReadBody = <N extends ControlBody>(name: N, value: unknown) => Bodies[N];

const checksFor = (allErrors: boolean): ReadonlyMap<ControlBody, ValidateFunction> => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors, verbose: true });
  ajv.addFormat('date-time', isTime).addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  // Tasks and DAGs are read by the one who plans them.
  const schemas = bodySchemas({ task: { type: 'object' }, dag: { type: 'object' } });
  return new Map(CONTROL_BODIES.map((name) => [name, ajv.compile(schemas[name])]));
};

/** Makes the reader. Compiles the schemas once: keep it. */
export const createReadBody = (): ReadBody => {
  const quick = checksFor(false);
  let thorough: ReturnType<typeof checksFor> | undefined;
  return (name, value) => {
    const given = value === undefined ? {} : value;
    const check = quick.get(name)!;
    if (check(given)) return given as Bodies[typeof name];
    const first = check.errors ?? [];
    const checkAll = (thorough ??= checksFor(true)).get(name)!;
    // What is wrong may lie behind what is looked at.
    const errors = checkAll(beginningOf(given)) ? first : (checkAll.errors ?? first);
    throw refusal('WRONG_SHAPE', 'the body has fields that are wrong or missing', { problems: errors.slice(0, PROBLEMS_SHOWN).map(problemOf) });
  };
};
