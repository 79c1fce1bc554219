/** Commands in memory: what adapters/postgres keeps in a table, with the same rules. */
import type { Commanded, CommandOutcome } from '../../core/command';
import { shardOf } from '../../core/ids';
import type { Clock } from '../../ports/clock';
import type { CommandStore, NewCommand } from '../../ports/store';

interface CommandRow {
  readonly id: string;
  readonly wanted: NewCommand;
  readonly requestedAt: number;
  outcome: CommandOutcome | undefined;
}

export interface CommandTable {
  readonly store: CommandStore;
  /** Stores outcomes with the effect that they tell of; what is settled stays as it is. */
  settle(outcomes: readonly CommandOutcome[]): void;
}

const storable = (text: string | null): string | null => text?.replaceAll('\0', '') ?? null;

const commanded = ({ id, wanted }: CommandRow): Omit<Commanded, 'type'> => ({
  id,
  dag: wanted.dag,
  command: wanted.command,
  by: storable(wanted.by),
  reason: storable(wanted.reason),
});

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

/** An empty table; ages are told by `clock`. */
export const createCommandTable = (clock: Pick<Clock, 'now'>): CommandTable => {
  const rows = new Map<string, CommandRow>();
  const byKey = new Map<string, CommandRow>();

  const keyOf = ({ dag, key }: Pick<NewCommand, 'dag' | 'key'>): string | undefined => (key === null ? undefined : `${dag}/${storable(key) ?? ''}`);

  const request = (wanted: NewCommand): { id: string; repeated: boolean } => {
    const key = keyOf(wanted);
    const earlier = key === undefined ? undefined : byKey.get(key);
    if (earlier !== undefined) return { id: earlier.id, repeated: true };
    const row: CommandRow = { id: String(rows.size + 1), wanted, requestedAt: clock.now(), outcome: undefined };
    rows.set(row.id, row);
    if (key !== undefined) byKey.set(key, row);
    return { id: row.id, repeated: false };
  };
  const settle = (outcomes: readonly CommandOutcome[]): void => {
    for (const outcome of outcomes) {
      const row = rows.get(outcome.id);
      if (row !== undefined) row.outcome ??= { ...outcome, detail: storable(outcome.detail) };
    }
  };
  const all = (): CommandRow[] => [...rows.values()];

  return {
    settle,
    store: {
      request: (commands) => answered(() => commands.map(request)),
      freeRefusedKeys: (keys) =>
        answered(() => {
          for (const key of keys.map(keyOf)) if (key !== undefined && byKey.get(key)?.outcome?.outcome === 'REFUSED') byKey.delete(key);
        }),
      pendingCommands: (shards, requestedBeforeMs, nowMs, limit) =>
        answered(() =>
          all()
            .filter(({ outcome, wanted }) => outcome === undefined && shards.includes(shardOf(wanted.dag)))
            .filter(({ requestedAt, wanted }) => requestedAt < requestedBeforeMs && (wanted.notBefore ?? 0) <= nowMs)
            .slice(0, limit)
            .map(commanded),
        ),
      commandOutcome: (id) => answered(() => rows.get(id)?.outcome),
      settledCommands: (shard, sinceMs) =>
        answered(() =>
          all()
            .filter(({ outcome, wanted }) => outcome !== undefined && outcome.at >= sinceMs && shardOf(wanted.dag) === shard)
            .map(({ id }) => id),
        ),
      refuseCommands: (outcomes) =>
        answered(() => {
          settle(outcomes);
        }),
    },
  };
};
