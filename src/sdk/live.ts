/** The figures of the whole system, and what changes, as typed calls. */
import { setTimeout as pause } from 'node:timers/promises';
import { mayPass } from './errors';
import { eventsOf } from './eventStream';
import type { ApiRequest, RequestSettings } from './requests';
import type { DagView, DeadLetter, TaskView, WorkerView } from './responses';

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
   * ApiError where the server refuses the topics, and with an UnreachableError where somebody else answers.
   */
  live(topics: readonly LiveTopic[], options?: { readonly signal?: AbortSignal }): AsyncGenerator<LiveEvent, void, undefined>;
}

const AGAIN_MS = 2_000;

async function* live(settings: RequestSettings, topics: readonly LiveTopic[], given?: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
  const request = { path: 'api/v1/stream', query: { topics: topics.join(',') }, signal };
  const isOver = (): boolean => signal.aborted;
  let lastEventId: string | undefined;
  try {
    while (!isOver()) {
      try {
        for await (const { event, id, data } of eventsOf(settings, { ...request, lastEventId })) {
          lastEventId = id ?? lastEventId;
          // `alive` says only that the other side is.
          if (event !== undefined && event !== 'alive' && data !== undefined) yield { event, data: JSON.parse(data) as unknown } as LiveEvent;
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
export const liveCalls = (call: <T>(request: ApiRequest) => Promise<T>, settings: RequestSettings): LiveCalls => ({
  overview: () => call({ path: 'api/v1/overview' }),
  live: (topics, { signal } = {}) => live(settings, topics, signal),
});
