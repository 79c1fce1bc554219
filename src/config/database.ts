/** The settings of PostgreSQL. */
import { duration, oneOf, url, whole } from './readers';
import { setting, type Spec } from './setting';
import { type DatabaseConfig, POOLERS } from './shape';

export const database: Spec<DatabaseConfig> = {
  url: {
    ...setting(
      url('postgres:', 'postgresql:'),
      'postgres://postgres:postgres@localhost:5432/taskscheduler',
      'DATABASE_URL',
      'PostgreSQL 15 or newer. Standalone brings its own.',
    ),
    secret: 'parts',
  },
  pooler: setting(
    oneOf(...POOLERS),
    'none',
    'DATABASE_POOLER',
    'What stands before PostgreSQL: nothing, PgBouncer in transaction mode, or that from version 1.21 on with `max_prepared_statements` (cheaper). Not in standalone.',
  ),
  poolSize: setting(
    whole(2, 500),
    (role) => (role === 'standalone' ? 6 : 10),
    'DATABASE_POOL_SIZE',
    "Connections of the engine's statements in one process, beside one for the leases of its shards. A worker has none.",
  ),
  viewPoolSize: setting(whole(1, 500), (role) => (role === 'standalone' ? 2 : 4), 'DATABASE_VIEW_POOL_SIZE', 'Connections of what the API shows.'),
  statementTimeoutMs: setting(duration(100), 30_000, 'DATABASE_STATEMENT_TIMEOUT_MS', 'The longest that one statement of the engine may take.'),
  viewTimeoutMs: setting(duration(100), 10_000, 'DATABASE_VIEW_TIMEOUT_MS', 'The same for what the API shows.'),
  idleTransactionTimeoutMs: setting(
    duration(100),
    5_000,
    'DATABASE_IDLE_TRANSACTION_TIMEOUT_MS',
    'The longest silence within a transaction, after which PostgreSQL ends it: a process that sleeps there holds locks.',
  ),
  idleTimeoutMs: setting(duration(0), 10_000, 'DATABASE_IDLE_TIMEOUT_MS', 'How long a connection that nobody uses is kept; 0: for ever.'),
  connectTimeoutMs: setting(duration(100), 5_000, 'DATABASE_CONNECT_TIMEOUT_MS', 'The longest wait for a connection.'),
};
