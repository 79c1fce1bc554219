/** W7: a million tasks that wait. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { percentile, warmUp } from '../measure';
import type { Api } from '../api';
import type { Program } from '../process';
import { ratesIn } from './rates';
import type { Figure, Scenario } from './scenario';

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

interface Stored {
  readonly tookMs: number;
  /** Tasks that wait, and what the scheduler has of memory then, in MB. */
  readonly memory: readonly (readonly [number, number])[];
}

/** Stores what waits, in batches, while nothing is handed out. */
const store = async (api: Api, scheduler: Program, bodies: readonly string[]): Promise<Stored> => {
  const memory: (readonly [number, number])[] = [[0, scheduler.memoryMb() ?? NaN]];
  const began = performance.now();
  for (let i = 0; i < bodies.length; i += AT_ONCE) {
    await api.submitBatch(bodies.slice(i, i + AT_ONCE));
    memory.push([Math.min(bodies.length, i + AT_ONCE) * TASKS_PER_DAG, scheduler.memoryMb() ?? NaN]);
  }
  return { tookMs: performance.now() - began, memory };
};

/** Until nothing is left, with urgent DAGs meanwhile. */
const drain = async (api: Api): Promise<void> => {
  let isOver = false;
  const [urgents] = await Promise.all([
    urgent(api, () => !isOver),
    (async () => {
      while ((await api.unfinished()).length > 1) await pause(500);
      isOver = true;
    })(),
  ]);
  for (const id of urgents) await api.final(id);
};

const figuresIn = async (database: Client, waiting: number): Promise<readonly Figure[]> => {
  const { rows } = await database.query<{ ms: number }>(
    'SELECT extract(epoch FROM started_at - queued_at)::float8 * 1000 AS ms FROM tasks WHERE priority = 9 AND started_at IS NOT NULL',
  );
  const completed = await database.query<{ count: string }>("SELECT count(*) FROM tasks WHERE status = 'COMPLETED' AND priority = 0");
  if (Number(completed.rows[0]!.count) !== waiting) throw new Error(`${completed.rows[0]!.count} tasks are COMPLETED`);
  const compared = Math.min(COMPARED, Math.ceil(waiting / 10));
  const [first, last] = [await rateOf(database, 'ASC', compared), await rateOf(database, 'DESC', compared)];
  const tenth = Math.ceil(waiting / 10);
  const tenths = (await rateOf(database, 'DESC', tenth)) / (await rateOf(database, 'ASC', tenth));
  const urgentMs = rows.map(({ ms }) => ms);
  return [
    { name: `first ${compared} tasks`, value: first, unit: 'a second' },
    { name: `last ${compared} tasks`, value: last, unit: 'a second' },
    { name: 'last to first', value: last / first, unit: '', goal: 'at least 0.9' },
    { name: 'last tenth of all to the first', value: tenths, unit: '', goal: 'at least 0.9' },
    { name: 'priority 9 to its start, p99', value: percentile(urgentMs, 0.99), unit: 'ms', goal: 'under 100' },
  ];
};

export const backlog: Scenario = {
  name: 'W7',
  about: '1,000,000 tasks that wait',
  limitMinutes: 15,
  run: async ({ api, stack, databaseUrl, scaled }) => {
    const bodies = Array.from({ length: Math.ceil(scaled(WAITING) / TASKS_PER_DAG) }, (_, i) => body(`waits${i}`, TASKS_PER_DAG, 0));
    const waiting = bodies.length * TASKS_PER_DAG;
    const scheduler = stack.programs[0]!;
    // The first of them are compared with the last.
    await warmUp(api);
    await api.pauseAll();
    const { tookMs, memory } = await store(api, scheduler, bodies);
    await api.resumeAll();
    await drain(api);
    const database = new Client({ connectionString: databaseUrl });
    await database.connect();
    try {
      return {
        figures: [
          { name: 'stored', value: (waiting / tookMs) * 1000, unit: 'tasks a second' },
          ...(await figuresIn(database, waiting)),
          { name: "scheduler's memory", value: scheduler.peakMb() ?? NaN, unit: 'MB', goal: 'under 600' },
        ],
        curves: [
          { name: 'w7-rate', title: 'W7: the rate while a backlog is worked off', ...(await ratesIn(databaseUrl)) },
          { name: 'w7-memory', title: 'W7: the memory of the scheduler', x: 'tasks that wait', y: 'MB', points: memory },
        ],
      };
    } finally {
      await database.end();
    }
  },
};
