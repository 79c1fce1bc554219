/**
 * What a handler throws to say more than that it failed. The worker looks at the fields alone, so that any error with them
 * does as well: `retryable`, `code`, `retryAfterMs` or `retryAfterSeconds`.
 */
export interface HandlerErrorOptions extends ErrorOptions {
  /** Told apart from other failures by it, for example in a task's `noRetryOn`. */
  readonly code?: string;
}

const codeIn = ({ code }: HandlerErrorOptions): { readonly code?: string } => (code === undefined ? {} : { code });

export type NonRetryableError = Error & { readonly retryable: false; readonly code?: string };
export type RetryLaterError = Error & { readonly retryAfterMs: number; readonly code?: string };

/** An error that no further attempt would mend: the task fails at once, whatever its retries. */
export const nonRetryable = (message: string, options: HandlerErrorOptions = {}): NonRetryableError =>
  Object.assign(new Error(message, options), { name: 'NonRetryableError', retryable: false as const, ...codeIn(options) });

/** An error after which the next attempt comes no earlier than in `retryAfterMs` milliseconds (a week at most), as Retry-After asks. */
export const retryLater = (message: string, retryAfterMs: number, options: HandlerErrorOptions = {}): RetryLaterError =>
  Object.assign(new Error(message, options), { name: 'RetryLaterError', retryAfterMs, ...codeIn(options) });
