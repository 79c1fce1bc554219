/** Connections to PostgreSQL: opened here and nowhere else. */
import 'reflect-metadata';
import { Client, Pool } from 'pg';
import { DataSource } from 'typeorm';
import { failure } from '../../core/failure';
import { doNothing } from '../../lifecycle/timing';
import { type ConnectionNeeds, connectionConfig, limitedByTransactions, watched } from './connections';
import { isMissingDatabase, opening, reaching } from './failures';
import { askingOneByOne } from './oneByOne';
import { ENTITIES, MIGRATIONS } from './schema';

export interface DatabaseNeeds extends ConnectionNeeds {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections of the engine's own statements (admit, commit, load). */
  readonly poolSize: number;
  /** Connections of what the API shows: a slow list never makes the engine wait. */
  readonly viewPoolSize: number;
  /** Longest time of one statement of the engine. */
  readonly statementTimeoutMs: number;
  /** Longest time of one statement of a view. */
  readonly viewTimeoutMs: number;
  /** Told of connections that broke while nobody used them: the pool replaces them. */
  readonly onIdleError: (error: Error) => void;
  /** Told how long a connection of a pool was waited for. */
  readonly onWait?: (pool: PoolName, ms: number) => void;
  /** Told how long a connection was used then, for a statement or a transaction. */
  readonly onUse?: (pool: PoolName, ms: number) => void;
}

export type PoolName = 'engine' | 'views' | 'leases';

/** What one pool's connections do. */
export interface PoolUse {
  readonly pool: PoolName;
  readonly inUse: number;
  readonly idle: number;
  /** So many ask for a connection that there isn't. */
  readonly waiting: number;
  readonly max: number;
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
  use(): readonly PoolUse[];
  close(): Promise<void>;
}

const createPool = (needs: DatabaseNeeds, { name, max, statementTimeoutMs }: { name: PoolName; max: number; statementTimeoutMs: number }): Pool => {
  const pool = new Pool({ connectionString: needs.url, max, ...connectionConfig(needs, name, statementTimeoutMs) });
  pool.on('error', needs.onIdleError);
  return watchedAs(needs, name, pool);
};

const watchedAs = ({ onWait, onUse }: DatabaseNeeds, name: PoolName, pool: Pool): Pool =>
  watched(pool, {
    onWait: (ms) => {
      onWait?.(name, ms);
    },
    onUse: (ms) => {
      onUse?.(name, ms);
    },
  });

const useOf = (pools: Readonly<Record<PoolName, Pool>>): readonly PoolUse[] =>
  Object.entries(pools).map(([name, { totalCount, idleCount, waitingCount, options }]) => ({
    pool: name as PoolName,
    inUse: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
    max: options.max,
  }));

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
      extra: connectionConfig(needs, 'engine', needs.statementTimeoutMs),
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
  const engine = watchedAs(needs, 'engine', (source.driver as unknown as { readonly master: Pool }).master);
  const asked = createPool(needs, { name: 'views', max: needs.viewPoolSize, statementTimeoutMs: needs.viewTimeoutMs });
  const views = needs.pooler === 'none' ? asked : limitedByTransactions(asked);
  const leases = createPool(needs, { name: 'leases', max: 1, statementTimeoutMs: Math.min(needs.statementTimeoutMs, needs.connectTimeoutMs) });
  return {
    source,
    engine,
    views,
    leases,
    ping: async () => {
      const { rows } = await reaching(() => views.query<{ readonly value: string }>(`SELECT current_setting('transaction_read_only') AS value`));
      if (rows[0]?.value === 'on') throw failure('STORE_UNAVAILABLE', 'the database is read-only: a standby, or default_transaction_read_only is on');
    },
    use: () => useOf({ engine, views, leases }),
    close: async () => {
      life.open = false;
      await Promise.all([views.end(), leases.end(), source.destroy()]);
    },
  };
};

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const connected = async <T>(connectionString: string, connectTimeoutMs: number, step: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', doNothing);
  await client.connect();
  try {
    return await step(client);
  } finally {
    await client.end();
  }
};

/**
 * Creates the database that the URL names where the server has none of that name yet, by way of its database `postgres`, which is
 * asked for nothing else. Two processes that do so at once both succeed.
 */
export const createDatabaseIfMissing = (url: string, connectTimeoutMs: number): Promise<void> =>
  opening(async () => {
    // A pooler connects by itself when it is first asked something.
    const isThere = await connected(url, connectTimeoutMs, (client) => client.query('SELECT 1')).then(() => true, isThereUnlessMissing);
    if (isThere) return;
    const server = new URL(url);
    const name = decodeURIComponent(server.pathname.slice(1));
    server.pathname = '/postgres';
    await connected(server.toString(), connectTimeoutMs, (client) => client.query(`CREATE DATABASE ${quoteName(name)}`).catch(unlessItExists));
  });

const isThereUnlessMissing = (error: unknown): false => {
  if (!isMissingDatabase(error)) throw error;
  return false;
};

const unlessItExists = (error: unknown): void => {
  // 42P04 duplicate_database; 23505 is what the loser of a race for the same name gets.
  const { code } = error as { code?: string };
  if (code !== '42P04' && code !== '23505') throw error;
};
