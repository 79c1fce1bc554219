/** How an attempt ended, as a value: made of what its handler returned or threw, or of why it was ended. */
import type { TaskError } from '../core/dag';

export type Outcome =
  | { readonly kind: 'completed'; readonly result: string | null }
  | { readonly kind: 'failed'; readonly error: TaskError; readonly retryable: boolean }
  /** Nobody's failure: the task is given back. */
  | { readonly kind: 'aborted'; readonly reason: string }
  /** Its dispatch was revoked: it brings no result. */
  | { readonly kind: 'withdrawn' };

/** Why a handler's signal fired: the attempt's time, or the time without progress, is over; its session or worker went; it was cancelled. */
export type AbortReason =
  | { readonly kind: 'timeout'; readonly seconds: number }
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'gone'; readonly why: string }
  | { readonly kind: 'revoked' };

const MAX_STACK = 4000;
const MAX_MESSAGE = 2000;
const MAX_NAME = 200;
/** A wish for later than a week is a mistake. */
const MAX_RETRY_AFTER_MS = 604_800_000;

/** Undefined also where asking for it throws: a getter may. */
const fieldOf = (thrown: unknown, field: string): unknown => {
  try {
    return (thrown as Readonly<Record<string, unknown>>)[field];
  } catch {
    return undefined;
  }
};

/** What is no text is put into words; handlers throw anything. */
const textOf = (value: unknown, most: number): string => {
  try {
    return String(value).slice(0, most);
  } catch {
    return 'what was thrown has no words';
  }
};

/** Most classes of one's own say nothing of `name` and inherit that of Error, which tells nothing. */
const nameOf = (thrown: Error): string => {
  const [name, ofClass] = [fieldOf(thrown, 'name'), fieldOf(fieldOf(thrown, 'constructor'), 'name')];
  return textOf(name === 'Error' && typeof ofClass === 'string' && ofClass !== '' ? ofClass : name, MAX_NAME);
};

const codeOf = (thrown: Error): string | undefined => {
  const code = fieldOf(thrown, 'code');
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, MAX_NAME) : undefined;
};

const retryAfterMsOf = (thrown: Error): number | undefined => {
  const seconds = fieldOf(thrown, 'retryAfterSeconds');
  const ms = fieldOf(thrown, 'retryAfterMs') ?? (typeof seconds === 'number' ? seconds * 1000 : undefined);
  return typeof ms === 'number' && ms >= 0 ? Math.min(MAX_RETRY_AFTER_MS, Math.round(ms)) : undefined;
};

/** The error of an attempt whose handler threw, whatever that was. */
export const errorOf = (thrown: unknown): TaskError => {
  if (!(thrown instanceof Error)) return { kind: 'HANDLER', message: textOf(thrown, MAX_MESSAGE) };
  const [code, stack, retryAfterMs] = [codeOf(thrown), fieldOf(thrown, 'stack'), retryAfterMsOf(thrown)];
  return {
    kind: 'HANDLER',
    name: nameOf(thrown),
    message: textOf(fieldOf(thrown, 'message'), MAX_MESSAGE),
    ...(code === undefined ? {} : { code }),
    ...(typeof stack === 'string' ? { stack: stack.slice(0, MAX_STACK) } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
};

const isRetryable = (thrown: unknown): boolean => !(thrown instanceof Error && fieldOf(thrown, 'retryable') === false);

const tookTooLong = (message: string, evidence: TaskError['evidence']): Outcome => ({
  kind: 'failed',
  retryable: true,
  error: { kind: 'TIMEOUT', message, ...(evidence === undefined ? {} : { evidence }) },
});

/** The end of an attempt whose signal had fired; `evidence` says how it came to its end, where that wasn't by itself. */
export const outcomeOfAbort = (reason: AbortReason, evidence?: TaskError['evidence']): Outcome => {
  switch (reason.kind) {
    case 'gone':
      return { kind: 'aborted', reason: reason.why };
    case 'revoked':
      return { kind: 'withdrawn' };
    case 'silent':
      return tookTooLong(`the handler told of no progress for ${String(reason.seconds)} s`, evidence);
    case 'timeout':
      return tookTooLong(`the attempt took longer than its timeout of ${String(reason.seconds)} s`, evidence);
  }
};

/** The end of an attempt whose handler threw. */
export const outcomeOfThrown = (thrown: unknown, signal: AbortSignal): Outcome =>
  signal.aborted ? outcomeOfAbort(signal.reason as AbortReason) : { kind: 'failed', error: errorOf(thrown), retryable: isRetryable(thrown) };

/** Undefined for what JSON has no text for, such as a function. */
export const toJson = (value: unknown): string | undefined => JSON.stringify(value);

/** The end of an attempt whose handler returned. */
export const outcomeOfResult = (value: unknown, limitBytes: number): Outcome => {
  let result: string | null;
  try {
    result = toJson(value) ?? null;
  } catch (error) {
    return { kind: 'failed', error: { ...errorOf(error), message: `the result is no JSON: ${errorOf(error).message}` }, retryable: false };
  }
  const bytes = result === null ? 0 : Buffer.byteLength(result);
  if (bytes <= limitBytes) return { kind: 'completed', result };
  const message = `the result has ${String(bytes)} bytes, more than the ${String(limitBytes)} allowed: store it elsewhere and return where`;
  return { kind: 'failed', error: { kind: 'HANDLER', message }, retryable: false };
};
