/** Brings events into the logs of their shards: many at once under load, each at once when idle. */
import type { Event } from '../core/event';
import { failure } from '../core/failure';
import { createBatcher } from '../lifecycle/batcher';
import { retrying } from '../lifecycle/retry';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { EventLog } from '../ports/transport';

export interface ReporterNeeds {
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly announce: Announce;
}

export interface Reporter extends Service {
  /**
   * Resolves when the event is durable. It is tried again for as long as the reporter lives: a report is all that is left
   * of work that was done. Rejects with OVERLOADED where too many wait, and when the reporter stops first.
   */
  report(shard: number, event: Event): Promise<void>;
}

const MAX_ITEMS = 2000;
const MAX_PENDING = 200_000;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2000;

export const createReporter = ({ log, clock, announce }: ReporterNeeds): Reporter => {
  const stopping = new AbortController();

  const append = async (items: readonly { shard: number; event: Event }[]): Promise<void> => {
    const byShard = new Map<number, Event[]>();
    for (const { shard, event } of items) {
      const events = byShard.get(shard);
      if (events === undefined) byShard.set(shard, [event]);
      else events.push(event);
    }
    const began = clock.monotonic();
    await retrying({ clock, attempts: Infinity, firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS, signal: stopping.signal }, async () => {
      try {
        await log.append(byShard);
      } catch (error) {
        announce('loop.failed', { loop: 'report', error });
        throw error;
      }
    });
    announce('report.sent', { events: items.length, tookMs: clock.monotonic() - began });
  };

  const batcher = createBatcher<{ shard: number; event: Event }>({
    flush: append,
    maxItems: MAX_ITEMS,
    maxPending: MAX_PENDING,
    overloaded: () => failure('OVERLOADED', `more than ${String(MAX_PENDING)} reports wait for the log`),
  });

  return {
    name: 'reporter',
    start: () => Promise.resolve(),
    stop: async () => {
      await Promise.race([batcher.drained(), new Promise<void>((resolve) => clock.after(MAX_RETRY_MS, resolve))]);
      stopping.abort();
    },
    report: (shard, event) => batcher.push({ shard, event }),
  };
};
