/** Commands as rows: what was asked, and what became of it. */
import type { Pool } from 'pg';
import type { Command, Commanded, CommandOutcome } from '../../core/command';
import { type DagId, shardOf } from '../../core/ids';
import type { CommandStore, NewCommand } from '../../ports/store';
import { type ArrayColumn, json, parametersOf, plain, texts, valuesOf, words } from './arrays';
import type { Database } from './database';
import { OUTCOME_COLUMNS } from './extras';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

const COLUMNS: readonly ArrayColumn<NewCommand>[] = [
  plain('uuid', ({ dag }) => dag),
  plain('smallint', ({ dag }) => shardOf(dag)),
  texts(({ command }) => command.kind),
  json(({ command }) => command),
  words(({ by }) => by),
  words(({ reason }) => reason),
  plain('double precision', ({ notBefore }) => notBefore),
  words(({ key }) => key),
];

// Numbers are drawn before anything is stored, so that they follow the order given; keys are inserted in one order by everyone,
// so that two requests with the same keys never wait in a circle.
const REQUEST = `
  WITH given AS MATERIALIZED (
    SELECT n, nextval(pg_get_serial_sequence('commands', 'id')) AS id, dag_id, shard, kind, command, by, reason, not_before, key
    FROM unnest(${parametersOf(COLUMNS)}) WITH ORDINALITY AS u (dag_id, shard, kind, command, by, reason, not_before, key, n)
  ), stored AS (
    INSERT INTO commands (id, dag_id, shard, kind, command, by, reason, not_before, key)
    SELECT id, dag_id, shard, kind, command, by, reason, to_timestamp(not_before / 1000), key FROM given ORDER BY dag_id, key COLLATE "C", n
    ON CONFLICT (dag_id, key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id
  )
  SELECT g.id, s.id IS NOT NULL AS stored FROM given g LEFT JOIN stored s ON s.id = g.id ORDER BY g.n`;

const EARLIER = `
  SELECT c.id FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS u (dag_id, key, n)
  JOIN commands c ON c.dag_id = u.dag_id AND c.key = u.key ORDER BY u.n`;

const FREE = `
  UPDATE commands c SET key = NULL FROM unnest($1::uuid[], $2::text[]) AS u (dag_id, key)
  WHERE c.dag_id = u.dag_id AND c.key = u.key AND c.outcome = 'REFUSED'`;

const KEY_COLUMNS: readonly ArrayColumn<Pick<NewCommand, 'dag' | 'key'>>[] = [plain('uuid', ({ dag }) => dag), words(({ key }) => key)];

const request = async (pool: Pool, commands: readonly NewCommand[]): Promise<{ id: string; repeated: boolean }[]> => {
  const { rows } = await pool.query<{ id: string; stored: boolean }>({ name: 'request', text: REQUEST, values: valuesOf(COLUMNS, commands) });
  const repeated = commands.filter((_, i) => rows[i]?.stored === false);
  if (repeated.length === 0) return rows.map(({ id }) => ({ id, repeated: false }));
  // Whoever stored them first has committed: a key that is being stored is waited for.
  const earlier = await pool.query<{ id: string }>({ name: 'requested', text: EARLIER, values: valuesOf(KEY_COLUMNS, repeated) });
  const ids = earlier.rows.map(({ id }) => id).values();
  return rows.map(({ id, stored }) => (stored ? { id, repeated: false } : { id: ids.next().value ?? id, repeated: true }));
};

// Ages are told by the database's clock alone: that of the process which stored a command may differ.
const PENDING = `
  SELECT id, dag_id, command, by, reason FROM commands
  WHERE outcome IS NULL AND shard = ANY ($1::smallint[])
    AND requested_at < clock_timestamp() - $2::double precision * interval '1 millisecond'
    AND (not_before IS NULL OR not_before <= to_timestamp($3::double precision / 1000))
  ORDER BY id LIMIT $4`;

interface PendingRow {
  readonly id: string;
  readonly dag_id: DagId;
  readonly command: string;
  readonly by: string | null;
  readonly reason: string | null;
}

const commanded = (row: PendingRow): Omit<Commanded, 'type'> => ({
  id: row.id,
  dag: row.dag_id,
  command: JSON.parse(row.command) as Command,
  by: row.by,
  reason: row.reason,
});

interface OutcomeRow {
  readonly id: string;
  readonly dag_id: DagId;
  readonly outcome: CommandOutcome['outcome'];
  readonly detail: string | null;
  readonly affected: number;
  readonly settled_at: Date;
}

const outcomeOf = (row: OutcomeRow): CommandOutcome => ({
  id: row.id,
  dag: row.dag_id,
  outcome: row.outcome,
  detail: row.detail,
  affected: row.affected,
  at: row.settled_at.getTime(),
});

/** Makes the CommandStore of an open, migrated database. */
export const createCommandStore = ({ engine: pool }: Pick<Database, 'engine'>): CommandStore => ({
  request: (commands) => (commands.length === 0 ? Promise.resolve([]) : reaching(() => request(pool, commands))),
  freeRefusedKeys: (keys) =>
    reaching(async () => {
      await pool.query({ name: 'free_keys', text: FREE, values: valuesOf(KEY_COLUMNS, keys) });
    }),
  pendingCommands: (shards, requestedBeforeMs, nowMs, limit) =>
    reaching(async () => {
      const values = [shards, nowMs - requestedBeforeMs, nowMs, limit];
      const { rows } = await pool.query<PendingRow>({ name: 'pending_commands', text: PENDING, values });
      return rows.map(commanded);
    }),
  commandOutcome: (id) =>
    reaching(async () => {
      if (!isRowNumber(id)) return undefined;
      const text = 'SELECT id, dag_id, outcome, detail, affected, settled_at FROM commands WHERE id = $1 AND outcome IS NOT NULL';
      const { rows } = await pool.query<OutcomeRow>({ name: 'command_outcome', text, values: [id] });
      return rows.map(outcomeOf)[0];
    }),
  settledCommands: (shard, sinceMs) =>
    reaching(async () => {
      const text = `SELECT id FROM commands
        WHERE outcome IS NOT NULL AND shard = $1 AND settled_at >= to_timestamp($2::double precision / 1000)`;
      const { rows } = await pool.query<{ id: string }>({ name: 'settled_commands', text, values: [shard, sinceMs] });
      return rows.map(({ id }) => id);
    }),
  refuseCommands: (outcomes) =>
    reaching(async () => {
      if (outcomes.length === 0) return;
      const text = `SELECT settle_commands(${parametersOf(OUTCOME_COLUMNS)})`;
      await pool.query({ name: 'refuse_commands', text, values: valuesOf(OUTCOME_COLUMNS, outcomes) });
    }),
});
