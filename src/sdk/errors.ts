/** How a call to the API fails: values that callers tell apart by their name, never by their prose. */
import type { ProblemDetails } from './responses';

/** The server answered, and said no. */
export interface ApiError extends Error {
  readonly name: 'ApiError';
  readonly status: number;
  /** What the server said; empty where it spoke no problem+json. */
  readonly problem: ProblemDetails;
}

/** No answer came: nobody listens, the connection broke, the time was over, or somebody else answered. */
export interface UnreachableError extends Error {
  readonly name: 'UnreachableError';
  readonly url: string;
  /** Whether somebody else answered: trying again helps nothing then. */
  readonly answered: boolean;
}

export const apiError = (status: number, problem: ProblemDetails): ApiError =>
  Object.assign(new Error(problem.detail ?? problem.title ?? `the server answered ${String(status)}`), {
    name: 'ApiError' as const,
    status,
    problem,
  });

export const unreachableError = (url: string, cause: unknown): UnreachableError =>
  Object.assign(new Error(`no answer from ${url}: ${reason(cause)}`, { cause }), { name: 'UnreachableError' as const, url, answered: false });

/** `what` says who answers in the scheduler's place. */
export const strangerError = (url: string, what: string): UnreachableError => Object.assign(unreachableError(url, what), { answered: true });

/** The caller's mistake: what is asked can't be sent. Its code is Node's own for such mistakes. */
export const callError = (message: string, cause?: unknown): TypeError =>
  Object.assign(new TypeError(message, { cause }), { code: 'ERR_INVALID_ARG_VALUE' as const });

/** fetch says only "fetch failed": the reason is its cause, or the first of several. */
const reason = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const { cause, errors, message } = error as { readonly cause?: unknown; readonly errors?: readonly unknown[]; readonly message?: string };
  if (Array.isArray(errors) && errors.length > 0) return reason(errors[0]);
  return cause === undefined ? String(message) : reason(cause);
};

/** Whether a call failed before it had a connection: nothing of it was sent. */
export const isUnsent = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const { cause, errors, code, syscall } = error as Readonly<Partial<Record<'cause' | 'errors' | 'code' | 'syscall', unknown>>>;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  return isUnsent(cause) || (Array.isArray(errors) && errors.some(isUnsent));
};

export const isApiError = (error: unknown): error is ApiError => error instanceof Error && error.name === 'ApiError';
export const isUnreachable = (error: unknown): error is UnreachableError => error instanceof Error && error.name === 'UnreachableError';
export const isCallError = (error: unknown): error is TypeError =>
  error instanceof TypeError && (error as { readonly code?: unknown }).code === 'ERR_INVALID_ARG_VALUE';

/** Whether a repetition may be answered otherwise. */
export const mayPass = (error: unknown): boolean =>
  (isUnreachable(error) && !error.answered) || (isApiError(error) && (error.status === 503 || error.status === 429));
