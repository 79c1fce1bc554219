/** W8: ten million finished tasks in the database. */
import { Client } from 'pg';
import type { Api } from '../api';
import { allAtOnce, percentile, submitTogether, warmUp } from '../measure';
import { workloads } from '../workloads';
import type { Scenario } from './scenario';

const STORED_TASKS = 10_000_000;
const TASKS_PER_DAG = 4;
const DAGS_AT_ONCE = 50_000;
const ROUNDS = 3;
const PAGES = 200;
/** Of the days before today, so that lists by time have something to leave out. */
const DAYS = 300;
/** The parts of what is stored in the end, at each of which is measured. */
const STEPS = [0, 0.1, 0.5, 1];

/** Finished diamonds as the program leaves them behind, those from `first` up to `last` of so many, oldest first. */
const store = async (database: Client, first: number, last: number, dags: number): Promise<void> => {
  for (let from = first; from < last; from += DAGS_AT_ONCE) {
    await database.query(
      `WITH made AS (
         SELECT n, now() - make_interval(secs => $3 * (1 - n::float8 / $4)) AS at,
           (lpad(to_hex((extract(epoch FROM now() - make_interval(secs => $3 * (1 - n::float8 / $4))) * 1000)::bigint), 12, '0')
             || '8' || lpad(to_hex(n % 8), 3, '0') || '80' || lpad(to_hex(n), 8, '0') || '000000')::uuid AS dag_id
         FROM generate_series($1::integer, $2::integer) AS n
       ), dags_made AS (
         INSERT INTO dags (dag_id, shard, name, status, tags, total_tasks, completed_tasks, created_at, started_at, completed_at)
         SELECT dag_id, n % 8, 'stored' || n % 1000, CASE WHEN n % 50 = 0 THEN 'FAILED' ELSE 'COMPLETED' END, '{}', 4, 4, at, at, at FROM made ORDER BY n
       )
       INSERT INTO tasks (dag_id, index, shard, priority, max_retries, name, type, dependencies, tags, backoff, status, attempt, dispatch, worker,
         session, fence, queued_at, started_at, completed_at)
       SELECT dag_id, i, n % 8, 5, 3, 'task' || i, 'DATA_PROCESSING', CASE WHEN i = 0 THEN '{}'::integer[] ELSE ARRAY[0] END, '{}',
         '{"type":"exponential","initialMs":500,"factor":2,"maxMs":60000,"jitter":0.5}', 'COMPLETED', 1, 1, 'worker-1',
         'worker-1.stored', 1, at, at, at
       FROM made, generate_series(0, 3) AS i`,
      [from, Math.min(last, from + DAGS_AT_ONCE) - 1, DAYS * 86_400, dags],
    );
  }
  await database.query('VACUUM ANALYZE');
};

const W1 = workloads.find(({ name }) => name === 'W1')!;

const rateOf = async (api: Api): Promise<number> => {
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i++) rates.push((W1.tasks / (await allAtOnce(api, W1.bodies, submitTogether))) * 1000);
  return percentile(rates, 0.5);
};

/** Milliseconds of list pages, from the newest on, of all DAGs and by what people filter. */
const pagesMs = async (api: Api): Promise<readonly number[]> => {
  const tookMs: number[] = [];
  for (const filter of ['', 'status=FAILED&', 'name=stored7&', 'status=COMPLETED&']) {
    let cursor: string | null = '';
    for (let i = 0; i < PAGES / 4 && cursor !== null; i++) {
      const began = performance.now();
      cursor = await api.page(`/api/v1/dags?${filter}limit=50${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      tookMs.push(performance.now() - began);
    }
  }
  return tookMs;
};

export const history: Scenario = {
  name: 'W8',
  about: '10,000,000 finished tasks stored',
  limitMinutes: 25,
  run: async ({ api, databaseUrl, scaled }) => {
    const dags = Math.ceil(scaled(STORED_TASKS) / TASKS_PER_DAG);
    const database = new Client({ connectionString: databaseUrl });
    await database.connect();
    try {
      await warmUp(api);
      const [rates, pages]: [(readonly [number, number])[], (readonly [number, number])[]] = [[], []];
      let stored = 0;
      for (const part of STEPS) {
        const last = Math.round(dags * part);
        await store(database, stored, last, dags);
        stored = last;
        rates.push([stored * TASKS_PER_DAG, await rateOf(api)]);
        pages.push([stored * TASKS_PER_DAG, percentile(await pagesMs(api), 0.99)]);
      }
      const [[, before], [, after], [, pageMs]] = [rates[0]!, rates.at(-1)!, pages.at(-1)!];
      const x = 'finished tasks stored';
      return {
        figures: [
          { name: 'W1 with an empty database', value: before, unit: 'tasks a second' },
          { name: 'W1 with what is stored', value: after, unit: 'tasks a second' },
          { name: 'with to without', value: after / before, unit: '', goal: 'at least 0.9' },
          { name: 'list pages, p99', value: pageMs, unit: 'ms', goal: 'under 20' },
        ],
        curves: [
          { name: 'w8-rate', title: 'W8: W1 beside what is stored', x, y: 'tasks a second', points: rates },
          { name: 'w8-pages', title: 'W8: list pages, 99th percentile', x, y: 'ms', points: pages },
        ],
      };
    } finally {
      await database.end();
    }
  },
};
