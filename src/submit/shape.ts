/**
 * Is this body a submission? A validator compiled from the DTOs' schemas says yes or no at 100,000 tasks in a tenth of
 * a second, where class-validator takes many; class-validator then finds the words, for what was refused only.
 */
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { pathOf, stepsOf } from '../core/paths';
import type { Problem } from '../core/refusal';
import { createNearest } from '../plan/nearest';
import { PROBLEMS_SHOWN } from '../plan/problems';
import type { SubmittedDag } from '../plan/submitted';
import { DagDto, TaskDto } from './dto';
import { wrongElements } from './rules';
import { submissionSchemas, type JsonSchema } from './schema';
import { violations, type Violation } from './violations';

const TASKS_EXPLAINED = 50;
const NAMES_COMPARED = 1_000;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const unknownField = (known: readonly string[], name: string): string => {
  const meant = createNearest(known, NAMES_COMPARED)(name);
  return `there is no such field${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
};

const ofViolation = ({ steps, owner, rule, sentence }: Violation, schemas: Record<string, JsonSchema>): Problem => {
  const unknown = rule === 'whitelistValidation';
  const known = Object.keys(schemas[owner]?.properties ?? {});
  return { path: pathOf(steps), message: unknown ? unknownField(known, String(steps.at(-1))) : sentence };
};

const ofSchemaError = ({ instancePath, params, message }: ErrorObject): Problem => {
  const steps = stepsOf(instancePath);
  const extra: unknown = (params as { additionalProperty?: unknown }).additionalProperty;
  if (typeof extra === 'string') return { path: pathOf([...steps, extra]), message: 'there is no such field' };
  return { path: pathOf(steps), message: message ?? 'is not allowed here' };
};

/** What the rules look at of a value that should be no object: whether it is one, never what is in it. */
const flat = (value: unknown): unknown => (isObject(value) ? {} : Array.isArray(value) ? [] : value);

/** A list up to its hundredth wrong element. */
const prunedList = (name: string, list: readonly unknown[]): unknown[] => {
  const last = wrongElements(name, list)[PROBLEMS_SHOWN];
  return list.slice(0, last).map(flat);
};

const PARTS: Readonly<Record<string, string>> = { backoff: 'BackoffDto', simulate: 'SimulationDto', rateLimit: 'RateLimitDto' };

/**
 * A refused object without whatever can't change the verdict: class-validator walks all that it is given, in quadratic
 * time where fields are many and by recursion where they are deep.
 */
const pruned = (Dto: string, value: Readonly<Record<string, unknown>>, schemas: Record<string, JsonSchema>): Record<string, unknown> => {
  const known = schemas[Dto]?.properties ?? {};
  const strange = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
  const ofKnown = (name: string): unknown => {
    const given = value[name];
    const part = PARTS[name];
    if (part !== undefined && isObject(given)) return pruned(part, given, schemas);
    return Array.isArray(given) ? prunedList(name, given) : flat(given);
  };
  return Object.fromEntries([
    ...Object.keys(known).flatMap((name) => (Object.hasOwn(value, name) ? [[name, ofKnown(name)] as const] : [])),
    ...strange.slice(0, PROBLEMS_SHOWN).map((name) => [name, null] as const),
  ]);
};

/** One refused object: class-validator's words, and the schema's where class-validator has none (it lets `{"backoff": []}` and `{"toString": 1}` pass). */
const explain = (
  Dto: typeof DagDto | typeof TaskDto,
  given: Record<string, unknown>,
  all: ValidateFunction,
  schemas: Record<string, JsonSchema>,
): Problem[] => {
  const value = pruned(Dto.name, given, schemas);
  const found = violations(Dto, value).map((violation) => ofViolation(violation, schemas));
  // An element's path covers its list's, and a missing field's path covers its object's.
  const covers = (below: string, above: string): boolean => below.startsWith(above) && /^$|^[.[]/.test(below.slice(above.length));
  const covered = (path: string): boolean => found.some((one) => path === '' || covers(one.path, path));
  all(value);
  const unnamed = new Map<string, Problem>();
  for (const problem of (all.errors ?? []).map(ofSchemaError))
    if (!covered(problem.path) && !unnamed.has(problem.path)) unnamed.set(problem.path, problem);
  const deepest = [...unnamed.values()].filter(({ path }) => ![...unnamed.keys()].some((other) => other !== path && covers(other, path)));
  return [...found, ...deepest];
};

export type Shape = { readonly kind: 'right'; readonly submitted: SubmittedDag } | { readonly kind: 'wrong'; readonly problems: readonly Problem[] };

/** The check of a task that stands alone. */
export interface TaskCheck {
  isRight(value: unknown): boolean;
  /** What is wrong with a wrong one, each problem below `path`. */
  explain(value: unknown, path: string): Problem[];
}

type Schemas = Record<string, JsonSchema>;

/** Compiles once: keep it. */
export const createTaskCheck = (schemas: Schemas = submissionSchemas('#/$defs/')): TaskCheck => {
  const task = { $defs: schemas, ...schemas.TaskDto };
  const first = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(task);
  const all = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(task);
  return {
    isRight: (value) => first(value),
    explain: (value, path) => {
      if (!isObject(value)) return [{ path, message: 'must be an object' }];
      return explain(TaskDto, value, all, schemas).map((problem) => ({
        path: `${path}${problem.path.startsWith('[') ? '' : '.'}${problem.path}`,
        message: problem.message,
      }));
    },
  };
};

/** Makes the check of a parsed body: right, or every wrong field with its path (of the first 50 wrong tasks). Compiles once: keep it. */
export const createShapeCheck = (): ((body: unknown) => Shape) => {
  const schemas = submissionSchemas('#/$defs/');
  const { DagDto: dag, ...parts } = schemas;
  // The tasks are checked one by one, so that wrong ones can be picked out.
  const head = { $defs: parts, ...dag, properties: { ...dag!.properties, tasks: { type: 'array' } } };
  const validHead = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(head);
  const allOfHead = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(head);
  const taskCheck = createTaskCheck(schemas);

  const explainAll = (body: Record<string, unknown>, wrongTasks: readonly number[]): Problem[] => {
    const noList = Array.isArray(body.tasks) ? [] : [{ path: 'tasks', message: 'must be a list of tasks' }];
    const ofHead = validHead(body) ? [] : explain(DagDto, { ...body, tasks: [] }, allOfHead, schemas);
    const ofTasks = wrongTasks.flatMap((i) => taskCheck.explain((body.tasks as unknown[])[i], `tasks[${i}]`));
    return [...ofHead, ...noList, ...ofTasks].slice(0, PROBLEMS_SHOWN);
  };

  return (body) => {
    if (!isObject(body)) return { kind: 'wrong', problems: [{ path: '', message: 'the body must be an object' }] };
    const wrong: number[] = [];
    if (Array.isArray(body.tasks))
      for (let i = 0; i < body.tasks.length && wrong.length < TASKS_EXPLAINED; i++) if (!taskCheck.isRight(body.tasks[i])) wrong.push(i);
    if (wrong.length === 0 && validHead(body)) return { kind: 'right', submitted: body as unknown as SubmittedDag };
    return { kind: 'wrong', problems: explainAll(body, wrong) };
  };
};
