/** One request to the API, with its time limit and its repetitions. */
import { setTimeout as pause } from 'node:timers/promises';
import { apiError, callError, isApiError, isUnreachable, isUnsent, mayPass, strangerError, unreachableError, type UnreachableError } from './errors';
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
  /** Sent as JSON. */
  readonly body?: unknown;
  /** How much longer than usual the server may take. */
  readonly extraMs?: number;
  /** The longest time for all of it, repetitions included. */
  readonly withinMs?: number;
  /** Done twice it does harm, and no Idempotency-Key prevents that: it is repeated only where it surely wasn't carried out. */
  readonly once?: true;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_TOLD_MS = 60_000;
const LEAST_SPREAD_MS = 500;

/** The address of a request below a server's. */
export const addressOf = (base: string, { path, query = {} }: Pick<ApiRequest, 'path' | 'query'>): string => {
  const whole = base.endsWith('/') ? base : `${base}/`;
  if (!/^https?:/i.test(whole) || !URL.canParse(path, whole)) throw callError(`"${base}" is no address like http://localhost:8080`);
  const url = new URL(path, whole);
  if (url.username !== '' || url.password !== '') throw callError('the address has a user or a password in it: fetch takes neither');
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.toString();
};

/** Headers that can be sent: Latin-1 without line ends. */
export const headersOf = (given: Readonly<Record<string, string>>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch (error) {
      throw callError(`${JSON.stringify(value)} can't be sent as the header ${name}`, error);
    }
  }
  return headers;
};

const jsonOf = (body: unknown): string | undefined => {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw callError(`what is to be sent is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
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

interface Prepared {
  readonly address: string;
  readonly init: RequestInit;
}

/** Throws, naming it, where something can't be sent. */
const prepared = (base: string, request: ApiRequest): Prepared => {
  const { method = 'GET', headers = {}, body } = request;
  const text = jsonOf(body);
  return {
    address: addressOf(base, request),
    init: {
      method,
      headers: headersOf({ accept: 'application/json', ...(text !== undefined && { 'content-type': 'application/json' }), ...headers }),
      // Followed, a POST would become a GET: it would be answered, and nothing be done.
      redirect: method === 'GET' ? 'follow' : 'manual',
      ...(text !== undefined && { body: text }),
    },
  };
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const answerTo = async (url: string, { address, init }: Prepared, limitMs: number): Promise<Answer> => {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const response = await fetch(address, { ...init, signal });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    throw unreachableError(url, error);
  }
};

const ask = async (url: string, what: Prepared, limitMs: number): Promise<Answer> => {
  const answer = await answerTo(url, what, limitMs);
  const { status, text, headers } = answer;
  if (status >= 400) throw Object.assign(apiError(status, problemOf(text)), { retryAfter: headers.get('retry-after') });
  if (status >= 300) throw strangerError(url, `it redirects (${String(status)}) to ${headers.get('location') ?? 'nowhere'}: use that address`);
  return answer;
};

/** The pause before a repetition. Chance is part of it, so that clients that were refused together don't come back together. */
export const pauseBefore = (attempt: number, error: unknown): number => {
  const told = Number((error as { readonly retryAfter?: string | null }).retryAfter ?? NaN) * 1_000;
  if (!(told > 0)) return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
  const least = Math.min(LONGEST_TOLD_MS, told);
  return least + Math.random() * Math.max(LEAST_SPREAD_MS, least / 2);
};

/** Whether a request that failed so may have been carried out all the same. A server that is overloaded says so before it begins. */
const mayBeDone = (error: unknown): boolean =>
  (isUnreachable(error) && !error.answered && !isUnsent(error)) || (isApiError(error) && error.status === 503 && error.problem.code !== 'OVERLOADED');

const leftOpen = (error: UnreachableError): UnreachableError =>
  Object.assign(error, { message: `${error.message}; it may have been carried out all the same` });

const GONE: Answer = { status: 204, text: '', headers: new Headers() };

/**
 * Sends a request, and repeats it: one that may be carried out twice without harm (a GET, PUT or DELETE, or one with an Idempotency-Key) whenever
 * that may help, one that says `once` only where it surely wasn't carried out. Rejects with a TypeError where it can't be sent, otherwise with an
 * ApiError or an UnreachableError after the last repetition.
 */
export const send = async (settings: RequestSettings, request: ApiRequest): Promise<Answer> => {
  const { method, extraMs = 0, withinMs = Infinity, once = false } = request;
  const what = prepared(settings.url, request);
  const deadline = performance.now() + withinMs;
  const leftMs = (): number => Math.max(0, Math.ceil(deadline - performance.now()));
  let perhapsDone = false;
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask(settings.url, what, Math.ceil(Math.min(settings.timeoutMs + extraMs, leftMs())));
    } catch (error) {
      // What isn't there any more was removed by an earlier one.
      if (method === 'DELETE' && perhapsDone && isApiError(error) && error.status === 404) return GONE;
      perhapsDone ||= mayBeDone(error);
      if (once && perhapsDone) throw isUnreachable(error) ? leftOpen(error) : error;
      if (attempt >= settings.retries || !mayPass(error)) throw error;
      await pause(Math.min(pauseBefore(attempt, error), leftMs()));
      if (leftMs() === 0) throw error;
    }
  }
};
