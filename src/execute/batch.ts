/** What a module declares of its batches, and what becomes of a batch as a whole. */
import { types } from 'node:util';
import type { TaskError } from '../core/dag';
import type { BatchLimits } from '../core/handler';

const BOUNDS = { maxSize: [1, 10_000], maxWaitMs: [0, 60_000] } as const;

const isField = (name: string): name is keyof typeof BOUNDS => name in BOUNDS;

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
};

/** The limits that a module exports. Throws one error that names everything that is wrong with them. */
export const batchLimitsOf = (given: unknown): BatchLimits => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Error(`its export batch must be an object {maxSize, maxWaitMs}, not ${kindOf(given)}`);
  }
  const fields = given as Readonly<Record<string, unknown>>;
  const limit = (name: keyof typeof BOUNDS): number => {
    const [value, [least, most]] = [fields[name], BOUNDS[name]];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    problems.push(`batch.${name} must be a whole number from ${String(least)} to ${String(most)}, not ${shown(value)}`);
    return NaN;
  };
  const problems = Object.keys(fields)
    .filter((name) => !isField(name))
    .map((name) => `batch.${name} is unknown: there are maxSize and maxWaitMs`);
  const limits: BatchLimits = { maxSize: limit('maxSize'), maxWaitMs: limit('maxWaitMs') };
  if (problems.length > 0) throw new Error(problems.join('; '));
  return limits;
};

/** The error of each task where the whole call failed; a task that was by itself has it for itself. */
export const errorOfWhole = (error: TaskError, size: number): TaskError =>
  size === 1 ? error : { ...error, message: `the whole batch of ${String(size)} tasks failed: ${error.message}` };

/** Also where it comes from another realm, as errors of `node:vm` do: it must not pass for a result. */
export const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);

/** What `Promise.allSettled` makes of a promise that rejected. */
const isRejection = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'status' in value && value.status === 'rejected' && 'reason' in value && isError(value.reason);

/** What is wrong with the answer of a batch handler as a whole; undefined where there is an entry for each task. */
export const problemOfAnswer = (answer: unknown, size: number): string | undefined => {
  const form = `a batch handler must return an array with one entry for each of its ${String(size)} tasks: a result, an Error, or a promise of either`;
  if (!Array.isArray(answer)) return `${form}; it returned ${kindOf(answer)}`;
  if (answer.length !== size) return `${form}; it returned ${String(answer.length)} entries`;
  // Those that failed would pass for completed.
  if (answer.some(isRejection)) return `${form}; it returned what Promise.allSettled gives: return the promises themselves`;
  return undefined;
};
