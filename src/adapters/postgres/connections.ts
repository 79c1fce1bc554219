/** How connections are made: named, limited, counted, and behind a pooler without anything that outlives a transaction. */
import { Client, type ClientConfig, Pool, type PoolConfig, type PoolClient } from 'pg';
import { doNothing } from '../../lifecycle/timing';

/** What stands between this process and PostgreSQL. */
export type Pooler =
  | 'none'
  /** PgBouncer in transaction mode, any version. */
  | 'transaction'
  /** The same from version 1.21 on with max_prepared_statements: statements are planned once for each of its connections. */
  | 'transaction-prepared';

export interface ConnectionNeeds {
  readonly pooler: Pooler;
  /** What PostgreSQL shows of its connections (`application_name`), and each pool's name behind it. */
  readonly application: string;
  readonly connectTimeoutMs: number;
  /** Longest silence within a transaction: a client that sleeps there holds locks. */
  readonly idleTransactionTimeoutMs: number;
  /** How long a connection that nobody uses is kept. */
  readonly idleTimeoutMs: number;
}

/** Before version 1.21 PgBouncer passes names of statements on as they are: on another connection each is unknown, or another one. */
class UnnamingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const ask = this.query.bind(this) as (...question: unknown[]) => unknown;
    Object.assign(this, { query: (question: unknown, ...rest: unknown[]) => ask(withoutName(question), ...rest) });
  }
}

const withoutName = (question: unknown): unknown =>
  typeof question === 'object' && question !== null && 'name' in question ? { ...question, name: undefined } : question;

/**
 * No statement here is worth what these cost: the planner's estimates grow with each month's partition, of which a statement then reads one, until it
 * compiles the statement or starts processes for it, for a hundred milliseconds.
 */
const PLAINLY = { jit: 'off', max_parallel_workers_per_gather: 0 } as const;

interface LimitedPoolConfig extends PoolConfig {
  /** What opens a transaction. */
  readonly begin: string;
}

/**
 * What every connection gets. The server ends a statement that takes too long, and a transaction whose client sleeps;
 * the client gives up a second later, when even that answer didn't come. A pooler refuses such limits when it is connected to, and
 * what is set in a session is another client's a moment later: there each transaction says them for itself.
 */
export const connectionConfig = (needs: ConnectionNeeds, pool: string, statementTimeoutMs: number): LimitedPoolConfig => {
  const { pooler, idleTransactionTimeoutMs } = needs;
  const limits = { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: idleTransactionTimeoutMs };
  const said = Object.entries({ ...limits, ...PLAINLY }).map(([name, value]) => `; SET LOCAL ${name} = ${String(value)}`);
  const options = Object.entries(PLAINLY).map(([name, value]) => `-c ${name}=${String(value)}`);
  return {
    connectionTimeoutMillis: needs.connectTimeoutMs,
    idleTimeoutMillis: needs.idleTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    application_name: `${needs.application}/${pool}`,
    ...(pooler === 'none' ? { ...limits, options: options.join(' '), begin: 'BEGIN' } : { begin: `BEGIN${said.join('')}` }),
    ...(pooler === 'transaction' ? { Client: UnnamingClient } : {}),
  };
};

/** Runs `work` in one transaction on a connection of its own; a connection that failed is thrown away. */
export const transaction = async <T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  // A pool hears no error of what it has lent, and one that nobody hears ends the process. The next statement is refused anyway.
  client.on('error', doNothing);
  try {
    await client.query((pool.options as LimitedPoolConfig).begin);
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

/** Each of its statements in a transaction of its own, where the server knows the pool's limits by nothing else. */
export const limitedByTransactions = (pool: Pool): Pool => {
  // Asked by text or by an object of text and name, with or without values: as a connection is.
  const query = (...question: [string, unknown[]?]) => transaction(pool, (client) => client.query(...question));
  return Object.assign(pool, { query });
};

/** Tells how long a connection is kept from now on. */
const tellingUse = (client: PoolClient, onUse: (ms: number) => void): PoolClient => {
  const began = performance.now();
  // The pool makes it anew each time that it lends the connection.
  const release = client.release.bind(client);
  client.release = (...how) => {
    onUse(performance.now() - began);
    release(...how);
  };
  return client;
};

/** Tells how long each connection was waited for, opening it included, and how long it was used for a statement or a transaction. */
export const watched = (pool: Pool, { onWait, onUse }: { onWait: (ms: number) => void; onUse: (ms: number) => void }): Pool => {
  const connect = pool.connect.bind(pool);
  type Answer = Parameters<Parameters<typeof connect>[0]>;
  const connecting = (callback?: (...answer: Answer) => void): Promise<PoolClient> | undefined => {
    const began = performance.now();
    if (callback === undefined)
      return connect()
        .finally(() => {
          onWait(performance.now() - began);
        })
        .then((client) => tellingUse(client, onUse));
    connect((error, client, done) => {
      onWait(performance.now() - began);
      if (client === undefined) callback(error, client, done);
      else
        callback(error, tellingUse(client, onUse), (how?: Error | boolean) => {
          client.release(how);
        });
    });
    return undefined;
  };
  return Object.assign(pool, { connect: connecting as typeof pool.connect });
};
