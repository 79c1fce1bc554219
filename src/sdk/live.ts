/** The figures of the whole system, and what changes, as typed calls. */
import { setTimeout as pause } from 'node:timers/promises';
import { apiError, isApiError, isUnreachable, unreachableError } from './errors';
import type { ApiRequest } from './requests';
import type { DagView, DeadLetter, ProblemDetails, TaskView, WorkerView } from './responses';

export interface OverviewNow {
  readonly at: string;
  /** Who told its figures within the last ten seconds. */
  readonly schedulers: readonly string[];
  /** Tasks that ended per second, over the last five. */
  readonly perSecond: Readonly<Record<'finished' | 'completed' | 'failed' | 'skipped' | 'cancelled', number>>;
  /** Tasks that ended in the last five minutes; percent of them that were COMPLETED, null where none was that or FAILED. */
  readonly recent: Readonly<Record<'seconds' | 'completed' | 'failed' | 'skipped' | 'cancelled', number>> & { readonly successRate: number | null };
  /** Ready tasks that wait. */
  readonly queued: { readonly total: number; readonly byPriority: Readonly<Record<string, number>> };
  readonly liveDags: number;
  readonly workers: Readonly<Record<'active' | 'draining' | 'slots' | 'slotsTaken', number>>;
  readonly health: {
    readonly status: 'UP' | 'DOWN';
    readonly components: Readonly<Record<string, { readonly status: 'UP' | 'DOWN'; readonly latencyMs: number; readonly error?: string }>>;
  };
  /** The last tasks that gave up, newest first. */
  readonly failures: readonly DeadLetter[];
}

/** A point for each step, oldest first; null where nobody told anything. */
export type Curve = readonly (number | null)[];

export interface Overview extends OverviewNow {
  readonly history: Readonly<
    Record<'completed' | 'failed' | 'skipped' | 'cancelled' | 'queued' | 'liveDags' | 'workers' | 'slots' | 'slotsTaken', Curve>
  > & {
    readonly stepSeconds: number;
    /** When the first step begins. */
    readonly from: string;
    readonly queuedByPriority: Readonly<Record<string, Curve>>;
    readonly health: Readonly<Record<string, readonly (boolean | null)[]>>;
  };
}

/** What a stream tells; after a `reset` what is shown must be read anew. Each has states, never differences. */
export type LiveEvent =
  | { readonly event: 'overview'; readonly data: OverviewNow }
  | { readonly event: 'dags'; readonly data: { readonly changed: readonly DagView[]; readonly removed: readonly string[]; readonly more: boolean } }
  | { readonly event: 'workers'; readonly data: readonly WorkerView[] }
  | { readonly event: 'dag'; readonly data: { readonly dagId: string; readonly dag: DagView | null; readonly tasks: readonly TaskView[] } }
  | { readonly event: 'reset'; readonly data: { readonly reason: string } };

export type LiveTopic = 'overview' | 'dags' | 'workers' | `dag:${string}`;

export interface LiveCalls {
  /** The figures of the whole system, now and in the last quarter of an hour. */
  overview(): Promise<Overview>;
  /**
   * What changes, as it changes, until `signal` is aborted or the loop is left. A stream that is cut goes on where it was; it ends with an
   * ApiError where the server refuses the topics.
   */
  live(topics: readonly LiveTopic[], options?: { readonly signal?: AbortSignal }): AsyncGenerator<LiveEvent, void, undefined>;
}

const AGAIN_MS = 2_000;

interface Block {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string | undefined;
}

const readBlock = (block: string): Block => {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { event: field('event'), id: field('id'), data: field('data') };
};

/** The blocks of one answer, as they come. */
async function* blocksOf(response: Response): AsyncGenerator<Block, void, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks.map(readBlock);
  }
}

const open = async (url: string, topics: readonly LiveTopic[], lastEventId: string | undefined, signal: AbortSignal): Promise<Response> => {
  const address = new URL('api/v1/stream', url.endsWith('/') ? url : `${url}/`);
  address.searchParams.set('topics', topics.join(','));
  const headers = { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const response = await fetch(address, { headers, signal }).catch((error: unknown) => {
    throw unreachableError(url, error);
  });
  if (response.ok) return response;
  throw apiError(response.status, (await response.json().catch(() => ({}))) as ProblemDetails);
};

const mayPass = (error: unknown): boolean => isUnreachable(error) || !isApiError(error) || error.status === 503 || error.status === 429;

async function* live(url: string, topics: readonly LiveTopic[], given?: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
  const isOver = (): boolean => signal.aborted;
  let lastEventId: string | undefined;
  try {
    while (!isOver()) {
      try {
        for await (const { event, id, data } of blocksOf(await open(url, topics, lastEventId, signal))) {
          lastEventId = id ?? lastEventId;
          if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown } as LiveEvent;
        }
      } catch (error) {
        if (!isOver() && !mayPass(error)) throw error;
      }
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    left.abort();
  }
}

/** The calls, over whatever sends requests. */
export const liveCalls = (call: <T>(request: ApiRequest) => Promise<T>, url: string): LiveCalls => ({
  overview: () => call({ path: 'api/v1/overview' }),
  live: (topics, { signal } = {}) => live(url, topics, signal),
});
