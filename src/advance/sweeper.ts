/**
 * The level-triggered side of the engine: what is due or was missed is looked up in the store and reported through the
 * log like anything else. Events only make things faster.
 */
import type { Event } from '../core/event';
import { groupBy } from '../core/groupBy';
import { mintedAt, shardOf } from '../core/ids';
import type { Clock } from '../ports/clock';
import type { RunStore, WorkIndex } from '../ports/store';
import type { EventLog } from '../ports/transport';
import type { Advancer } from './advancer';

export interface SweeperNeeds {
  readonly work: Pick<WorkIndex, 'due'>;
  readonly store: Pick<RunStore, 'createdDags'>;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly advancer: Pick<Advancer, 'owned' | 'isKnown' | 'discover' | 'writeWaiting'>;
}

const DUE_AT_ONCE = 2000;
/** A due task that was told to the log is told again only after this long: the log may be behind. */
const TELL_AGAIN_MS = 5000;
/** A submission by another scheduler is missed for sure once it is this old; hints come faster. */
const MISSED_AFTER_MS = 1000;
const LOOK_BACK_MS = 60_000;
/** Clocks differ and commits take a while: what was looked at is looked at for so long again. */
const SLACK_MS = 5000;
const FOUND_AT_ONCE = 500;

export interface Sweeper {
  /** Reports the waits that are over. */
  dueOnce(): Promise<void>;
  /** Finds DAGs of owned shards that another process stored and whose hint was lost. */
  missedOnce(): Promise<void>;
}

export const createSweeper = ({ work, store, log, clock, advancer }: SweeperNeeds): Sweeper => {
  const told = new Map<string, number>();
  /** What was stored before was looked at. */
  let seenUntil = 0;

  const forgetOld = (now: number): void => {
    for (const [key, at] of told) {
      if (now - at < TELL_AGAIN_MS) return;
      told.delete(key);
    }
  };

  return {
    dueOnce: async () => {
      const shards = advancer.owned().map(({ shard }) => shard);
      advancer.writeWaiting();
      if (shards.length === 0) return;
      const now = clock.now();
      forgetOld(now);
      const due = (await work.due(shards, now, DUE_AT_ONCE)).filter(
        ({ dag, task, dispatch }) => !told.has(`${dag}/${String(task)}/${String(dispatch)}`),
      );
      if (due.length === 0) return;
      const events = new Map<number, Event[]>();
      for (const [shard, tasks] of groupBy(due, ({ dag }) => shardOf(dag))) events.set(shard, [{ type: 'due', tasks }]);
      await log.append(events);
      for (const { dag, task, dispatch } of due) told.set(`${dag}/${String(task)}/${String(dispatch)}`, now);
    },
    missedOnce: async () => {
      const shards = advancer.owned().map(({ shard }) => shard);
      if (shards.length === 0) return;
      const now = clock.now();
      const toMs = now - MISSED_AFTER_MS;
      let fromMs = Math.max(now - LOOK_BACK_MS, seenUntil - SLACK_MS);
      for (let more = true; more;) {
        const found = await store.createdDags(shards, { fromMs, toMs }, FOUND_AT_ONCE);
        for (const dag of found) if (!advancer.isKnown(dag, shardOf(dag))) await advancer.discover(dag, shardOf(dag));
        const newest = found.at(-1);
        more = found.length === FOUND_AT_ONCE && newest !== undefined && mintedAt(newest) > fromMs;
        if (more && newest !== undefined) fromMs = mintedAt(newest);
      }
      seenUntil = toMs;
    },
  };
};
