/** What was done to a DAG and what happened to it, as the API shows it. */
import type { Pool } from 'pg';
import type { Command, CommandOutcome } from '../../core/command';
import type { GateScope } from '../../core/gates';
import type { DagId, TaskRef } from '../../core/ids';
import type { AttemptView, CommandView, HistoryView, HistoryViews } from '../../ports/history';
import { attemptView, type AttemptRow } from './attemptRow';
import type { Database } from './database';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

interface GateLine {
  readonly scope: GateScope | null;
  readonly gate: string | null;
  readonly until: Date | null;
}

interface EventRow extends GateLine {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly index: number | null;
  readonly name: string | null;
  readonly by: string | null;
  readonly message: string | null;
}

// Gates count where they stand before a task of the DAG and were changed in its time, or were in force when it began. What the tasks say
// of themselves is read only where there are such.
const EVENTS = `
  WITH passing AS MATERIALIZED (
    SELECT DISTINCT type, options::json ->> 'pool' AS pool FROM tasks WHERE dag_id = $1
  ), own AS (
    SELECT e.id, e.at, e.kind, e.index, t.name, e.by, e.message, NULL AS scope, NULL AS gate, NULL::timestamptz AS until
    FROM dag_events e LEFT JOIN tasks t ON t.dag_id = e.dag_id AND t.index = e.index
    WHERE e.dag_id = $1 AND e.id > $2 ORDER BY e.id LIMIT $3
  ), of_gates AS (
    SELECT g.id, g.at, g.kind, NULL::integer, NULL, g.by, g.reason, g.scope, g.name, g.until
    FROM dags d JOIN gate_events g ON g.at <= coalesce(d.completed_at, 'infinity')
    WHERE d.dag_id = $1 AND g.id > $2
      AND (g.at >= d.created_at OR (g.kind IN ('gate.paused', 'gate.quarantined') AND (g.state <> 'PAUSED' OR g.until IS NULL OR g.until > d.created_at) AND NOT EXISTS (
        SELECT 1 FROM gate_events n WHERE (n.scope, n.name, n.state) = (g.scope, g.name, g.state) AND n.id > g.id AND n.at <= d.created_at)))
      AND CASE g.scope WHEN 'type' THEN g.name IN (SELECT type FROM passing) WHEN 'pool' THEN g.name IN (SELECT pool FROM passing) ELSE true END
    ORDER BY g.id LIMIT $3
  )
  SELECT * FROM own UNION ALL SELECT * FROM of_gates ORDER BY id LIMIT $3`;

const GATES: Readonly<Record<GateScope, string>> = { all: 'everything', type: 'the type', pool: 'the pool' };

/** Of a line about a gate: what it stands before, until when, and why. */
const messageOf = ({ message, scope, gate, until }: EventRow): string | null => {
  if (scope === null) return message;
  const before = scope === 'all' ? GATES.all : `${GATES[scope]} ${gate ?? ''}`;
  return `${before}${until === null ? '' : `, until ${until.toISOString()}`}${message === null ? '' : `: ${message}`}`;
};

const historyView = (dag: DagId, row: EventRow): HistoryView => ({
  id: row.id,
  at: row.at.getTime(),
  kind: row.kind,
  task: row.index === null ? null : { ref: { dag, task: row.index }, name: row.name ?? '' },
  by: row.by,
  message: messageOf(row),
});

interface CommandRow {
  readonly id: string;
  readonly dag_id: DagId;
  readonly command: string;
  readonly by: string | null;
  readonly reason: string | null;
  readonly requested_at: Date;
  readonly not_before: Date | null;
  readonly outcome: CommandOutcome['outcome'] | null;
  readonly detail: string | null;
  readonly affected: number;
  readonly settled_at: Date | null;
}

const COMMAND_COLUMNS = 'id, dag_id, command, by, reason, requested_at, not_before, outcome, detail, affected, settled_at';

const commandView = (row: CommandRow): CommandView => ({
  id: row.id,
  dag: row.dag_id,
  command: JSON.parse(row.command) as Command,
  by: row.by,
  reason: row.reason,
  requestedAt: row.requested_at.getTime(),
  notBefore: row.not_before?.getTime() ?? null,
  outcome: row.outcome,
  detail: row.detail,
  affected: row.affected,
  settledAt: row.settled_at?.getTime() ?? null,
});

const ATTEMPTS = `
  SELECT attempt, dispatch, worker, session, started_at, ended_at, error FROM (
    SELECT * FROM attempts WHERE dag_id = $1 AND index = $2 ORDER BY dispatch DESC LIMIT $3
  ) newest ORDER BY dispatch`;

/** The newest `limit` failed attempts of a task, oldest first. */
export const readAttempts = async (pool: Pool, { dag, task }: TaskRef, limit: number): Promise<AttemptView[]> => {
  const { rows } = await pool.query<AttemptRow>({ name: 'attempts', text: ATTEMPTS, values: [dag, task, limit] });
  return rows.map(attemptView);
};

/** Makes the HistoryViews of an open, migrated database. */
export const createHistoryViews = ({ views: pool }: Pick<Database, 'views'>): HistoryViews => ({
  events: (dag, limit, after = '0') =>
    reaching(async () => {
      if (!isRowNumber(after)) return [];
      const { rows } = await pool.query<EventRow>({ name: 'dag_events', text: EVENTS, values: [dag, after, limit] });
      return rows.map((row) => historyView(dag, row));
    }),
  commands: (dag, limit, after = '0') =>
    reaching(async () => {
      if (!isRowNumber(after)) return [];
      const text = `SELECT ${COMMAND_COLUMNS} FROM commands WHERE dag_id = $1 AND id > $2 ORDER BY id LIMIT $3`;
      const { rows } = await pool.query<CommandRow>({ name: 'dag_commands', text, values: [dag, after, limit] });
      return rows.map(commandView);
    }),
  command: (id) =>
    reaching(async () => {
      if (!isRowNumber(id)) return undefined;
      const text = `SELECT ${COMMAND_COLUMNS} FROM commands WHERE id = $1`;
      const { rows } = await pool.query<CommandRow>({ name: 'command', text, values: [id] });
      return rows.map(commandView)[0];
    }),
  commandWithKey: (dag, key) =>
    reaching(async () => {
      const text = `SELECT ${COMMAND_COLUMNS} FROM commands WHERE dag_id = $1 AND key = $2`;
      const { rows } = await pool.query<CommandRow>({ name: 'command_with_key', text, values: [dag, key.replaceAll('\0', '')] });
      return rows.map(commandView)[0];
    }),
  attempts: (task, limit) => reaching(() => readAttempts(pool, task, limit)),
});
