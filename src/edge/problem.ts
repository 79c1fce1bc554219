/** Errors on the wire: RFC 9457 problem details, from the error table. */
import type { ErrorRequestHandler, Response } from 'express';
import { isFailure } from '../core/failure';
import { errorRow, isRefusal, refusal, type Problem } from '../core/refusal';

export interface ProblemDetails {
  /** Where the kind of error is described. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId?: string;
  readonly errors?: readonly Problem[];
  /** The header Retry-After again, for what is one of many. */
  readonly retryAfterSeconds?: number;
}

/** Where nobody can tell. */
const RETRY_AFTER_SECONDS = 1;

/** How zlib names what it can't unpack. */
const NOT_UNPACKED = /^(?:Z_|ERR_(?:_|BROTLI))/;

/** What express and its body parsers throw, in our words; anything else stays as it is. */
const translated = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { type, status, limit, length, code } = error as Error & Partial<Record<'type' | 'status' | 'limit' | 'length' | 'code', unknown>>;
  if (type === 'entity.too.large')
    return refusal(
      'BODY_TOO_LARGE',
      `the body${typeof length === 'number' ? ` of ${length} bytes` : ''} is larger than the limit of ${String(limit)} bytes`,
    );
  if (type === 'encoding.unsupported') return refusal('UNSUPPORTED_ENCODING', error.message);
  if (type === 'request.aborted') return refusal('MALFORMED_JSON', 'the connection ended before the body did');
  if (typeof code === 'string' && NOT_UNPACKED.test(code))
    return refusal('MALFORMED_JSON', `the body is not packed as its Content-Encoding says: ${error.message}`);
  if (status === 400) return refusal('WRONG_PARAMETER', error.message);
  return error;
};

const retryAfterSeconds = (error: unknown, status: number): number | undefined => {
  const told = isRefusal(error) ? error.headers['Retry-After'] : undefined;
  if (told !== undefined) return Number(told);
  return status === 503 ? ((isFailure(error) ? error.retryAfterSeconds : undefined) ?? RETRY_AFTER_SECONDS) : undefined;
};

/** The answer for an error: of unexpected ones nothing is told but that they happened. */
export const problemOf = (thrown: unknown, requestId: string | undefined): ProblemDetails => {
  const known = translated(thrown);
  const row = errorRow(known);
  const error = row === undefined ? refusal('UNEXPECTED', 'the request failed for a reason that is only in the log') : (known as Error);
  const { code, title, status } = row ?? errorRow(error)!;
  const problems = isRefusal(error) ? error.problems : [];
  const seconds = retryAfterSeconds(error, status);
  return {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: error.message,
    code,
    ...(requestId === undefined ? {} : { requestId }),
    ...(problems.length === 0 ? {} : { errors: problems }),
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  };
};

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is sent for an error. */
export const problemAnswer = (thrown: unknown, requestId: string | undefined): ProblemAnswer => {
  const problem = problemOf(thrown, requestId);
  const error = translated(thrown);
  return {
    status: problem.status,
    headers: {
      ...(isRefusal(error) && error.headers),
      ...(problem.retryAfterSeconds !== undefined && { 'Retry-After': String(problem.retryAfterSeconds) }),
      'Content-Type': 'application/problem+json; charset=utf-8',
    },
    body: JSON.stringify(problem),
  };
};

/** Sends problem details. */
export const sendProblem = (response: Response, thrown: unknown): void => {
  const { status, headers, body } = problemAnswer(thrown, response.locals.requestId as string | undefined);
  response.status(status).set(headers).end(body);
};

/** Whether nobody foresaw it. */
export const isUnforeseen = (thrown: unknown): boolean => errorRow(translated(thrown)) === undefined;

/** Express's last handler. An answer that had begun can't become another: its connection is cut, so that the client sees the break. */
export const problemHandler =
  (report: (error: unknown, requestId: string) => void): ErrorRequestHandler =>
  (error, _request, response, next) => {
    if (isUnforeseen(error)) report(error, response.locals.requestId as string);
    if (!response.headersSent) sendProblem(response, error);
    // Express cuts the connection then.
    else next(error);
  };
