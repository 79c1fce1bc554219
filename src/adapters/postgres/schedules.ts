/** Schedules as rows: made, changed, removed, triggered and shown. */
import type { Pool } from 'pg';
import type { DagStatus } from '../../core/dag';
import type { DagId } from '../../core/ids';
import type { CatchUpPolicy, Cause, FiringState, OverlapPolicy } from '../../core/schedule';
import type { FiringView, Schedule, ScheduleStore, ScheduleView, ScheduleViews, StoredSchedule } from '../../ports/schedules';
import type { Database } from './database';
import { reaching } from './failures';
import { transaction } from './connections';

interface ScheduleRow {
  readonly schedule_id: string;
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly dag_name: string;
  readonly overlap: OverlapPolicy;
  readonly catch_up: CatchUpPolicy;
  readonly catch_up_limit: number;
  readonly jitter_seconds: number;
  readonly paused: boolean;
  readonly note: string | null;
  readonly by: string | null;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly next_fire_at: Date | null;
  readonly version: number;
}

interface ViewRow extends ScheduleRow {
  readonly last_fire_at: Date | null;
  readonly last_dag_id: DagId | null;
  readonly last_status: DagStatus | null;
}

const COLUMNS = `schedule_id, name, cron, time_zone, dag_name, overlap, catch_up, catch_up_limit, jitter_seconds, paused, note, by, reason,
  created_at, updated_at, next_fire_at, version`;

const scheduleOf = (row: ScheduleRow): Schedule => ({
  scheduleId: row.schedule_id,
  name: row.name,
  cron: row.cron,
  timeZone: row.time_zone,
  dagName: row.dag_name,
  overlap: row.overlap,
  catchUp: row.catch_up,
  catchUpLimit: row.catch_up_limit,
  jitterSeconds: row.jitter_seconds,
  paused: row.paused,
  note: row.note,
  by: row.by,
  reason: row.reason,
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
  nextFireAt: row.next_fire_at?.getTime() ?? null,
  version: row.version,
});

const viewOf = (row: ViewRow): ScheduleView => ({
  ...scheduleOf(row),
  lastFireAt: row.last_fire_at?.getTime() ?? null,
  lastDag: row.last_dag_id,
  lastStatus: row.last_status,
});

const ms = (parameter: number): string => `to_timestamp($${String(parameter)}::double precision / 1000)`;

/** From the second parameter on; the first is the id. */
const SETTINGS = [
  ...['name', 'cron', 'time_zone', 'dag_name', 'overlap', 'catch_up', 'catch_up_limit', 'jitter_seconds', 'paused', 'note', 'by', 'reason'],
] as const;
const TIMES = ['updated_at', 'next_fire_at', 'next_due_at'] as const;
const PLACES = [...SETTINGS.map((_, i) => `$${String(i + 2)}`), ...TIMES.map((_, i) => ms(SETTINGS.length + i + 2))];
const DOCUMENT = `$${String(SETTINGS.length + TIMES.length + 2)}`;
const VERSION = `$${String(SETTINGS.length + TIMES.length + 3)}`;

const valuesOf = (id: string, given: StoredSchedule): unknown[] => [
  id,
  ...[given.name, given.cron, given.timeZone, given.dagName, given.overlap, given.catchUp, given.catchUpLimit, given.jitterSeconds],
  ...[given.paused, given.note, given.by, given.reason, given.updatedAt, given.nextFireAt, given.nextDueAt, given.document],
];

const CREATE = `
  INSERT INTO schedules (schedule_id, ${[...SETTINGS, ...TIMES].join(', ')}, document, created_at)
  VALUES ($1, ${PLACES.join(', ')}, ${DOCUMENT}, ${PLACES[SETTINGS.length]!})
  ON CONFLICT (name) DO NOTHING
  RETURNING ${COLUMNS}`;

const CHANGE = `
  UPDATE schedules SET ${[...SETTINGS, ...TIMES].map((column, i) => `${column} = ${PLACES[i]!}`).join(', ')},
    document = coalesce(${DOCUMENT}, document), version = version + 1
  WHERE schedule_id = $1 AND version = ${VERSION}`;

const isNameTaken = (error: unknown): boolean =>
  (error as { code?: unknown; constraint?: unknown }).code === '23505' && (error as { constraint?: unknown }).constraint === 'schedules_name';

// The time is moved on where another firing has it already: a hand may be as quick as the clock.
const TRIGGER = `
  INSERT INTO schedule_firings (schedule_id, fire_time, cause, state, due_at, by, request_key)
  SELECT schedule_id, greatest(${ms(2)}, (SELECT max(fire_time) + interval '1 ms' FROM schedule_firings f
      WHERE f.schedule_id = $1 AND f.fire_time >= ${ms(2)} AND f.fire_time < ${ms(2)} + interval '1 s')), 'HAND', 'DUE', ${ms(2)}, $3, $4
  FROM schedules WHERE schedule_id = $1
  ON CONFLICT DO NOTHING
  RETURNING fire_time`;

const trigger = async (pool: Pool, scheduleId: string, { at, key, by }: Parameters<ScheduleStore['trigger']>[1]): Promise<number | undefined> => {
  type Found = { readonly fire_time: Date };
  const made = await pool.query<Found>({ name: 'trigger_schedule', text: TRIGGER, values: [scheduleId, at, by, key] });
  const earlier = 'SELECT fire_time FROM schedule_firings WHERE schedule_id = $1 AND request_key = $2';
  const found = made.rows[0] ?? (await pool.query<Found>({ name: 'triggered_schedule', text: earlier, values: [scheduleId, key] })).rows[0];
  return found?.fire_time.getTime();
};

/** Makes the ScheduleStore of an open, migrated database. */
export const createScheduleStore = ({ engine: pool }: Pick<Database, 'engine'>): ScheduleStore => ({
  create: (scheduleId, schedule) =>
    reaching(async () => {
      const { rows } = await pool.query<ScheduleRow>({ name: 'create_schedule', text: CREATE, values: valuesOf(scheduleId, schedule) });
      return rows.map(scheduleOf)[0];
    }),
  change: ({ scheduleId, version }, schedule) =>
    reaching(async () => {
      try {
        const values = [...valuesOf(scheduleId, schedule), version];
        return (await pool.query({ name: 'change_schedule', text: CHANGE, values })).rowCount === 1 ? 'changed' : 'stale';
      } catch (error) {
        if (isNameTaken(error)) return 'name taken';
        throw error;
      }
    }),
  remove: (scheduleId) =>
    reaching(() =>
      transaction(pool, async (client) => {
        const { rowCount } = await client.query('DELETE FROM schedules WHERE schedule_id = $1', [scheduleId]);
        await client.query('DELETE FROM schedule_firings WHERE schedule_id = $1', [scheduleId]);
        return rowCount === 1;
      }),
    ),
  trigger: (scheduleId, firing) => reaching(() => trigger(pool, scheduleId, firing)),
});

const VIEW = `
  SELECT ${COLUMNS.replace(/\w+/g, 's.$&')}, s.last_fire_at, s.last_dag_id, d.status AS last_status
  FROM schedules s LEFT JOIN dags d ON d.dag_id = s.last_dag_id`;

const FIRINGS = `
  SELECT f.fire_time, f.cause, f.state, f.dag_id, f.reason, f.by, f.due_at, f.settled_at, d.status
  FROM schedule_firings f LEFT JOIN dags d ON d.dag_id = f.dag_id
  WHERE f.schedule_id = $1 AND ($3::double precision IS NULL OR f.fire_time < ${ms(3)})
  ORDER BY f.fire_time DESC LIMIT $2`;

interface FiringRow {
  readonly fire_time: Date;
  readonly cause: Cause;
  readonly state: FiringState;
  readonly dag_id: DagId | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly due_at: Date;
  readonly settled_at: Date | null;
  readonly status: DagStatus | null;
}

const firingOf = (row: FiringRow): FiringView => ({
  fireTime: row.fire_time.getTime(),
  cause: row.cause,
  state: row.state,
  dag: row.dag_id,
  status: row.status,
  reason: row.reason,
  by: row.by,
  dueAt: row.due_at.getTime(),
  settledAt: row.settled_at?.getTime() ?? null,
});

/** Makes the ScheduleViews of an open, migrated database. */
export const createScheduleViews = ({ views: pool }: Pick<Database, 'views'>): ScheduleViews => ({
  schedule: (scheduleId) =>
    reaching(async () => {
      const { rows } = await pool.query<ViewRow>({ name: 'schedule_view', text: `${VIEW} WHERE s.schedule_id = $1`, values: [scheduleId] });
      return rows.map(viewOf)[0];
    }),
  document: (scheduleId) =>
    reaching(async () => {
      const text = 'SELECT document FROM schedules WHERE schedule_id = $1';
      return (await pool.query<{ document: string }>({ name: 'schedule_document', text, values: [scheduleId] })).rows[0]?.document;
    }),
  schedules: (limit, after) =>
    reaching(async () => {
      const text = `${VIEW} WHERE $2::text IS NULL OR s.name > $2 ORDER BY s.name LIMIT $1`;
      return (await pool.query<ViewRow>({ name: 'schedule_list', text, values: [limit, after ?? null] })).rows.map(viewOf);
    }),
  firings: (scheduleId, limit, before) =>
    reaching(async () => {
      const { rows } = await pool.query<FiringRow>({ name: 'schedule_firings', text: FIRINGS, values: [scheduleId, limit, before ?? null] });
      return rows.map(firingOf);
    }),
});
