/** One HTTP request of a driver: JSON in, JSON out, within its time, tried again where that may help. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { retrying, type RetryNeeds } from '../../lifecycle/retry';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Of a server at a URL, or of a path below a Unix socket. */
  readonly url: string;
  readonly options?: Pick<RequestOptions, 'socketPath'> & { readonly ca?: string; readonly headers?: Readonly<Record<string, string>> };
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 5000;
const ATTEMPTS = 3;

const isPassing = (error: unknown): boolean => !(error instanceof ApiRefusal) || error.status === 429 || error.status >= 500;

/** What the server refused; `status` tells what the caller can do about it. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  return text;
};

const valueOf = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
};

const messageOf = (body: unknown): string => {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : body;
  return typeof message === 'string' ? message.slice(0, 500) : '';
};

const send = ({ method, url, options = {}, body, contentType = 'application/json' }: ApiCall): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      Accept: 'application/json',
      ...(text !== undefined && { 'Content-Type': contentType, 'Content-Length': String(Buffer.byteLength(text)) }),
      ...options.headers,
    };
    const make = url.startsWith('https:') ? httpsRequest : httpRequest;
    const sent = make(url, { ...options, method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, resolve);
    sent.on('error', reject);
    sent.end(text);
  });

const once = async (call: ApiCall): Promise<ApiAnswer> => {
  const response = await send(call);
  const answer = { status: response.statusCode ?? 0, body: valueOf(await textOf(response)) };
  if (answer.status < 400) return answer;
  throw new ApiRefusal(answer.status, `${call.method} ${call.url} was answered with ${String(answer.status)}: ${messageOf(answer.body)}`);
};

/** Rejects with an ApiRefusal, or with why nobody answered. What may not be asked twice has one attempt. */
export const callApi = (clock: RetryNeeds['clock'], call: () => ApiCall | Promise<ApiCall>, attempts = ATTEMPTS): Promise<ApiAnswer> =>
  retrying({ clock, attempts, firstMs: 200, maxMs: 2000, retryable: isPassing }, async () => once(await call()));
