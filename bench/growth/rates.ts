/** The rate of a run as it went on, from the times at which its tasks ended. */
import { Client } from 'pg';
import type { Curve } from './scenario';

const PARTS = 20;

/** So many tasks ended until then. */
export interface Ended {
  readonly atMs: number;
  readonly tasks: number;
}

/**
 * The rate of each part beside what had ended by its end. Parts that ended in the same moment, as tasks of one commit do, count as one with
 * the next.
 */
export const ratesOf = (beganMs: number, parts: readonly Ended[]): readonly (readonly [number, number])[] => {
  const points: (readonly [number, number])[] = [];
  let [sinceMs, since, ended] = [beganMs, 0, 0];
  for (const { atMs, tasks } of parts) {
    ended += tasks;
    if (atMs <= sinceMs) continue;
    points.push([ended, Math.round(((ended - since) / (atMs - sinceMs)) * 1000)]);
    [sinceMs, since] = [atMs, ended];
  }
  return points;
};

/** Of all tasks in a database, in twenty parts. */
export const ratesIn = async (databaseUrl: string): Promise<Pick<Curve, 'x' | 'y' | 'points'>> => {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ began: number; at: number; tasks: number }>(
      `SELECT extract(epoch FROM min(started_at))::float8 * 1000 AS began, extract(epoch FROM max(completed_at))::float8 * 1000 AS at,
         count(*)::integer AS tasks
       FROM (SELECT started_at, completed_at, ntile($1) OVER (ORDER BY completed_at) AS part FROM tasks WHERE status = 'COMPLETED') AS ended
       GROUP BY part ORDER BY part`,
      [PARTS],
    );
    const parts = rows.map(({ at, tasks }) => ({ atMs: at, tasks }));
    return { x: 'tasks that have ended', y: 'tasks a second', points: ratesOf(Math.min(...rows.map(({ began }) => began)), parts) };
  } finally {
    await database.end();
  }
};
