/** The engine's store in memory, for whoever needs no durability: the simulator, and tests of stages. */
import type { DagRecord } from '../../core/change';
import { isFinalDag } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { Clock } from '../../ports/clock';
import type { GateStore } from '../../ports/gates';
import type { LimitStore } from '../../ports/limits';
import type { RunTimeStore } from '../../ports/runTimes';
import type { CommandStore, RunStore, ShardLeases, WorkIndex } from '../../ports/store';
import { createMemoryGates } from './gates';
import { createMemoryLimits } from './limits';
import { createMemoryRunTimes } from './runTimes';
import { createCommandTable, type CommandTable } from './commands';
import { createShardTable } from './shardLeases';
import { createTables, type Tables } from './tables';

export interface MemoryStore {
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly commands: CommandStore;
  readonly leases: ShardLeases;
  readonly gates: GateStore;
  readonly limits: LimitStore;
  readonly runTimes: RunTimeStore;
}

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

/** A DAG with its tasks; undefined where it doesn't exist. */
export const recordOf = (tables: Tables, dag: DagId): DagRecord | undefined => {
  const head = tables.head(dag);
  return head === undefined ? undefined : { ...head, tasks: tables.tasks(dag) };
};

const createRunStore = (tables: Tables, commands: CommandTable): RunStore => ({
  admit: (submissions) => answered(() => tables.admit(submissions)),
  commit: (batch) =>
    answered(() => {
      tables.commit(batch);
      commands.settle(batch.commands);
    }),
  liveDags: async function* liveDags(shard) {
    const heads = await answered(() => tables.liveHeads(shard));
    for (const { dag } of heads) {
      const record = await answered(() => recordOf(tables, dag));
      if (record !== undefined && !isFinalDag(record.status)) yield [record];
    }
  },
  liveDag: (dag) =>
    answered(() => {
      const record = recordOf(tables, dag);
      return record === undefined || isFinalDag(record.status) ? undefined : record;
    }),
  anyDag: (dag) => answered(() => recordOf(tables, dag)),
  createdDags: (shards, window, limit) => answered(() => tables.createdDags(shards, window, limit)),
});

/** A new, empty store; leases end by `clock`. */
export const createMemoryStore = (clock: Pick<Clock, 'now'>): MemoryStore => {
  const tables = createTables();
  const commands = createCommandTable(clock);
  const shards = createShardTable(tables, clock);
  return {
    store: createRunStore(tables, commands),
    commands: commands.store,
    gates: createMemoryGates(),
    limits: createMemoryLimits(),
    runTimes: createMemoryRunTimes(),
    work: {
      due: (of, nowMs, limit) => answered(() => tables.due(of, nowMs, limit)),
      dueDags: (of, nowMs, limit) => answered(() => tables.dueDags(of, nowMs, limit)),
      inputs: (tasks, mostBytes) => answered(() => tables.inputs(tasks, mostBytes)),
    },
    leases: {
      define: (count) =>
        answered(() => {
          shards.define(count);
        }),
      renew: (scheduler, leaseMs) => answered(() => shards.renew(scheduler, leaseMs)),
      acquire: (scheduler, leaseMs, limit) => answered(() => shards.acquire(scheduler, leaseMs, limit)),
      retake: (scheduler, leaseMs, shard) => answered(() => shards.retake(scheduler, leaseMs, shard)),
      release: (scheduler, given) =>
        answered(() => {
          shards.release(scheduler, given);
        }),
    },
  };
};
