/** What becomes of an attempt that failed: each class of failure has a budget of its own, and its end is a dead letter. */
import { boundedText } from './boundedText';
import type { BudgetUse } from './change';
import type { FailureKind, TaskError } from './dag';
import { drawFrom, retryDelayMs } from './retry';
import { isEnding, type Run } from './run';
import { CODE } from './states';
import { endingReason, settle } from './settle';
import { touch, type Step } from './step';

/** The longest wait that a backoff may have, too. */
const WEEK_MS = 604_800_000;
const LONGEST_MESSAGE = 4000;
const LONGEST_STACK = 8000;
const LONGEST_LINE = 500;

/** JSON text of an error, bounded whatever a handler threw. */
export const errorText = (error: TaskError): string =>
  JSON.stringify({
    ...error,
    message: boundedText(error.message, LONGEST_MESSAGE),
    ...(error.stack === undefined ? {} : { stack: boundedText(error.stack, LONGEST_STACK) }),
  });

/** A line of a DAG's history about one of its tasks. */
export const note = (step: Step, run: Run, line: { kind: string; task: number | null; message: string | null; at: number; by?: string }): void => {
  const { kind, task, message, at, by } = line;
  step.history.push({
    dag: run.dag,
    at,
    kind,
    task,
    by: by === undefined ? null : boundedText(by, LONGEST_LINE),
    message: message === null ? null : boundedText(message, LONGEST_LINE),
  });
};

/** How an attempt ended that did not succeed. */
export interface AttemptEnd {
  readonly dispatch: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  readonly error: TaskError;
}

/** Keeps an attempt that did not succeed in its own row; the answer is the text of its error. */
export const addAttempt = (step: Step, run: Run, task: number, { error, ...end }: AttemptEnd & { readonly attempt: number }): string => {
  const text = errorText(error);
  step.attempts.push({ dag: run.dag, task, ...end, error: text });
  return text;
};

/** Keeps an attempt that did not succeed: in its own row, and as the last error of its task. */
export const keepAttempt = (step: Step, run: Run, task: number, end: AttemptEnd & { readonly attempt: number }): void => {
  touch(step, run, task).texts.error = addAttempt(step, run, task, end);
};

/** Adds one to a budget of a task; the answer is what was used of it now. */
export const use = (run: Run, task: number, budget: keyof BudgetUse): number => {
  const before = run.budgets.get(task);
  const used = (before?.[budget] ?? 0) + 1;
  run.budgets.set(task, { ...before, [budget]: used });
  return used;
};

/** The task gives up: it is in the dead letters, and what depends on it goes by its rules. */
export const giveUp = (
  step: Step,
  run: Run,
  task: number,
  { kind, message, dispatch, now }: { kind: FailureKind; message: string; dispatch: number; now: number },
): void => {
  settle(step, run, task, { outcome: 'FAILED', now });
  step.deadLetters.push({ dag: run.dag, task, dispatch, failedAt: now, kind });
  note(step, run, { kind: kind === 'POISON' ? 'task.poisoned' : 'task.failed', task, message, at: now });
};

const isExcluded = (run: Run, task: number, { name, code }: TaskError): boolean => {
  const excluded = run.specs[task]!.options?.noRetryOn;
  return excluded !== undefined && ((name !== undefined && excluded.includes(name)) || (code !== undefined && excluded.includes(code)));
};

/** Whether the budget of a failure's class allows another attempt; the failure is counted already. */
const isAffordable = (run: Run, task: number, kind: FailureKind, maxKills: number): boolean => {
  const { options, retry } = run.specs[task]!;
  const { timeouts = 0, kills = 0 } = run.budgets.get(task) ?? {};
  if (kind === 'OUT_OF_MEMORY' || kind === 'KILLED') return kills <= maxKills;
  const apart = options?.maxTimeoutRetries;
  if (kind === 'TIMEOUT' && apart !== undefined) return timeouts <= apart;
  return run.failures[task]! - kills - (apart === undefined ? 0 : timeouts) <= retry.maxRetries;
};

const delayOf = (run: Run, task: number, { retryAfterMs }: TaskError): number => {
  const failures = run.failures[task]!;
  const delayMs = retryDelayMs(run.specs[task]!.retry.backoff, failures, drawFrom(run.dag, task * 1021 + run.dispatch[task]!));
  const asked = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? Math.round(Math.min(retryAfterMs, WEEK_MS)) : 0;
  return Math.max(delayMs, asked);
};

/** Nothing of a DAG that ends early is tried again. */
export const endWithDag = (step: Step, run: Run, task: number, now: number): void => {
  run.reasons.set(task, endingReason(run.reason!));
  settle(step, run, task, { outcome: 'CANCELLED', now });
};

/** Whether the whole time of a task leaves room for an attempt that begins then. */
const hasTimeFor = (run: Run, task: number, beginsAt: number): boolean => {
  const limit = run.specs[task]!.options?.totalTimeoutSeconds;
  return limit === undefined || beginsAt < run.unblockedAt[task]! + limit * 1000;
};

/**
 * Counts a failed attempt; the answer is the delay in milliseconds after which its class allows another one, undefined where
 * it allows none.
 */
export const countFailure = (
  step: Step,
  run: Run,
  task: number,
  { retryable, maxKills, ...end }: AttemptEnd & { readonly retryable: boolean; readonly maxKills: number },
): number | undefined => {
  const { error, endedAt } = end;
  run.failures[task]! += 1;
  if (error.kind === 'TIMEOUT') use(run, task, 'timeouts');
  else if (error.kind === 'OUT_OF_MEMORY' || error.kind === 'KILLED') use(run, task, 'kills');
  keepAttempt(step, run, task, { ...end, attempt: run.failures[task]! });
  if (!retryable || isExcluded(run, task, error) || !isAffordable(run, task, error.kind, maxKills)) return undefined;
  const delayMs = delayOf(run, task, error);
  return hasTimeFor(run, task, endedAt + delayMs) ? delayMs : undefined;
};

/** The task, whose number is that of its next attempt, waits for that, unless its DAG ends: then it ends with it, and the answer is false. */
export const waitForRetry = (
  step: Step,
  run: Run,
  task: number,
  { failedAt, delayMs, reason, now }: { failedAt: number; delayMs: number; reason: string; now: number },
): boolean => {
  if (isEnding(run)) {
    endWithDag(step, run, task, now);
    return false;
  }
  run.state[task] = CODE.RETRYING;
  run.since[task] = failedAt;
  run.dueTimes.set(task, failedAt + delayMs);
  const { name, type } = run.specs[task]!;
  step.retrying.push({ dag: run.dag, task: name, type, attempt: run.failures[task]!, delayMs, reason });
  return true;
};
