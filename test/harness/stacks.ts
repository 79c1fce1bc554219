/** The compiled program as a whole: scheduler and workers as processes of their own on real services, or standalone. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client as Postgres, type QueryResultRow } from 'pg';
import { type Client, createClient } from '../../src/sdk';
import { atEnd } from './cleanup';
import { type RunningRole, startRole, type StartOptions } from './processes';
import { freshDatabase, freshPrefix, kafkaBrokers, redisUrl } from './services';
import { until } from './until';

type Env = Readonly<Record<string, string>>;

/** A way to ask the API, and the database behind it. */
export interface Stack {
  readonly url: string;
  readonly api: Client;
  /** Rows of one statement, asked of PostgreSQL itself. */
  sql<Row extends QueryResultRow>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Standalone extends Stack {
  readonly role: RunningRole;
  readonly dataDir: string;
}

export interface RealStack extends Stack {
  /** What points a process at this stack's own database, topics and keys. */
  readonly env: Env;
  readonly topics: { readonly queue: string; readonly events: string; readonly deadLetters: string; readonly logs: string };
  readonly scheduler: RunningRole;
  readonly workers: readonly RunningRole[];
  startScheduler(more?: RoleSettings): Promise<RunningRole>;
  startWorker(id: string, more?: RoleSettings): Promise<RunningRole>;
}

export interface RoleSettings extends Pick<StartOptions, 'node' | 'nodeArgs'> {
  readonly env?: Env;
}

export const clientOf = (url: string): Client => createClient({ url, timeoutMs: 60_000 });

/** A query function on a connection that is opened when first needed and closed when the test file ends. */
const querying = (databaseUrl: () => string): Stack['sql'] => {
  let opened: Promise<Postgres> | undefined;
  const open = async (): Promise<Postgres> => {
    const client = new Postgres({ connectionString: databaseUrl() });
    // Tests kill servers and drop databases.
    client.on('error', () => undefined);
    await client.connect();
    atEnd(() => client.end().catch(() => undefined));
    return client;
  };
  return async <Row extends QueryResultRow>(statement: string, values: readonly unknown[] = []): Promise<Row[]> => {
    opened ??= open();
    return (await (await opened).query<Row>(statement, [...values])).rows;
  };
};

/** A data folder that the database's own account can enter; it is removed when the test file ends. */
export const freshDataDir = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'standalone-'));
  chmodSync(folder, 0o755);
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return path.join(folder, 'data');
};

/** The URL of the database that a standalone process keeps in its data folder. */
export const standaloneDatabase = (dataDir: string): string => {
  const kept = (name: string): string => readFileSync(path.join(dataDir, 'postgres', name), 'utf8').trim();
  return `postgres://postgres:${kept('password')}@127.0.0.1:${kept('port')}/taskscheduler`;
};

/** Starts standalone on a data folder, a fresh one by default. Its database is stopped with it when the test file ends. */
export const startStandalone = async ({
  dataDir = freshDataDir(),
  env = {},
  ...more
}: RoleSettings & { dataDir?: string } = {}): Promise<Standalone> => {
  const role = await startRole({ role: 'standalone', env: { STANDALONE_DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...env }, readyMs: 90_000, ...more });
  // Before the harness kills it: only a server that stops by itself stops its database, too.
  atEnd(async () => {
    await role.terminate();
  });
  return { role, dataDir, url: role.url, api: clientOf(role.url), sql: querying(() => standaloneDatabase(dataDir)) };
};

const workersSeen = async (url: string): Promise<readonly { workerId: string }[]> => {
  const answer = await fetch(`${url}/api/v1/workers`);
  const body: unknown = await answer.json();
  return (Array.isArray(body) ? body : (body as { items: readonly { workerId: string }[] }).items) as readonly { workerId: string }[];
};

/** Live workers that the dispatcher counts on: the API lists the roster itself, which it looks at twice a second. */
const workersCounted = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/actuator/prometheus`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('workers_known '));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
};

/** Resolves when a scheduler knows exactly these workers, and its dispatcher as many. */
export const untilWorkers = (url: string, ids: readonly string[]): Promise<unknown> =>
  until(
    async () =>
      (await workersSeen(url))
        .map(({ workerId }) => workerId)
        .sort()
        .join() === [...ids].sort().join() && (await workersCounted(url)) === ids.length,
    {
      what: `the scheduler to know the workers ${ids.join(', ')} and no other`,
      timeoutMs: 20_000,
    },
  );

export interface RealSettings extends RoleSettings {
  readonly workers?: number;
  /** For the workers alone. */
  readonly workerEnv?: Env;
  /** Where the processes find the database of this URL: behind something, for instance. */
  readonly reaching?: (databaseUrl: string) => string;
}

/** Starts one scheduler and `workers` workers (3 by default, named worker-1 and so on) on a database, topics and keys of their own. */
export const startRealStack = async ({
  workers = 3,
  env: given = {},
  workerEnv = {},
  reaching = (url) => url,
  ...how
}: RealSettings = {}): Promise<RealStack> => {
  const database = await freshDatabase();
  const prefix = freshPrefix();
  const topics = { queue: prefix.topic('queue'), events: prefix.topic('events'), deadLetters: prefix.topic('dlq'), logs: prefix.topic('logs') };
  const env: Env = {
    DATABASE_URL: reaching(database.url),
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC_QUEUE: topics.queue,
    KAFKA_TOPIC_EVENTS: topics.events,
    KAFKA_TOPIC_DEAD_LETTERS: topics.deadLetters,
    KAFKA_TOPIC_LOGS: topics.logs,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix.keys,
    LOG_LEVEL: 'warn',
    ...given,
  };
  const startScheduler = ({ env: more = {}, ...options }: RoleSettings = {}): Promise<RunningRole> =>
    startRole({ role: 'scheduler', env: { ...env, ...more }, ...how, ...options });
  const startWorker = (id: string, { env: more = {}, ...options }: RoleSettings = {}): Promise<RunningRole> =>
    startRole({ role: 'worker', args: [`--worker-id=${id}`], env: { ...env, ...workerEnv, ...more }, ...how, ...options });
  const scheduler = await startScheduler();
  const ids = Array.from({ length: workers }, (_, i) => `worker-${i + 1}`);
  const started = await Promise.all(ids.map((id) => startWorker(id)));
  if (workers > 0) await untilWorkers(scheduler.url, ids);
  const { url } = scheduler;
  return { url, api: clientOf(url), env, topics, scheduler, workers: started, sql: querying(() => database.url), startScheduler, startWorker };
};
