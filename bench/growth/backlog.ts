/** W7: a million tasks that wait. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { percentile } from '../measure';
import type { Api } from '../api';
import type { Scenario } from './scenario';

const WAITING = 1_000_000;
const TASKS_PER_DAG = 1000;
const COMPARED = 10_000;
const URGENT_EVERY_MS = 100;
const AT_ONCE = 50;

const body = (name: string, tasks: number, priority: number): string =>
  JSON.stringify({
    dagName: name,
    simulate: { durationMs: 0, failureRate: 0 },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'DATA_PROCESSING', priority })),
  });

/** DAGs of one urgent task each, as long as `goesOn`; their ids. */
const urgent = async (api: Api, goesOn: () => boolean): Promise<readonly string[]> => {
  const ids: string[] = [];
  while (goesOn()) {
    ids.push(await api.submit(body('urgent', 1, 9)));
    await pause(URGENT_EVERY_MS);
  }
  return ids;
};

/** The rate of so many tasks that ended first, or last, in tasks a second. */
const rateOf = async (database: Client, order: 'ASC' | 'DESC', count: number): Promise<number> => {
  const { rows } = await database.query<{ ms: string }>(
    `SELECT extract(epoch FROM max(completed_at) - min(completed_at)) * 1000 AS ms
     FROM (SELECT completed_at FROM tasks WHERE priority = 0 AND status = 'COMPLETED' ORDER BY completed_at ${order} LIMIT $1) AS compared`,
    [count],
  );
  return (count / Number(rows[0]!.ms)) * 1000;
};

export const backlog: Scenario = {
  name: 'W7',
  about: '1,000,000 tasks that wait',
  run: async ({ api, stack, databaseUrl, scaled }) => {
    const waiting = scaled(WAITING);
    const compared = Math.min(COMPARED, Math.ceil(waiting / 10));
    await api.pauseAll();
    const bodies = Array.from({ length: Math.ceil(waiting / TASKS_PER_DAG) }, (_, i) => body(`waits${i}`, TASKS_PER_DAG, 0));
    const began = performance.now();
    for (let i = 0; i < bodies.length; i += AT_ONCE) await api.submitBatch(bodies.slice(i, i + AT_ONCE));
    const acceptedMs = performance.now() - began;
    await api.resumeAll();
    let isOver = false;
    const [urgents] = await Promise.all([
      urgent(api, () => !isOver),
      (async () => {
        while ((await api.unfinished()).length > 1) await pause(500);
        isOver = true;
      })(),
    ]);
    const database = new Client({ connectionString: databaseUrl });
    await database.connect();
    try {
      for (const id of urgents) await api.final(id);
      const { rows } = await database.query<{ ms: number }>(
        'SELECT extract(epoch FROM started_at - queued_at)::float8 * 1000 AS ms FROM tasks WHERE priority = 9 AND started_at IS NOT NULL',
      );
      const completed = await database.query<{ count: string }>("SELECT count(*) FROM tasks WHERE status = 'COMPLETED' AND priority = 0");
      if (Number(completed.rows[0]!.count) !== bodies.length * TASKS_PER_DAG) throw new Error(`${completed.rows[0]!.count} tasks are COMPLETED`);
      const [first, last] = [await rateOf(database, 'ASC', compared), await rateOf(database, 'DESC', compared)];
      return [
        { name: 'stored', value: (waiting / acceptedMs) * 1000, unit: 'tasks a second' },
        { name: `first ${compared} tasks`, value: first, unit: 'a second' },
        { name: `last ${compared} tasks`, value: last, unit: 'a second' },
        { name: 'last to first', value: last / first, unit: '', goal: 'at least 0.9' },
        {
          name: 'priority 9 to its start, p99',
          value: percentile(
            rows.map(({ ms }) => ms),
            0.99,
          ),
          unit: 'ms',
          goal: 'under 100',
        },
        { name: "scheduler's memory", value: stack.programs[0]?.peakMb() ?? NaN, unit: 'MB', goal: 'under 600' },
      ];
    } finally {
      await database.end();
    }
  },
};
