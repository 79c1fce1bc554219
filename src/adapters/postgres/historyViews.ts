/** What was done to a DAG and what happened to it, as the API shows it. */
import type { Pool } from 'pg';
import type { Command, CommandOutcome } from '../../core/command';
import type { TaskError } from '../../core/dag';
import type { DagId, TaskRef } from '../../core/ids';
import type { AttemptView, CommandView, HistoryView, HistoryViews } from '../../ports/history';
import type { Database } from './database';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

interface EventRow {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly index: number | null;
  readonly name: string | null;
  readonly by: string | null;
  readonly message: string | null;
}

const EVENTS = `
  SELECT e.id, e.at, e.kind, e.index, t.name, e.by, e.message
  FROM dag_events e LEFT JOIN tasks t ON t.dag_id = e.dag_id AND t.index = e.index
  WHERE e.dag_id = $1 AND e.id > $2 ORDER BY e.id LIMIT $3`;

const historyView = (dag: DagId, row: EventRow): HistoryView => ({
  id: row.id,
  at: row.at.getTime(),
  kind: row.kind,
  task: row.index === null ? null : { ref: { dag, task: row.index }, name: row.name ?? '' },
  by: row.by,
  message: row.message,
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

interface AttemptRow {
  readonly attempt: number;
  readonly dispatch: number;
  readonly worker: string | null;
  readonly session: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date;
  readonly error: string;
}

const ATTEMPTS = `
  SELECT attempt, dispatch, worker, session, started_at, ended_at, error FROM (
    SELECT * FROM attempts WHERE dag_id = $1 AND index = $2 ORDER BY dispatch DESC LIMIT $3
  ) newest ORDER BY dispatch`;

const attemptView = (row: AttemptRow): AttemptView => ({
  attempt: row.attempt,
  dispatch: row.dispatch,
  worker: row.worker,
  session: row.session,
  startedAt: row.started_at?.getTime() ?? null,
  endedAt: row.ended_at.getTime(),
  error: JSON.parse(row.error) as TaskError,
});

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
