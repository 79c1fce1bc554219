/** One request to the API, with its time limit and its repetitions. */
import { setTimeout as pause } from 'node:timers/promises';
import { apiError, isApiError, isUnreachable, unreachableError } from './errors';
import type { ProblemDetails } from './responses';

export interface RequestSettings {
  /** The server's address, e.g. `http://localhost:8080`. */
  readonly url: string;
  /** The longest wait for one answer. */
  readonly timeoutMs: number;
  /** Repetitions after a 429 or a 503, or without an answer. */
  readonly retries: number;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  /** How much longer than usual the server may take. */
  readonly extraMs?: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** The address of a request below a server's. */
export const addressOf = (base: string, { path, query = {} }: Pick<ApiRequest, 'path' | 'query'>): string => {
  const url = new URL(path, base.endsWith('/') ? base : `${base}/`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.toString();
};

/** What a refusing server said; empty where it spoke no problem+json. */
export const problemOf = (text: string): ProblemDetails => {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const ask = async (settings: RequestSettings, request: ApiRequest): Promise<Answer> => {
  const { method = 'GET', headers = {}, body, extraMs = 0 } = request;
  try {
    const response = await fetch(addressOf(settings.url, request), {
      method,
      headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      signal: AbortSignal.timeout(settings.timeoutMs + extraMs),
      ...(body !== undefined && { body }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    throw unreachableError(settings.url, error);
  }
};

const once = async (settings: RequestSettings, request: ApiRequest): Promise<Answer> => {
  const answer = await ask(settings, request);
  if (answer.status >= 400) throw Object.assign(apiError(answer.status, problemOf(answer.text)), { retryAfter: answer.headers.get('retry-after') });
  return answer;
};

const mayPass = (error: unknown): boolean => isUnreachable(error) || (isApiError(error) && (error.status === 503 || error.status === 429));

const pauseBefore = (attempt: number, error: unknown): number => {
  const seconds = Number((error as { retryAfter?: string | null }).retryAfter ?? NaN);
  // Half of the wait is chance, so that clients that were refused together don't come back together.
  const own = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2);
  return Math.min(LONGEST_PAUSE_MS, Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : own);
};

/**
 * Sends a request that may be sent twice without harm: a GET or DELETE, or a POST or PATCH with an Idempotency-Key. Rejects with an ApiError
 * or an UnreachableError after the last repetition.
 */
export const send = async (settings: RequestSettings, request: ApiRequest): Promise<Answer> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(settings, request);
    } catch (error) {
      if (attempt >= settings.retries || !mayPass(error)) throw error;
      await pause(pauseBefore(attempt, error));
    }
  }
};
