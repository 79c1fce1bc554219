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
}

export const apiError = (status: number, problem: ProblemDetails): ApiError =>
  Object.assign(new Error(problem.detail ?? problem.title ?? `the server answered ${String(status)}`), {
    name: 'ApiError' as const,
    status,
    problem,
  });

export const unreachableError = (url: string, cause: unknown): UnreachableError =>
  Object.assign(new Error(`no answer from ${url}: ${reason(cause)}`, { cause }), { name: 'UnreachableError' as const, url });

/** fetch says only "fetch failed": the reason is its cause, or the first of several. */
const reason = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const { cause, errors, message } = error as { readonly cause?: unknown; readonly errors?: readonly unknown[]; readonly message?: string };
  if (Array.isArray(errors) && errors.length > 0) return reason(errors[0]);
  return cause === undefined ? String(message) : reason(cause);
};

export const isApiError = (error: unknown): error is ApiError => error instanceof Error && error.name === 'ApiError';
export const isUnreachable = (error: unknown): error is UnreachableError => error instanceof Error && error.name === 'UnreachableError';
