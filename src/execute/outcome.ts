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

const fieldOf = (thrown: Error, field: string): unknown => (thrown as unknown as Readonly<Record<string, unknown>>)[field];

const codeOf = (thrown: Error): string | undefined => {
  const code = fieldOf(thrown, 'code');
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, MAX_NAME) : undefined;
};

const retryAfterMsOf = (thrown: Error): number | undefined => {
  const seconds = fieldOf(thrown, 'retryAfterSeconds');
  const ms = fieldOf(thrown, 'retryAfterMs') ?? (typeof seconds === 'number' ? seconds * 1000 : undefined);
  return typeof ms === 'number' && ms >= 0 ? Math.min(MAX_RETRY_AFTER_MS, Math.round(ms)) : undefined;
};

/** The error of an attempt whose handler threw. */
export const errorOf = (thrown: unknown): TaskError => {
  if (!(thrown instanceof Error)) return { kind: 'HANDLER', message: String(thrown).slice(0, MAX_MESSAGE) };
  const { name, message, stack } = thrown;
  const [code, retryAfterMs] = [codeOf(thrown), retryAfterMsOf(thrown)];
  return {
    kind: 'HANDLER',
    name: name.slice(0, MAX_NAME),
    message: message.slice(0, MAX_MESSAGE),
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK) }),
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
