/** What holds at any size: how many tasks end well though a tenth of their runs fail, and how soon a task starts where slots are free. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { percentile } from '../measure';
import type { Scenario } from './scenario';

const FAILING_TASKS = 100_000;
const TASKS_PER_DAG = 1000;
const FAILURE_RATE = 0.1;

const STARTED_TASKS = 8000;
const STARTS_PER_SECOND = 200;
/** The first ten seconds find connections and, for longer, compilers cold: the median there is five times that of later. */
const COLD_TASKS = 10 * STARTS_PER_SECOND;
const STARTING_WORKERS = 3;

const body = (name: string, tasks: number, failureRate: number): string =>
  JSON.stringify({
    dagName: name,
    simulate: { durationMs: 0, failureRate },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'DATA_PROCESSING' })),
  });

const inDatabase = async <T>(url: string, ask: (database: Client) => Promise<T>): Promise<T> => {
  const database = new Client({ connectionString: url });
  await database.connect();
  try {
    return await ask(database);
  } finally {
    await database.end();
  }
};

export const failures: Scenario = {
  name: 'FAILURES',
  about: '100,000 tasks, a tenth of whose runs fail, with the retries that a task has by default',
  limitMinutes: 5,
  run: async ({ api, databaseUrl, scaled }) => {
    const dags = Math.max(1, Math.round(scaled(FAILING_TASKS) / TASKS_PER_DAG));
    const began = performance.now();
    await api.submitBatch(Array.from({ length: dags }, (_, i) => body(`failing${i}`, TASKS_PER_DAG, FAILURE_RATE)));
    while ((await api.unfinished()).length > 0) await pause(200);
    const tookMs = performance.now() - began;
    const { rows } = await inDatabase(databaseUrl, (database) =>
      database.query<{ all: number; completed: number; runs: number }>(
        `SELECT count(*)::int AS all, count(*) FILTER (WHERE status = 'COMPLETED')::int AS completed, sum(attempt)::int AS runs FROM tasks`,
      ),
    );
    const { all, completed, runs } = rows[0]!;
    if (all !== dags * TASKS_PER_DAG) throw new Error(`${all} tasks are stored, ${dags * TASKS_PER_DAG} were submitted`);
    return {
      figures: [
        { name: 'tasks that ended well', value: (completed / all) * 100, unit: '%', goal: 'over 99.9' },
        { name: 'tasks that gave up', value: all - completed, unit: '' },
        { name: 'runs for each', value: runs / all, unit: '' },
        { name: 'tasks', value: (all / tookMs) * 1000, unit: 'a second' },
      ],
    };
  },
};

export const starts: Scenario = {
  name: 'STARTS',
  about: '200 single tasks a second on three workers with free slots',
  workers: STARTING_WORKERS,
  limitMinutes: 5,
  run: async ({ api, databaseUrl, scaled }) => {
    const count = scaled(STARTED_TASKS);
    const began = performance.now();
    const submitted: Promise<string>[] = [];
    for (let i = 0; i < count; i++) {
      const waitMs = began + (i * 1000) / STARTS_PER_SECOND - performance.now();
      if (waitMs > 0) await pause(waitMs);
      submitted.push(api.submit(body('start', 1, 0)));
    }
    await Promise.all(submitted);
    while ((await api.unfinished()).length > 0) await pause(50);
    const { rows } = await inDatabase(databaseUrl, (database) =>
      database.query<{ ms: number }>(
        `SELECT extract(epoch FROM started_at - queued_at)::float8 * 1000 AS ms FROM tasks
         WHERE status = 'COMPLETED' ORDER BY queued_at OFFSET $1`,
        [Math.min(COLD_TASKS, Math.floor(count / 2))],
      ),
    );
    const waits = rows.map(({ ms }) => ms);
    return {
      figures: [
        { name: 'ready to started, p50', value: percentile(waits, 0.5), unit: 'ms' },
        { name: 'ready to started, p99', value: percentile(waits, 0.99), unit: 'ms', goal: 'under 20' },
      ],
    };
  },
};
