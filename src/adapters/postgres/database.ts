/** Connections to PostgreSQL: opened here and nowhere else. */
import 'reflect-metadata';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { DataSource } from 'typeorm';
import { failure } from '../../core/failure';
import { doNothing } from '../../lifecycle/timing';
import { opening, reaching } from './failures';
import { askingOneByOne } from './oneByOne';
import { ENTITIES, MIGRATIONS } from './schema';

export interface DatabaseNeeds {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections of the engine's own statements (admit, commit, load). */
  readonly poolSize: number;
  /** Connections of what the API shows: a slow list never makes the engine wait. */
  readonly viewPoolSize: number;
  readonly connectTimeoutMs: number;
  /** Longest time of one statement of the engine. */
  readonly statementTimeoutMs: number;
  /** Longest time of one statement of a view. */
  readonly viewTimeoutMs: number;
  /** Told of connections that broke while nobody used them: the pool replaces them. */
  readonly onIdleError: (error: Error) => void;
}

/** An open database; every pool connects again by itself. */
export interface Database {
  /** TypeORM's own view of it, for migrations. */
  readonly source: DataSource;
  readonly engine: Pool;
  readonly views: Pool;
  /** One connection that nothing else uses: a lease is renewed whatever else is slow. */
  readonly leases: Pool;
  /** Resolves when the database answers and can be written to; rejects with STORE_UNAVAILABLE within the connect timeout. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

interface Limits {
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/**
 * What every connection gets. The server ends a statement that takes too long, and a transaction whose client sleeps;
 * the client gives up a second later, when even that answer didn't come.
 */
const connectionLimits = ({ connectTimeoutMs, statementTimeoutMs }: Limits): PoolConfig => ({
  connectionTimeoutMillis: connectTimeoutMs,
  statement_timeout: statementTimeoutMs,
  query_timeout: statementTimeoutMs + 1_000,
  idle_in_transaction_session_timeout: 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 5_000,
  application_name: 'task-scheduler',
});

const createPool = (needs: DatabaseNeeds, max: number, statementTimeoutMs: number): Pool => {
  const pool = new Pool({ connectionString: needs.url, max, ...connectionLimits({ ...needs, statementTimeoutMs }) });
  pool.on('error', needs.onIdleError);
  return pool;
};

const createSource = (needs: DatabaseNeeds): DataSource =>
  askingOneByOne(
    new DataSource({
      type: 'postgres',
      url: needs.url,
      entities: [...ENTITIES],
      migrations: [...MIGRATIONS],
      migrationsTableName: 'migrations',
      synchronize: false,
      installExtensions: false,
      logging: false,
      poolSize: needs.poolSize,
      poolErrorHandler: needs.onIdleError,
      extra: connectionLimits(needs),
    }),
  );

/**
 * Opens the database; rejects with STORE_UNAVAILABLE where it doesn't answer in time, with another error where it refuses the
 * user, and leaves nothing open then.
 */
export const openDatabase = async (given: DatabaseNeeds): Promise<Database> => {
  const life = { open: true };
  // A pool says that it has ended before its connections have: what becomes of them then is nobody's trouble.
  const onIdleError = (error: Error): void => {
    if (life.open) given.onIdleError(error);
  };
  const needs = { ...given, onIdleError };
  const source = createSource(needs);
  await opening(() => source.initialize());
  const engine = (source.driver as unknown as { readonly master: Pool }).master;
  const views = createPool(needs, needs.viewPoolSize, needs.viewTimeoutMs);
  const leases = createPool(needs, 1, Math.min(needs.statementTimeoutMs, needs.connectTimeoutMs));
  return {
    source,
    engine,
    views,
    leases,
    ping: async () => {
      const { rows } = await reaching(() => views.query<{ readonly value: string }>(`SELECT current_setting('transaction_read_only') AS value`));
      if (rows[0]?.value === 'on') throw failure('STORE_UNAVAILABLE', 'the database is read-only: a standby, or default_transaction_read_only is on');
    },
    close: async () => {
      life.open = false;
      await Promise.all([views.end(), leases.end(), source.destroy()]);
    },
  };
};

/** Runs `work` in one transaction on a connection of its own; a connection that failed is thrown away. */
export const transaction = async <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  // A pool hears no error of what it has lent, and one that nobody hears ends the process. The next statement is refused anyway.
  client.on('error', doNothing);
  try {
    await client.query('BEGIN');
    const answer = await work(client);
    await client.query('COMMIT');
    client.release();
    return answer;
  } catch (error) {
    client.release(error instanceof Error ? error : true);
    throw error;
  } finally {
    client.off('error', doNothing);
  }
};

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Creates the database that the URL names where the server has none of that name yet, by way of its database `postgres`.
 * Two processes that do so at once both succeed.
 */
export const createDatabaseIfMissing = (url: string, connectTimeoutMs: number): Promise<void> =>
  opening(async () => {
    const target = new URL(url);
    const name = decodeURIComponent(target.pathname.slice(1));
    target.pathname = '/postgres';
    const client = new Client({ connectionString: target.toString(), connectionTimeoutMillis: connectTimeoutMs });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${quoteName(name)}`).catch(unlessItExists);
    } finally {
      await client.end();
    }
  });

const unlessItExists = (error: unknown): void => {
  // 42P04 duplicate_database; 23505 is what the loser of a race for the same name gets.
  const { code } = error as { code?: string };
  if (code !== '42P04' && code !== '23505') throw error;
};
