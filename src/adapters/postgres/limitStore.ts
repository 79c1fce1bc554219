/** Limits as rows. */
import type { Limit, LimitScope } from '../../core/limits';
import type { LimitStore } from '../../ports/limits';
import type { Database } from './database';
import { reaching } from './failures';

const COLUMNS = 'scope, name, max_running, per_second, burst, reason, by, updated_at';

interface LimitRow {
  readonly scope: LimitScope;
  readonly name: string;
  readonly max_running: number | null;
  readonly per_second: number | null;
  readonly burst: number | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly updated_at: Date;
}

const limitOf = (row: LimitRow): Limit => ({
  scope: row.scope,
  name: row.name,
  maxRunning: row.max_running,
  perSecond: row.per_second,
  burst: row.burst,
  reason: row.reason,
  by: row.by,
  updatedAt: row.updated_at.getTime(),
});

const SET = `
  INSERT INTO limits AS l (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::double precision / 1000))
  ON CONFLICT (scope, name) DO UPDATE SET max_running = excluded.max_running, per_second = excluded.per_second, burst = excluded.burst,
    reason = excluded.reason, by = excluded.by, updated_at = excluded.updated_at
  WHERE (l.max_running, l.per_second, l.burst, l.reason, l.by)
    IS DISTINCT FROM (excluded.max_running, excluded.per_second, excluded.burst, excluded.reason, excluded.by)
  RETURNING ${COLUMNS}`;

/** Makes the LimitStore of an open, migrated database. */
export const createLimitStore = ({ engine: pool }: Pick<Database, 'engine'>): LimitStore => {
  const rows = async (name: string, text: string, values: readonly unknown[] = []): Promise<Limit[]> =>
    (await pool.query<LimitRow>({ name, text, values: [...values] })).rows.map(limitOf);
  const set: LimitStore['set'] = async (limit) => {
    const { scope, name, maxRunning, perSecond, burst, reason, by, updatedAt } = limit;
    const [changed] = await rows('set_limit', SET, [scope, name, maxRunning, perSecond, burst, reason, by, updatedAt]);
    if (changed !== undefined) return { limit: changed, changed: true };
    const [same] = await rows('find_limit', `SELECT ${COLUMNS} FROM limits WHERE scope = $1 AND name = $2`, [scope, name]);
    // Removed in between: it is set anew.
    return same === undefined ? set(limit) : { limit: same, changed: false };
  };
  return {
    limits: () => reaching(() => rows('limits', `SELECT ${COLUMNS} FROM limits ORDER BY scope COLLATE "C", name COLLATE "C"`)),
    set: (limit) => reaching(() => set(limit)),
    remove: ({ scope, name }) =>
      reaching(async () => (await rows('remove_limit', `DELETE FROM limits WHERE scope = $1 AND name = $2 RETURNING ${COLUMNS}`, [scope, name]))[0]),
  };
};
