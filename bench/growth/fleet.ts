/** W9: a hundred workers as processes, of which one is killed each second. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { until, startProgram, type Program } from '../process';
import type { Api } from '../api';
import type { Figure, Measured, Scenario, Site } from './scenario';

const WORKERS = 100;
const KILLS = 60;
const EVERY_MS = 1000;
const STARTED_TOGETHER = 6;
/** In tasks a second, for each worker: what is measured is the loss, not the machine, which also starts those that take the dead ones' places. */
const PACE = 1 / 4;
const SUBMITTED_EVERY_MS = 100;
const TASK_MS = [2000, 4000];
/** From the first submission to the first kill, and from the last kill to the last submission. */
const MARGIN_MS = 6000;

interface Crew {
  /** Starts so many more, some at once. */
  grow(count: number): Promise<void>;
  /** Kills the oldest and starts another one, which nobody waits for; its name. */
  replace(): Promise<string>;
  stop(): Promise<void>;
  rssMb(): number;
}

const createCrew = (env: Readonly<Record<string, string>>): Crew => {
  const crew: { readonly name: string; readonly program: Program }[] = [];
  const starting = new Set<Promise<void>>();
  let count = 0;
  const start = async (): Promise<void> => {
    const name = `w9-${count++}`;
    const begin = (): Promise<Program> =>
      startProgram({ args: ['--role=worker', `--worker-id=${name}`], env: { LOG_LEVEL: 'error', ...env }, profileDir: undefined });
    // Its port was free when it was asked for; with so many connections another one may have got it since.
    crew.push({ name, program: await begin().catch(begin) });
  };
  const starts = (): void => {
    const under = start().finally(() => starting.delete(under));
    starting.add(under);
  };
  return {
    grow: async (more) => {
      for (let left = more; left > 0; left -= STARTED_TOGETHER) await Promise.all(Array.from({ length: Math.min(left, STARTED_TOGETHER) }, start));
    },
    replace: async () => {
      const { name, program } = crew.shift()!;
      await program.kill();
      starts();
      return name;
    },
    stop: async () => {
      await Promise.all(starting);
      await Promise.all(crew.map(({ program }) => program.stop()));
    },
    rssMb: () => Math.max(...crew.map(({ program }) => program.peakMb() ?? 0)),
  };
};

const body = (tasks: number): string =>
  JSON.stringify({
    dagName: 'paced',
    simulate: { durationMs: TASK_MS, failureRate: 0 },
    tasks: Array.from({ length: tasks }, (_, i) => ({ taskName: `t${i}`, type: 'DATA_PROCESSING' })),
  });

/** Submits so many tasks a second, as long as `goesOn`; the ids of their DAGs. */
const submitPaced = async (api: Api, pace: number, goesOn: () => boolean): Promise<readonly string[]> => {
  const began = performance.now();
  const ids: Promise<string>[] = [];
  for (let told = 0; goesOn();) {
    const due = Math.floor(((performance.now() - began) / 1000) * pace);
    if (due > told) ids.push(api.submit(body(due - told)));
    told = Math.max(told, due);
    await pause(SUBMITTED_EVERY_MS);
  }
  return Promise.all(ids);
};

interface Killed {
  readonly worker: string;
  readonly at: Date;
}

const killOneByOne = async (crew: Crew, kills: number): Promise<readonly Killed[]> => {
  const killed: Killed[] = [];
  for (let i = 0; i < kills; i++) {
    const next = performance.now() + EVERY_MS;
    const at = new Date();
    killed.push({ worker: await crew.replace(), at });
    await pause(Math.max(0, next - performance.now()));
  }
  return killed;
};

/** Tasks that ended in each second from the first kill to the last, and a margin behind it. */
const endedBySecond = async (database: Client, killed: readonly Killed[]): Promise<readonly number[]> => {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(t.*)::integer AS count
     FROM generate_series($1::timestamptz, $2::timestamptz + make_interval(secs => 4), interval '1 second') AS s (at)
     LEFT JOIN tasks t ON t.completed_at >= s.at AND t.completed_at < s.at + interval '1 second' AND t.status = 'COMPLETED'
     GROUP BY s.at ORDER BY s.at`,
    [killed[0]!.at, killed.at(-1)!.at],
  );
  return rows.map(({ count }) => count);
};

/** The longest run of seconds in which fewer tasks ended than nine tenths of the pace. */
const longestBelow = (counts: readonly number[], pace: number): number => {
  let [longest, run] = [0, 0];
  for (const count of counts) {
    run = count < 0.9 * pace ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
};

/** How long after the kill of its worker the last task that was lost with it ran again (which may have been lost once more), and how many were lost. */
const recovery = async (database: Client, killed: readonly Killed[]): Promise<{ readonly tasks: number; readonly slowestMs: number }> => {
  const { rows } = await database.query<{ tasks: number; ms: number | null }>(
    `SELECT count(*)::integer AS tasks, max(extract(epoch FROM coalesce(again.at, t.started_at) - k.at) * 1000)::float8 AS ms
     FROM attempts a JOIN tasks t USING (dag_id, index) JOIN unnest($1::text[], $2::timestamptz[]) AS k (worker, at) ON k.worker = a.worker,
     LATERAL (SELECT min(n.started_at) AS at FROM attempts n WHERE n.dag_id = a.dag_id AND n.index = a.index AND n.dispatch > a.dispatch) AS again`,
    [killed.map(({ worker }) => worker), killed.map(({ at }) => at)],
  );
  return { tasks: rows[0]!.tasks, slowestMs: rows[0]!.ms ?? 0 };
};

/** Connections to the database that are neither a scheduler's nor this one. */
const connectionsOfWorkers = async (database: Client): Promise<number> => {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name NOT LIKE 'task-scheduler/scheduler/%'`,
  );
  return rows[0]!.count;
};

const figuresOf = async (database: Client, killed: readonly Killed[], pace: number): Promise<readonly Figure[]> => {
  const counts = await endedBySecond(database, killed);
  const { tasks, slowestMs } = await recovery(database, killed);
  return [
    { name: 'pace', value: pace, unit: 'tasks a second' },
    { name: 'mean while one is killed each second', value: counts.reduce((sum, count) => sum + count, 0) / counts.length, unit: 'a second' },
    { name: 'slowest second', value: Math.min(...counts), unit: 'tasks' },
    { name: 'longest below nine tenths of the pace', value: longestBelow(counts, pace), unit: 's', goal: 'under 5' },
    { name: 'tasks that a killed worker had', value: tasks, unit: '' },
    { name: 'kill to the start of the last of them elsewhere', value: slowestMs, unit: 'ms', goal: 'under 5,000' },
  ];
};

const run = async ({ api, stack, databaseUrl, scaled }: Site): Promise<Measured> => {
  const workers = Math.max(3, scaled(WORKERS));
  const crew = createCrew(stack.env);
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    await crew.grow(workers);
    await until(`${workers} workers`, async () => (await api.workers()) === workers);
    const pace = workers * PACE;
    let isOver = false;
    const submitted = submitPaced(api, pace, () => !isOver);
    await pause(MARGIN_MS);
    const connections = await connectionsOfWorkers(database);
    const killed = await killOneByOne(crew, Math.max(2, scaled(KILLS)));
    await pause(MARGIN_MS);
    isOver = true;
    const dags = await Promise.all((await submitted).map((id) => api.final(id)));
    const lost = dags.reduce((sum, dag) => sum + dag.totalTasks - dag.completedTasks, 0);
    if (lost > 0) throw new Error(`${lost} tasks are not COMPLETED`);
    return {
      figures: [
        { name: 'workers', value: workers, unit: 'processes' },
        { name: 'tasks lost', value: lost, unit: '', goal: '0' },
        { name: "the workers' connections to PostgreSQL", value: connections, unit: '', goal: '0' },
        ...(await figuresOf(database, killed, pace)),
        { name: "a worker's memory at most", value: crew.rssMb(), unit: 'MB' },
      ],
    };
  } finally {
    await database.end();
    await crew.stop();
  }
};

export const fleet: Scenario = {
  name: 'W9',
  about: '100 workers as processes, of which 60 are killed, one each second',
  workers: 0,
  limitMinutes: 20,
  run,
};
