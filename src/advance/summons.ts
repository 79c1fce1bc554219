/**
 * Commands on DAGs that aren't in memory, which is where final ones are not: the DAG is read from the store and its commands
 * told to the log once more, behind whatever else is on its way. One DAG is read at a time, once for all that wait for it:
 * hundreds of commands may come at once, and a DAG may have 100,000 tasks.
 */
import type { Commanded } from '../core/command';
import type { DagId } from '../core/ids';
import type { Run } from '../core/run';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { CommandStore, RunStore } from '../ports/store';
import type { EventLog } from '../ports/transport';
import { addRecord, type LiveShard } from './liveShard';

export interface SummonsNeeds {
  readonly store: Pick<RunStore, 'anyDag'>;
  readonly commands: Pick<CommandStore, 'refuseCommands'>;
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly announce: Announce;
  /** A DAG was found and is in memory now. */
  readonly added: (run: Run) => void;
  /** A DAG that came to memory for a command is not wanted there any more, if it is final. */
  readonly forget: (run: Run) => void;
}

export interface Summons {
  /** Has the DAG of a command read and the command told again; a failure is left to the sweep of pending commands. */
  summon(shard: LiveShard, command: Commanded): void;
  /** The DAG was brought to memory otherwise: it may even be over, and what is being read of it is the past. */
  outdate(dag: DagId): void;
}

interface Wanted {
  readonly shard: LiveShard;
  readonly dag: DagId;
  readonly commands: Map<string, Commanded>;
  outdated: boolean;
}

const isOutdated = ({ outdated }: Wanted): boolean => outdated;

/** Commands that wait for their DAGs; what is beyond is left to the sweep. */
const MOST_WAITING = 10_000;

export const createSummons = ({ store, commands, log, clock, announce, added, forget }: SummonsNeeds): Summons => {
  const wanted = new Map<DagId, Wanted>();
  let waiting = 0;
  let reading = false;

  const refuse = async ({ shard, dag, commands: all }: Wanted): Promise<void> => {
    const refused = { dag, outcome: 'REFUSED', detail: 'there is no such DAG any more', affected: 0, at: clock.now() } as const;
    const outcomes = [...all.keys()].map((id) => ({ id, ...refused }));
    await commands.refuseCommands(outcomes);
    for (const outcome of outcomes) {
      shard.settled.add(outcome.id);
      announce('command.settled', outcome);
    }
  };

  const readNewest = async (one: Wanted): ReturnType<typeof store.anyDag> => {
    one.outdated = false;
    const record = await store.anyDag(one.dag);
    return isOutdated(one) ? readNewest(one) : record;
  };

  /** False where there is no such DAG; the run is answered where it wasn't in memory before. */
  const bringIn = async (one: Wanted): Promise<Run | boolean> => {
    const { shard, dag } = one;
    if (shard.runs.has(dag)) return true;
    const record = await readNewest(one);
    if (shard.runs.has(dag)) return true;
    if (record?.shard !== shard.shard) return false;
    const run = addRecord(shard, record);
    if (run !== undefined) added(run);
    return run ?? true;
  };

  const leave = (one: Wanted): void => {
    if (wanted.get(one.dag) !== one) return;
    wanted.delete(one.dag);
    waiting -= one.commands.size;
  };

  const settle = async (one: Wanted): Promise<void> => {
    const { shard } = one;
    // From here on commands find the DAG in memory, or are summoned anew.
    const run = await bringIn(one).finally(() => {
      leave(one);
    });
    if (!shard.live) return;
    if (run === false) {
      await refuse(one);
      return;
    }
    try {
      await log.append(new Map([[shard.shard, [...one.commands.values()]]]));
    } catch (error) {
      if (run !== true) forget(run);
      throw error;
    }
  };

  const settleAll = async (): Promise<void> => {
    reading = true;
    for (let next = wanted.values().next(); !next.done; next = wanted.values().next()) {
      await settle(next.value).catch((error: unknown) => {
        announce('loop.failed', { loop: 'command', error });
      });
    }
    reading = false;
  };

  return {
    summon: (shard, command) => {
      if (waiting >= MOST_WAITING) return;
      let one = wanted.get(command.dag);
      if (one?.shard !== shard) {
        if (one !== undefined) leave(one);
        wanted.set(command.dag, (one = { shard, dag: command.dag, commands: new Map(), outdated: false }));
      }
      if (one.commands.has(command.id)) return;
      one.commands.set(command.id, command);
      waiting += 1;
      if (!reading) void settleAll();
    },
    outdate: (dag) => {
      const one = wanted.get(dag);
      if (one !== undefined) one.outdated = true;
    },
  };
};
