/** What PostgreSQL did while a workload ran, by pg_stat_statements and pg_stat_wal. */
import { Client } from 'pg';

export interface Statement {
  readonly query: string;
  readonly calls: number;
  readonly rows: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly walBytes: number;
}

export interface DatabaseWork {
  /** The longest together first. */
  readonly statements: readonly Statement[];
  readonly syncs: number;
}

const STATEMENTS = `
  SELECT regexp_replace(query, '\\s+', ' ', 'g') AS query, calls::float, rows::float, total_exec_time AS ms,
    max_exec_time AS "slowestMs", wal_bytes::float AS "walBytes"
  FROM pg_stat_statements WHERE query !~ 'pg_stat_' ORDER BY total_exec_time DESC`;

/** Throws where the server wasn't started with pg_stat_statements. */
const reset = (client: Client): Promise<unknown> =>
  client.query(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset(), pg_stat_reset_shared('wal')`);

/** Runs the work, during which nobody else may use the server, and tells what PostgreSQL did. */
export const statementsDuring = async <T>(url: string, work: () => Promise<T>): Promise<readonly [T, DatabaseWork]> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await reset(client);
    const result = await work();
    const { rows: statements } = await client.query<Statement>(STATEMENTS);
    const { rows } = await client.query<{ syncs: number }>('SELECT wal_sync::float AS syncs FROM pg_stat_wal');
    return [result, { statements, syncs: rows[0]!.syncs }];
  } finally {
    await client.end();
  }
};
