/**
 * The level-triggered side of the engine: what is due or was missed is looked up in the store and reported through the
 * log like anything else. Events only make things faster.
 */
import type { Event } from '../core/event';
import type { Passing } from '../core/gates';
import { groupBy } from '../core/groupBy';
import { mintedAt, shardOf, type DagId } from '../core/ids';
import type { Clock } from '../ports/clock';
import type { CommandStore, DueTask, RunStore, WorkIndex } from '../ports/store';
import type { EventLog } from '../ports/transport';
import type { Advancer } from './advancer';

export interface SweeperNeeds {
  readonly work: Pick<WorkIndex, 'due' | 'dueDags'>;
  readonly store: Pick<RunStore, 'createdDags'>;
  readonly commands: Pick<CommandStore, 'pendingCommands'>;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly advancer: Pick<Advancer, 'owned' | 'isKnown' | 'discover' | 'writeWaiting' | 'goOnAgain' | 'waitOf'>;
  readonly gates: { lastShut(passing: Passing): number | undefined };
}

const DUE_AT_ONCE = 2000;
/** Clocks differ: what is over by ours a moment before it is by the log's would be refused, and told again only much later. */
const CLOCKS_DIFFER_MS = 100;
/** What was told to the log is told again only after this long: the log may be behind. */
const TELL_AGAIN_MS = 5000;
/** A submission by another scheduler is missed for sure once it is this old; hints come faster. */
const MISSED_AFTER_MS = 1000;
const LOOK_BACK_MS = 60_000;
/** Clocks differ and commits take a while: what was looked at is looked at for so long again. */
const SLACK_MS = 5000;
const FOUND_AT_ONCE = 500;
/**
 * Who was suspended while it stored a DAG, or waited long for PostgreSQL, stores it with a time that was looked at long ago, and may not even
 * know that it is stored. So each thirtieth look goes back much further.
 */
const FAR_EACH = 30;
const FAR_BACK_MS = 600_000;
const FAR_AT_ONCE = 5000;
/** A command without an outcome after this long may have lost its hint. */
const COMMAND_LATE_MS = 2000;
const COMMANDS_AT_ONCE = 500;

export interface Sweeper {
  /** Reports the waits of tasks that are over. */
  dueOnce(): Promise<void>;
  /** Reports the DAGs whose own time is over. */
  dueDagsOnce(): Promise<void>;
  /** Tells commands whose time has come or whose hint was lost. */
  commandsOnce(): Promise<void>;
  /** Finds DAGs of owned shards that another process stored and whose hint was lost. */
  missedOnce(): Promise<void>;
}

/** What was told to the log lately, oldest first. */
interface Told {
  /** Those that weren't told within TELL_AGAIN_MS. */
  fresh<T>(all: readonly T[], keyOf: (each: T) => string): T[];
  add(keys: readonly string[]): void;
}

const createTold = (clock: Pick<Clock, 'now'>): Told => {
  const told = new Map<string, number>();
  const forgetOld = (): void => {
    for (const [key, at] of told) {
      if (clock.now() - at < TELL_AGAIN_MS) return;
      told.delete(key);
    }
  };
  return {
    fresh: (all, keyOf) => {
      forgetOld();
      return all.filter((each) => !told.has(keyOf(each)));
    },
    add: (keys) => {
      for (const key of keys) told.set(key, clock.now());
    },
  };
};

interface GatedTask extends DueTask {
  readonly gatedUntil: number | undefined;
}

/** One event for those that are due as such, and one for each time until which others were behind a gate. */
const dueEvents = (all: readonly GatedTask[]): Event[] =>
  [...groupBy(all, (each) => each.gatedUntil)].map(([gatedUntil, due]) => ({
    type: 'due',
    tasks: due.map(({ dag, task, dispatch }) => ({ dag, task, dispatch })),
    ...(gatedUntil === undefined ? {} : { gatedUntil }),
  }));

export const createSweeper = ({ work, store, commands, log, clock, advancer, gates }: SweeperNeeds): Sweeper => {
  const told = createTold(clock);
  /** What was stored before was looked at. */
  let seenUntil = 0;
  let looks = 0;
  const ownedShards = (): number[] => advancer.owned().map(({ shard }) => shard);

  /** Until when a gate kept a task that is ready from being handed out; undefined where none did since it is. */
  const gatedUntil = (due: DueTask): number | undefined => {
    const wait = advancer.waitOf(due);
    const lastShut = wait && gates.lastShut(wait);
    return wait === undefined || lastShut === undefined || lastShut <= wait.since ? undefined : lastShut;
  };

  /** Tells what wasn't told lately, by the shard of each DAG; each event tells of all that it is handed. */
  const tell = async <T extends { readonly dag: DagId }>(all: readonly T[], keyOf: (each: T) => string, eventsOf: (some: T[]) => Event[]) => {
    const fresh = told.fresh(all, keyOf);
    if (fresh.length === 0) return;
    const events = new Map<number, Event[]>();
    for (const [shard, ofShard] of groupBy(fresh, ({ dag }) => shardOf(dag))) events.set(shard, eventsOf(ofShard));
    await log.append(events);
    told.add(fresh.map(keyOf));
  };

  /** Those whose DAG is in memory: to others the event would be told in vain, and only later once more. They are read now. */
  const known = async <T extends { readonly dag: DagId }>(due: readonly T[]): Promise<T[]> => {
    for (const dag of new Set(due.map((each) => each.dag))) if (!advancer.isKnown(dag, shardOf(dag))) await advancer.discover(dag, shardOf(dag));
    return due.filter(({ dag }) => advancer.isKnown(dag, shardOf(dag)));
  };

  return {
    dueOnce: async () => {
      const shards = ownedShards();
      advancer.writeWaiting();
      advancer.goOnAgain();
      if (shards.length === 0) return;
      const due = (await known(await work.due(shards, clock.now() - CLOCKS_DIFFER_MS, DUE_AT_ONCE))).map((each) => ({
        ...each,
        gatedUntil: gatedUntil(each),
      }));
      await tell(
        due,
        // One wait may follow another under the same number: the wait for a retry, and then the one for a worker.
        ({ dag, task, dispatch, dueAt, gatedUntil }) =>
          `${dag}/${String(task)}/${String(dispatch)}/${String(dueAt)}${gatedUntil === undefined ? '' : ' gated'}`,
        dueEvents,
      );
    },
    dueDagsOnce: async () => {
      const shards = ownedShards();
      if (shards.length === 0) return;
      const due = (await work.dueDags(shards, clock.now() - CLOCKS_DIFFER_MS, FOUND_AT_ONCE)).map((dag) => ({ dag }));
      await tell(
        await known(due),
        ({ dag }) => dag,
        (dags) => dags.map(({ dag }) => ({ type: 'dagDue', dag })),
      );
    },
    commandsOnce: async () => {
      const shards = ownedShards();
      if (shards.length === 0) return;
      const now = clock.now();
      const late = await commands.pendingCommands(shards, now - COMMAND_LATE_MS, now, COMMANDS_AT_ONCE);
      await tell(
        late,
        ({ id }) => `command ${id}`,
        (some) => some.map((command) => ({ type: 'commanded', ...command })),
      );
    },
    missedOnce: async () => {
      const shards = ownedShards();
      if (shards.length === 0) return;
      const now = clock.now();
      const toMs = now - MISSED_AFTER_MS;
      looks += 1;
      const isFar = looks % FAR_EACH === 0;
      const atOnce = isFar ? FAR_AT_ONCE : FOUND_AT_ONCE;
      let fromMs = isFar ? now - FAR_BACK_MS : Math.max(now - LOOK_BACK_MS, seenUntil - SLACK_MS);
      for (let more = true; more;) {
        const found = await store.createdDags(shards, { fromMs, toMs }, atOnce);
        for (const dag of found) if (!advancer.isKnown(dag, shardOf(dag))) await advancer.discover(dag, shardOf(dag));
        const newest = found.at(-1);
        more = found.length === atOnce && newest !== undefined && mintedAt(newest) > fromMs;
        if (more && newest !== undefined) fromMs = mintedAt(newest);
      }
      seenUntil = toMs;
    },
  };
};
