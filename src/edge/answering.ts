/** What every answer has, whichever app gives it. */
import { randomUUID } from 'node:crypto';
import { refusal } from '../core/refusal';

export interface Answered {
  readonly method: string;
  /** The pattern that matched, never the path with its ids; '(none)' where nothing matched. */
  readonly route: string;
  readonly status: number;
  readonly tookMs: number;
}

export interface Watching {
  readonly answered: (what: Answered) => void;
  /** Told of errors that no row of the error table knows. */
  readonly unexpected: (error: unknown, requestId: string) => void;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The id of a request: the client's own, where it sent a decent one. */
export const requestIdFrom = (given: string | undefined): string => (given !== undefined && REQUEST_ID.test(given) ? given : randomUUID());

/** Safe headers, and the request's id. */
export const headersFor = (requestId: string) => ({
  'X-Request-Id': requestId,
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
});

/** Why a request isn't answered: its path has other methods than its own, or none. */
export const nothingFor = (method: string, path: string, methods: readonly string[]): Error =>
  methods.length === 0
    ? refusal('NO_SUCH_PATH', `there is nothing at ${path.slice(0, 200)}`)
    : refusal('METHOD_NOT_ALLOWED', `${method} is not allowed here, only ${methods.join(', ')}`, { headers: { Allow: methods.join(', ') } });
