/** Decisions of the autoscaler as rows. Few are written: whoever changes something waits for a cool-down before the next. */
import type { Pool } from 'pg';
import type { NewScaling, Scaling, ScalingHistory } from '../../ports/scaling';
import type { Database } from './database';
import { reaching } from './failures';
import { isRowNumber } from './rowNumbers';

interface Row extends Omit<Scaling, 'at' | 'dryRun'> {
  readonly at: Date;
  readonly dry_run: boolean;
}

const COLUMNS = 'id, at, scheduler, driver, dry_run, before, wanted, direction, reason, done, error';

// The lead may have been followed by another one since it was asked for: whoever was followed does nothing any more.
const NOTE = `
  INSERT INTO scalings (fence, at, scheduler, driver, dry_run, before, wanted, direction, reason)
  SELECT $1::bigint, to_timestamp($2::double precision / 1000), $3, $4, $5::boolean, $6::integer, $7::integer, $8, $9
  WHERE coalesce((SELECT fence FROM scalings ORDER BY id DESC LIMIT 1), 0) <= $1::bigint
  RETURNING id`;

const FORGET = `
  DELETE FROM scalings WHERE at < to_timestamp($1::double precision / 1000)
    OR id <= (SELECT id FROM scalings ORDER BY id DESC OFFSET $2::integer LIMIT 1)`;

const scalingOf = ({ at, dry_run: dryRun, ...row }: Row): Scaling => ({ ...row, at: at.getTime(), dryRun });

const note = async (
  pool: Pool,
  { fence, at, scheduler, driver, dryRun, before, wanted, direction, reason }: NewScaling,
): Promise<string | undefined> => {
  const values = [fence, at, scheduler, driver, dryRun, before, wanted, direction, reason];
  const { rows } = await pool.query<{ id: string }>({ name: 'note_scaling', text: NOTE, values });
  return rows[0]?.id;
};

/** Makes the ScalingHistory of an open, migrated database. */
export const createScalingHistory = ({ engine, views }: Pick<Database, 'engine' | 'views'>): ScalingHistory => ({
  note: (scaling) => reaching(() => note(engine, scaling)),
  finish: (id, { done, error }) =>
    reaching(async () => {
      await engine.query({ name: 'finish_scaling', text: 'UPDATE scalings SET done = $2, error = $3 WHERE id = $1', values: [id, done, error] });
    }),
  scalings: (limit, before) =>
    reaching(async () => {
      if (before !== undefined && !isRowNumber(before)) return [];
      const text = `SELECT ${COLUMNS} FROM scalings WHERE $2::bigint IS NULL OR id < $2::bigint ORDER BY id DESC LIMIT $1`;
      return (await views.query<Row>({ name: 'scalings', text, values: [limit, before ?? null] })).rows.map(scalingOf);
    }),
  forget: (beforeMs, keep) =>
    reaching(async () => {
      await engine.query({ name: 'forget_scalings', text: FORGET, values: [beforeMs, keep] });
    }),
});
