/**
 * The paths by which a process is watched: whether it lives, whether it takes work, what it needs, and its metrics. A worker has nothing
 * else, so that its app goes without express, which takes 4 MB.
 */
import type { RequestListener, ServerResponse } from 'node:http';
import { headersFor, nothingFor, requestIdFrom, type Watching } from './answering';
import { isUnforeseen, problemAnswer } from './problem';

export interface ProbesNeeds {
  /** The report, and whether all that is needed is there. */
  readonly health: () => Promise<{ readonly status: 'UP' | 'DOWN' }>;
  /** Whether the process does its work: false while it starts and while it stops. */
  readonly ready: () => boolean;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** What is answered to a GET of a path. */
export interface Probe {
  readonly path: string;
  answer(): Promise<ProbeAnswer> | ProbeAnswer;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const statusOf = ({ status }: { readonly status: 'UP' | 'DOWN' }): number => (status === 'UP' ? 200 : 503);
const told = (report: { readonly status: 'UP' | 'DOWN' }): ProbeAnswer => ({
  status: statusOf(report),
  contentType: JSON_TYPE,
  text: JSON.stringify(report),
});

/** Health and metrics: every role has them. */
export const probesOf = ({ health, ready, metrics }: ProbesNeeds): readonly Probe[] => [
  { path: '/api/v1/health', answer: async () => told(await health()) },
  { path: '/livez', answer: () => told({ status: 'UP' }) },
  { path: '/readyz', answer: () => told({ status: ready() ? 'UP' : 'DOWN' }) },
  { path: '/actuator/prometheus', answer: async () => ({ status: 200, contentType: metrics.contentType, text: await metrics.text() }) },
];

const METHODS = ['GET', 'HEAD'];
const pathOf = (url: string): string => url.split('?', 1)[0]!;
/** As express compares: without regard to case and to a slash at the end. */
const isAt = (path: string, probe: Probe): boolean => [probe.path, `${probe.path}/`].includes(path.toLowerCase());

const send = (response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, text?: string): void => {
  response.statusCode = status;
  response.setHeaders(new Map(Object.entries(headers))).end(text);
};

const sendAnswer = (response: ServerResponse, { status, contentType, text }: ProbeAnswer): void => {
  send(response, status, { 'Content-Type': contentType }, text);
};

/** An app that answers probes alone, as an express app with `probeRoutes` does. */
export const createProbesApp = (probes: readonly Probe[], { answered, unexpected, monotonic }: Watching): RequestListener => {
  const answer = async (method: string, path: string, response: ServerResponse): Promise<void> => {
    const probe = probes.find((one) => isAt(path, one));
    const methods = probe === undefined ? [] : METHODS;
    if (probe !== undefined && methods.includes(method)) sendAnswer(response, await probe.answer());
    else if (probe !== undefined && method === 'OPTIONS') send(response, 204, { Allow: methods.join(', ') });
    else throw nothingFor(method, path, methods);
  };
  const refuse = (response: ServerResponse, error: unknown, requestId: string): void => {
    if (isUnforeseen(error)) unexpected(error, requestId);
    const { status, headers, body } = problemAnswer(error, requestId);
    send(response, status, headers, body);
  };
  return (request, response) => {
    const begun = monotonic();
    const { method = '', url = '' } = request;
    const path = pathOf(url);
    const requestId = requestIdFrom(request.headers['x-request-id']?.toString());
    response.setHeaders(new Map(Object.entries(headersFor(requestId))));
    response.once('close', () => {
      const route = METHODS.includes(method) ? probes.find((probe) => isAt(path, probe))?.path : undefined;
      answered({ method, route: route ?? '(none)', status: response.statusCode, tookMs: monotonic() - begun });
    });
    answer(method, path, response).catch((error: unknown) => {
      refuse(response, error, requestId);
    });
  };
};
