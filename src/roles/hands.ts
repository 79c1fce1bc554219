/** The executing half of the engine, put together from the stages: takes work, runs it, reports it. */
import type { Dispatched } from '../core/event';
import { failure } from '../core/failure';
import { groupBy } from '../core/groupBy';
import { createFetchInputs } from '../execute/fetchInputs';
import type { LogLine } from '../core/logLine';
import type { Redaction } from '../core/redact';
import type { Held } from '../execute/prefetch';
import type { Limits, Runnables } from '../execute/work';
import { createRunSpans } from '../execute/spans';
import { createWorker, type Worker, type WorkerNeeds } from '../execute/worker';
import { createBatcher } from '../lifecycle/batcher';
import { retrying } from '../lifecycle/retry';
import { together } from '../lifecycle/together';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Claims, WorkerDescription, WorkerSessions } from '../ports/leases';
import { createOutbox, type OutboxBounds } from '../logs/outbox';
import type { AppendLogs } from '../ports/taskLogs';
import type { Tracing } from '../ports/tracing';
import type { EventLog, WorkQueue } from '../ports/transport';
import { createReporter } from '../report/reporter';

export interface HandsNeeds {
  readonly description: WorkerDescription;
  readonly handlers: Runnables;
  readonly sessions: WorkerSessions;
  readonly claims: Claims;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly appendLogs: AppendLogs;
  readonly logBounds: OutboxBounds;
  readonly redaction: Redaction;
  /** Hears each line that a task says, for the log of the process. */
  readonly heard?: (held: Held, line: LogLine, worker: string) => void;
  readonly printed?: WorkerNeeds['printed'];
  readonly clock: Clock;
  readonly announce: Announce;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** How many shards' logs hear of a worker whose leases don't answer. */
  readonly shards: number;
  readonly drainMs: number;
  readonly takeoverMs: number;
  readonly limits: Limits;
  readonly hardLimitGraceMs: number;
  readonly ageingMs?: number | undefined;
  /** Ends the process, because a handler ignores its signal; absent where the process has to go on. */
  readonly endProcess?: (why: string) => void;
  /** An operator asked the worker to leave. */
  readonly leave: (cause: string) => void;
}

export interface Hands {
  readonly service: Service;
  readonly worker: Worker;
}

const FINISHED_AT_ONCE = 1000;
const FINISHED_PENDING = 100_000;

interface Finisher extends Service {
  finished(session: string, done: Dispatched): void;
}

/**
 * Tombstones for finished claims, many in one call, tried until the worker stops: a claim that stays held by a live session
 * would keep its task's retry waiting.
 */
const createFinisher = ({ claims, clock, announce }: Pick<HandsNeeds, 'claims' | 'clock' | 'announce'>): Finisher => {
  const stopping = new AbortController();
  const failed = (error: unknown): void => {
    announce('loop.failed', { loop: 'finish claims', error });
  };
  const finishAll = async (items: readonly { session: string; done: Dispatched }[]): Promise<void> => {
    for (const [session, ofSession] of groupBy(items, (item) => item.session)) {
      await claims.finish(
        session,
        ofSession.map(({ done }) => done),
      );
    }
  };
  const batcher = createBatcher<{ session: string; done: Dispatched }>({
    maxItems: FINISHED_AT_ONCE,
    maxPending: FINISHED_PENDING,
    overloaded: () => failure('OVERLOADED', 'too many finished claims wait for the leases'),
    flush: (items) =>
      retrying({ clock, attempts: Infinity, firstMs: 50, maxMs: 1000, signal: stopping.signal }, () =>
        finishAll(items).catch((error: unknown) => {
          failed(error);
          throw error;
        }),
      ),
  });
  return {
    name: 'finisher',
    start: () => Promise.resolve(),
    stop: () => {
      stopping.abort();
      return batcher.drained();
    },
    finished: (session, done) => {
      batcher.push({ session, done }).catch(failed);
    },
  };
};

/** Says in every shard's log that a session lives: each owner judges the losses of its own shards. */
const vouchIn =
  (log: Pick<EventLog, 'append'>, shards: number) =>
  (session: string): Promise<void> =>
    log.append(new Map(Array.from({ length: shards }, (_, shard) => [shard, [{ type: 'alive', session } as const]])));

/** Builds a worker; it takes no work before its service is started. */
export const createHands = ({ description, log, claims, clock, announce, ...needs }: HandsNeeds): Hands => {
  const reporter = createReporter({ log, clock, announce });
  const finisher = createFinisher({ claims, clock, announce });
  const outbox = createOutbox({
    append: needs.appendLogs,
    worker: description.workerId,
    bounds: needs.logBounds,
    redaction: needs.redaction,
    clock,
    announce,
  });
  const worker = createWorker({
    ...needs,
    say: (held, line) => {
      outbox.say(held, line);
      needs.heard?.(held, line, description.workerId);
    },
    fellSilent: outbox.fellSilent,
    description,
    claims,
    clock,
    announce,
    report: (shard, event) => reporter.report(shard, event),
    vouch: vouchIn(log, needs.shards),
    spans: needs.tracing && createRunSpans(needs.tracing, description.workerId),
    finished: finisher.finished,
    fetchInputs: createFetchInputs(clock),
  });
  return { service: together('hands', [reporter, finisher, outbox, worker]), worker };
};
