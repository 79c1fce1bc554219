/** What is due of schedules, as the clock's submitter reads and moves it. */
import type { Pool } from 'pg';
import type { DagId } from '../../core/ids';
import { firingKey, type CatchUpPolicy, type Cause, type OverlapPolicy } from '../../core/schedule';
import type { DueSchedule, ScheduleClock, ScheduleStep, WaitingFiring } from '../../ports/schedules';
import { type ArrayColumn, parametersOf, plain, texts, valuesOf } from './arrays';
import type { Database } from './database';
import { reaching } from './failures';

const DUE = `
  SELECT schedule_id, version, cron, time_zone, catch_up, catch_up_limit, jitter_seconds, next_fire_at FROM schedules
  WHERE schedule_id IN (SELECT schedule_id FROM schedules WHERE next_due_at <= to_timestamp($1::double precision / 1000) ORDER BY next_due_at LIMIT $2)
    AND next_fire_at IS NOT NULL
  ORDER BY next_due_at`;

interface DueRow {
  readonly schedule_id: string;
  readonly version: number;
  readonly cron: string;
  readonly time_zone: string;
  readonly catch_up: CatchUpPolicy;
  readonly catch_up_limit: number;
  readonly jitter_seconds: number;
  readonly next_fire_at: Date;
}

const dueOf = (row: DueRow): DueSchedule => ({
  scheduleId: row.schedule_id,
  version: row.version,
  cron: row.cron,
  timeZone: row.time_zone,
  catchUp: row.catch_up,
  catchUpLimit: row.catch_up_limit,
  jitterSeconds: row.jitter_seconds,
  nextFireAt: row.next_fire_at.getTime(),
});

const STEP_COLUMNS: readonly ArrayColumn<ScheduleStep>[] = [
  plain('uuid', ({ scheduleId }) => scheduleId),
  plain('integer', ({ version }) => version),
  plain('double precision', ({ nextFireAt }) => nextFireAt),
  plain('double precision', ({ nextDueAt }) => nextDueAt),
];

type NewFiring = ScheduleStep['firings'][number] & Pick<ScheduleStep, 'scheduleId'>;

const FIRING_COLUMNS: readonly ArrayColumn<NewFiring>[] = [
  plain('uuid', ({ scheduleId }) => scheduleId),
  plain('double precision', ({ fireTime }) => fireTime),
  plain('double precision', ({ dueAt }) => dueAt),
  texts(({ state }) => state),
  texts(({ reason }) => reason),
];

const NOW = `to_timestamp($${String(STEP_COLUMNS.length + FIRING_COLUMNS.length + 1)}::double precision / 1000)`;

// Of two that read the same schedule one moves it on; the other's version is over, and none of its firings is noted.
const ADVANCE = `
  WITH moved AS (
    UPDATE schedules s SET version = s.version + 1, next_fire_at = to_timestamp(u.fire / 1000), next_due_at = to_timestamp(u.due / 1000)
    FROM unnest(${parametersOf(STEP_COLUMNS)}) AS u (schedule_id, version, fire, due)
    WHERE s.schedule_id = u.schedule_id AND s.version = u.version
    RETURNING s.schedule_id
  ), noted AS (
    INSERT INTO schedule_firings (schedule_id, fire_time, cause, state, due_at, settled_at, reason)
    SELECT schedule_id, to_timestamp(fire / 1000), 'CLOCK', state, to_timestamp(due / 1000), CASE WHEN state = 'DUE' THEN NULL ELSE ${NOW} END, reason
    FROM unnest(${parametersOf(FIRING_COLUMNS, STEP_COLUMNS.length + 1)}) AS f (schedule_id, fire, due, state, reason)
      JOIN moved USING (schedule_id)
    ON CONFLICT DO NOTHING
  )
  SELECT schedule_id FROM moved`;

const advance = async (pool: Pool, steps: readonly ScheduleStep[], now: number): Promise<string[]> => {
  if (steps.length === 0) return [];
  const firings = steps.flatMap(({ scheduleId, firings: own }) => own.map((firing): NewFiring => ({ scheduleId, ...firing })));
  const values = [...valuesOf(STEP_COLUMNS, steps), ...valuesOf(FIRING_COLUMNS, firings), now];
  const { rows } = await pool.query<{ schedule_id: string }>({ name: 'advance_schedules', text: ADVANCE, values });
  return rows.map((row) => row.schedule_id);
};

// A DAG of this very firing keeps none of its own from being submitted: it is found by its key.
const WAITING = `
  SELECT f.schedule_id, f.fire_time, f.cause, f.due_at, s.name, s.overlap,
    (SELECT dag_id FROM dags d WHERE d.schedule_id = f.schedule_id AND d.status IN ('CREATED', 'RUNNING', 'PAUSED')
      AND d.scheduled_for <> f.fire_time LIMIT 1) AS live
  FROM schedule_firings f JOIN schedules s USING (schedule_id)
  WHERE f.state = 'DUE' AND ($2::uuid IS NULL OR f.schedule_id = $2)
  ORDER BY f.due_at, f.fire_time LIMIT $1`;

interface WaitingRow {
  readonly schedule_id: string;
  readonly fire_time: Date;
  readonly cause: Cause;
  readonly due_at: Date;
  readonly name: string;
  readonly overlap: OverlapPolicy;
  readonly live: DagId | null;
}

const waiting = async (pool: Pool, limit: number, scheduleId: string | undefined): Promise<WaitingFiring[]> => {
  const { rows } = await pool.query<WaitingRow>({ name: 'waiting_firings', text: WAITING, values: [limit, scheduleId ?? null] });
  if (rows.length === 0) return [];
  const keys = rows.map((row) => firingKey(row.schedule_id, row.fire_time.getTime()));
  const text = 'SELECT key, dag_id FROM idempotency_keys WHERE key = ANY ($1::text[])';
  const submitted = await pool.query<{ key: string; dag_id: DagId }>({ name: 'submitted_firings', text, values: [keys] });
  const own = new Map(submitted.rows.map((row) => [row.key, row.dag_id]));
  return rows.map((row, i) => ({
    scheduleId: row.schedule_id,
    fireTime: row.fire_time.getTime(),
    cause: row.cause,
    dueAt: row.due_at.getTime(),
    name: row.name,
    overlap: row.overlap,
    own: own.get(keys[i]!) ?? null,
    live: row.live,
  }));
};

const SETTLE = `
  WITH settled AS (
    UPDATE schedule_firings SET state = $3, dag_id = $4, reason = $5, settled_at = to_timestamp($6::double precision / 1000)
    WHERE schedule_id = $1 AND fire_time = to_timestamp($2::double precision / 1000) AND (state = 'DUE' OR ($3 = 'SUBMITTED' AND state <> $3))
    RETURNING schedule_id, fire_time
  )
  UPDATE schedules s SET last_fire_at = settled.fire_time, last_dag_id = $4
  FROM settled
  WHERE s.schedule_id = settled.schedule_id AND $3 = 'SUBMITTED' AND (s.last_fire_at IS NULL OR s.last_fire_at < settled.fire_time)`;

const FORGET = `
  DELETE FROM schedule_firings f USING schedules s
  WHERE f.schedule_id = s.schedule_id AND f.state <> 'DUE' AND f.fire_time <=
    (SELECT g.fire_time FROM schedule_firings g WHERE g.schedule_id = s.schedule_id ORDER BY g.fire_time DESC OFFSET $1 LIMIT 1)`;

const COUNTS = 'SELECT count(*) FILTER (WHERE NOT paused)::integer AS active, count(*) FILTER (WHERE paused)::integer AS paused FROM schedules';

/** Makes the ScheduleClock of an open, migrated database. */
export const createScheduleClock = ({ engine: pool }: Pick<Database, 'engine'>): ScheduleClock => ({
  due: (now, limit) => reaching(async () => (await pool.query<DueRow>({ name: 'due_schedules', text: DUE, values: [now, limit] })).rows.map(dueOf)),
  advance: (steps, now) => reaching(() => advance(pool, steps, now)),
  waiting: (limit, scheduleId) => reaching(() => waiting(pool, limit, scheduleId)),
  settle: ({ scheduleId, fireTime, state, dag, reason, at }) =>
    reaching(async () => {
      await pool.query({ name: 'settle_firing', text: SETTLE, values: [scheduleId, fireTime, state, dag, reason, at] });
    }),
  forget: (keep) =>
    reaching(async () => {
      await pool.query({ name: 'forget_firings', text: FORGET, values: [keep] });
    }),
  counts: () =>
    reaching(
      async () =>
        (await pool.query<{ active: number; paused: number }>({ name: 'count_schedules', text: COUNTS })).rows[0] ?? { active: 0, paused: 0 },
    ),
});
