/** Brings the schema up to date, once, whichever process is first. */
import { Client } from 'pg';
import type { Database } from './database';
import { reaching } from './failures';

// Any number that nobody else uses in this database.
const MIGRATION_LOCK = 7_031_946;

/**
 * Runs the migrations that are missing and answers their names (none where another process did). Processes that come at the
 * same time wait for each other; a process that dies in the middle leaves complete migrations only.
 */
export const migrate = (database: Database, needs: { readonly url: string; readonly connectTimeoutMs: number }): Promise<string[]> =>
  reaching(async () => {
    // A connection of its own: the pools' statement timeout would end the wait for a slow migration elsewhere.
    const client = new Client({ connectionString: needs.url, connectionTimeoutMillis: needs.connectTimeoutMs, keepAlive: true });
    client.on('error', () => undefined);
    await client.connect();
    try {
      // The lock of a transaction, which a pooler can't hand on to another client; nothing may end that while it waits.
      await client.query('BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      const done = await database.source.runMigrations({ transaction: 'each' });
      await client.query('COMMIT');
      return done.map((migration) => migration.name);
    } finally {
      await client.end();
    }
  });

/** What TypeORM would change to make the schema equal to the entities: empty where there is no drift. */
export const schemaDrift = async (database: Database): Promise<string[]> => {
  const { upQueries } = await database.source.driver.createSchemaBuilder().log();
  return upQueries.map((query) => query.query);
};
