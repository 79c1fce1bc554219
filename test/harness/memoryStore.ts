/** The engine's store in memory: epochs fence, a commit is all or nothing, and it fails when it is told to. For tests of stages. */
import { isFinalDag } from '../../src/core/dag';
import type { PlannedDag } from '../../src/core/dag';
import { failure } from '../../src/core/failure';
import { shardOf, type DagId } from '../../src/core/ids';
import type { Commanded, CommandOutcome } from '../../src/core/command';
import type { CommandStore, CommitBatch, LogPosition, NewCommand, OwnedShard, RunStore, WorkIndex } from '../../src/ports/store';
import { rowsOf, type Rows } from '../core/model';

/** How the next commit goes: `lost` commits and fails all the same, `held` waits until it is let go. */
export type Fate = 'fails' | 'lost' | 'held';

export interface MemoryStore extends RunStore, WorkIndex, CommandStore {
  /** Raises the epoch and answers what an owner is handed. */
  acquire(shard: number): OwnedShard;
  /** What the next commits meet, in order; those after them go well. */
  meet(...fates: readonly Fate[]): void;
  /** Lets a held commit go on. */
  release(): void;
  /** Refuses every commit in which a result, error or checkpoint holds this text. */
  refuse(text: string): void;
  rows(dag: DagId): Rows;
  position(shard: number): LogPosition;
  readonly commits: CommitBatch[];
  /** Called while a DAG is read, which answers what was there when the read began. */
  beforeRead: (() => Promise<void>) | undefined;
}

interface ShardRow {
  epoch: number;
  position: LogPosition;
}

export const createMemoryStore = (): MemoryStore => {
  const dags = new Map<DagId, { plan: PlannedDag; rows: Rows }>();
  const shards = new Map<number, ShardRow>();
  const fates: Fate[] = [];
  const commits: CommitBatch[] = [];
  const commands: { readonly id: string; readonly wanted: NewCommand; outcome?: CommandOutcome }[] = [];
  const settle = (outcomes: readonly CommandOutcome[]): void => {
    for (const outcome of outcomes) {
      const command = commands.find(({ id }) => id === outcome.id);
      if (command !== undefined) command.outcome = outcome;
    }
  };
  let refused: string | undefined;
  let letGo: () => void = () => undefined;

  const shardRow = (shard: number): ShardRow => {
    let row = shards.get(shard);
    if (row === undefined) shards.set(shard, (row = { epoch: 0, position: { nextOffset: 0n, last: null } }));
    return row;
  };
  const write = (batch: CommitBatch): void => {
    for (const { shard, epoch } of batch.shards)
      if (shardRow(shard).epoch !== epoch) throw failure('STALE_EPOCH', `shard ${String(shard)} has another epoch`);
    const texts = batch.tasks.flatMap(({ result, error, checkpoint }) => [result, error, checkpoint]);
    if (refused !== undefined && texts.some((text) => text?.includes(refused!))) throw failure('UNSTORABLE', 'the content is refused');
    for (const { shard, position } of batch.shards) shardRow(shard).position = position;
    for (const { rows } of dags.values()) rows.apply(batch);
    settle(batch.commands);
    commits.push(batch);
  };
  const record = (dag: DagId) => dags.get(dag)?.rows.record();
  const live = (shard: number) =>
    [...dags.values()]
      .filter(({ plan }) => plan.shard === shard)
      .map(({ rows }) => rows.record())
      .filter(({ status }) => !isFinalDag(status));

  const store: MemoryStore = {
    commits,
    beforeRead: undefined,
    acquire: (shard) => {
      const row = shardRow(shard);
      row.epoch += 1;
      return { shard, epoch: row.epoch, position: row.position };
    },
    meet: (...next) => {
      fates.push(...next);
    },
    release: () => {
      letGo();
    },
    refuse: (text) => {
      refused = text;
    },
    rows: (dag) => dags.get(dag)!.rows,
    position: (shard) => shardRow(shard).position,
    admit: (submissions) =>
      Promise.resolve(
        submissions.map(({ dag }) => {
          dags.set(dag.dagId, { plan: dag, rows: rowsOf(dag) });
          return { kind: 'stored', id: dags.size } as const;
        }),
      ),
    commit: async (batch) => {
      await Promise.resolve();
      const fate = fates.shift();
      if (fate === 'fails') throw failure('STORE_UNAVAILABLE', 'the store is away');
      if (fate === 'held')
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
      write(batch);
      if (fate === 'lost') throw failure('STORE_UNAVAILABLE', 'the answer was lost');
    },
    liveDags: async function* (shard) {
      await Promise.resolve();
      for (const each of live(shard)) yield [each];
    },
    liveDag: async (dag) => {
      const found = record(dag);
      await store.beforeRead?.();
      return found === undefined || isFinalDag(found.status) ? undefined : found;
    },
    anyDag: async (dag) => {
      const found = record(dag);
      await store.beforeRead?.();
      return found;
    },
    request: (wanted) =>
      Promise.resolve(
        wanted.map((each) => {
          const id = String(commands.length + 1);
          commands.push({ id, wanted: each });
          return { id, repeated: false };
        }),
      ),
    // Keys are not kept here.
    freeRefusedKeys: () => Promise.resolve(),
    pendingCommands: (of, _before, nowMs, limit) =>
      Promise.resolve(
        commands
          .filter(({ wanted, outcome }) => outcome === undefined && of.includes(shardOf(wanted.dag)) && (wanted.notBefore ?? 0) <= nowMs)
          .slice(0, limit)
          .map(({ id, wanted: { dag, command, by, reason } }): Omit<Commanded, 'type'> => ({ id, dag, command, by, reason })),
      ),
    commandOutcome: (id) => Promise.resolve(commands.find((command) => command.id === id)?.outcome),
    settledCommands: (shard, sinceMs) =>
      Promise.resolve(
        commands.filter(({ wanted, outcome }) => outcome !== undefined && outcome.at >= sinceMs && shardOf(wanted.dag) === shard).map(({ id }) => id),
      ),
    refuseCommands: (outcomes) => {
      settle(outcomes);
      return Promise.resolve();
    },
    createdDags: (of, { fromMs, toMs }, limit) =>
      Promise.resolve(
        [...dags.values()]
          .filter(
            ({ plan, rows }) => of.includes(plan.shard) && rows.record().status === 'CREATED' && plan.createdAt >= fromMs && plan.createdAt < toMs,
          )
          .slice(0, limit)
          .map(({ plan }) => plan.dagId),
      ),
    due: (of, nowMs, limit) =>
      Promise.resolve(
        [...dags.values()]
          .filter(({ plan }) => of.includes(plan.shard))
          .flatMap(({ rows }) =>
            rows
              .record()
              .tasks.filter(({ dueAt }) => dueAt !== null && dueAt <= nowMs)
              .map(({ task, dispatch, dueAt }) => ({ dag: rows.record().dag, task, dispatch, dueAt: dueAt! })),
          )
          .slice(0, limit),
      ),
    dueDags: () => Promise.resolve([]),
    inputs: () => Promise.resolve(new Map()),
  };
  return store;
};
