/** Gates as rows. Each change is one statement that compares what it changes, so that the first of several schedulers wins. */
import type { Pool } from 'pg';
import type { Gate, GateScope, GateState } from '../../core/gates';
import type { Ending, GateStore, Pause, Quarantine } from '../../ports/gates';
import type { Database } from './database';
import { reaching } from './failures';

const COLUMNS = 'scope, name, state, reason, by, created_at, until, ended_at, trips';

interface GateRow {
  readonly scope: GateScope;
  readonly name: string;
  readonly state: GateState;
  readonly reason: string | null;
  readonly by: string | null;
  readonly created_at: Date;
  readonly until: Date | null;
  readonly ended_at: Date | null;
  readonly trips: number;
}

const gateOf = (row: GateRow): Gate => ({
  scope: row.scope,
  name: row.name,
  state: row.state,
  reason: row.reason,
  by: row.by,
  since: row.created_at.getTime(),
  until: row.until?.getTime() ?? null,
  endedAt: row.ended_at?.getTime() ?? null,
  trips: row.trips,
});

const time = (parameter: string): string => `to_timestamp(${parameter}::double precision / 1000)`;

/** A change of a gate whose row it answers, kept as a line of history by the same statement. */
const noted = (kind: string, change: string, at: string, of = { by: 'by', reason: 'reason', until: 'until' }): string => `
  WITH changed AS (${change}
  ), noted AS (
    INSERT INTO gate_events (id, at, kind, scope, name, state, by, reason, until)
    SELECT nextval(pg_get_serial_sequence('dag_events', 'id')), ${at}, ${kind}, scope, name, state, ${of.by}, ${of.reason}, ${of.until} FROM changed
  )
  SELECT ${COLUMNS} FROM changed`;

// A pause that is over, by hand or by its time, begins anew; one in force keeps its beginning.
const OVER = `(g.ended_at IS NOT NULL OR g.until <= ${time('$6')})`;
const PAUSE = noted(
  `'gate.paused'`,
  `
  INSERT INTO gates AS g (scope, name, state, reason, by, until, created_at)
  VALUES ($1, $2, 'PAUSED', $3, $4, ${time('$5')}, ${time('$6')})
  ON CONFLICT (scope, name, state) DO UPDATE SET reason = excluded.reason, by = excluded.by, until = excluded.until, ended_at = NULL,
    created_at = CASE WHEN ${OVER} THEN excluded.created_at ELSE g.created_at END
  WHERE ${OVER} OR (g.reason, g.by, g.until) IS DISTINCT FROM (excluded.reason, excluded.by, excluded.until)
  RETURNING ${COLUMNS}`,
  time('$6'),
);

const FIND = `SELECT ${COLUMNS} FROM gates WHERE scope = $1 AND name = $2 AND state = 'PAUSED'`;

const pauseRow = async (pool: Pool, { scope, name, reason, by, until, now }: Pause): Promise<{ gate: Gate; changed: boolean }> => {
  const changed = await pool.query<GateRow>({ name: 'pause_gate', text: PAUSE, values: [scope, name, reason, by, until, now] });
  const [row] = changed.rows.length > 0 ? changed.rows : (await pool.query<GateRow>({ name: 'find_gate', text: FIND, values: [scope, name] })).rows;
  // Forgotten in between: then it is over, and the next try makes it anew.
  if (row === undefined) return pauseRow(pool, { scope, name, reason, by, until, now });
  return { gate: gateOf(row), changed: changed.rows.length > 0 };
};

const QUARANTINE = noted(
  `'gate.quarantined'`,
  `
  INSERT INTO gates AS g (scope, name, state, reason, by, until, created_at, trips)
  SELECT 'type', $1, 'QUARANTINED', $2, NULL, ${time('$3')}, ${time('$4')}, $5::integer + 1
  WHERE $5::integer = 0 OR EXISTS (SELECT 1 FROM gates WHERE scope = 'type' AND name = $1 AND state = 'QUARANTINED')
  ON CONFLICT (scope, name, state) DO UPDATE SET reason = excluded.reason, until = excluded.until, ended_at = NULL, trips = excluded.trips,
    created_at = CASE WHEN g.ended_at IS NULL THEN g.created_at ELSE excluded.created_at END
  WHERE CASE WHEN g.ended_at IS NULL THEN g.trips ELSE 0 END = $5::integer
  RETURNING ${COLUMNS}`,
  time('$4'),
);

const END = noted(
  `CASE state WHEN 'PAUSED' THEN 'gate.resumed' ELSE 'gate.lifted' END`,
  `
  UPDATE gates SET ended_at = ${time('$4')}
  WHERE scope = $1 AND name = $2 AND state = $3 AND ended_at IS NULL
    AND (state = 'QUARANTINED' OR until IS NULL OR until > ${time('$4')}) AND ($5::integer IS NULL OR trips = $5::integer)
  RETURNING ${COLUMNS}`,
  time('$4'),
  { by: '$6::text', reason: 'NULL::text', until: 'NULL::timestamptz' },
);

// What is in force, or ended lately, keeps its lines, however long ago it began.
const FORGET = `
  WITH over AS (
    DELETE FROM gates WHERE coalesce(ended_at, CASE WHEN state = 'PAUSED' THEN until END) < ${time('$1')}
  )
  DELETE FROM gate_events e WHERE e.at < ${time('$2')}
    AND NOT EXISTS (SELECT 1 FROM gates g WHERE (g.scope, g.name, g.state) = (e.scope, e.name, e.state) AND e.at >= g.created_at)`;

/** Makes the GateStore of an open, migrated database. */
export const createGateStore = ({ engine: pool }: Pick<Database, 'engine'>): GateStore => {
  const change = async (name: string, text: string, values: unknown[]): Promise<Gate | undefined> =>
    (await pool.query<GateRow>({ name, text, values })).rows.map(gateOf)[0];
  return {
    gates: () =>
      reaching(async () => {
        const text = `SELECT ${COLUMNS} FROM gates ORDER BY scope COLLATE "C", name COLLATE "C", state COLLATE "C"`;
        return (await pool.query<GateRow>({ name: 'gates', text })).rows.map(gateOf);
      }),
    pause: (pause) => reaching(() => pauseRow(pool, pause)),
    quarantine: ({ type, trips, reason, until, now }: Quarantine) =>
      reaching(() => change('quarantine', QUARANTINE, [type, reason, until, now, trips])),
    end: ({ scope, name, state, trips, now, by = null }: Ending) =>
      reaching(() => change('end_gate', END, [scope, name, state, now, trips ?? null, by])),
    forget: (beforeMs, linesBeforeMs) =>
      reaching(async () => {
        await pool.query({ name: 'forget_gates', text: FORGET, values: [beforeMs, linesBeforeMs] });
      }),
  };
};
