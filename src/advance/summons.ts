/**
 * Commands on DAGs that aren't in memory, which is where final ones are not: the DAG is read from the store and the command
 * told to the log once more, behind whatever else is on its way.
 */
import type { Commanded } from '../core/command';
import { isFinalDag } from '../core/dag';
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
  /** A DAG that isn't final was found. */
  readonly bringUp: (run: Run) => void;
}

export interface Summons {
  /** Reads the DAG of a command and tells the command again; a failure is left to the sweep of pending commands. */
  summon(shard: LiveShard, command: Commanded): void;
}

export const createSummons = ({ store, commands, log, clock, announce, bringUp }: SummonsNeeds): Summons => {
  const refuse = async (shard: LiveShard, { id, dag }: Commanded): Promise<void> => {
    const outcome = { id, dag, outcome: 'REFUSED', detail: 'there is no such DAG any more', affected: 0, at: clock.now() } as const;
    await commands.refuseCommands([outcome]);
    shard.settled.add(id);
    announce('command.settled', outcome);
  };

  const read = async (shard: LiveShard, command: Commanded): Promise<void> => {
    const record = await store.anyDag(command.dag);
    if (!shard.live) return;
    if (record?.shard !== shard.shard) {
      await refuse(shard, command);
      return;
    }
    const added = addRecord(shard, record);
    if (added !== undefined && !isFinalDag(added.status)) bringUp(added);
    try {
      await log.append(new Map([[shard.shard, [command]]]));
    } catch (error) {
      if (added !== undefined && isFinalDag(added.status) && shard.runs.get(added.dag) === added) shard.runs.delete(added.dag);
      throw error;
    }
  };

  return {
    summon: (shard, command) => {
      read(shard, command).catch((error: unknown) => {
        announce('loop.failed', { loop: 'command', error });
      });
    },
  };
};
