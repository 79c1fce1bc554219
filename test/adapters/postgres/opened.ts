/** Databases of a test file's own, migrated, on either server. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/adapters/postgres/embedded';
import { createDatabaseIfMissing, type Database, openDatabase } from '../../../src/adapters/postgres/database';
import { migrate } from '../../../src/adapters/postgres/migrate';
import { atEnd } from '../../harness/cleanup';
import { freshDatabase } from '../../harness/services';

const CONNECT_MS = 5_000;
/** What says of connections how they are made where no test cares. */
export const DIRECTLY = { pooler: 'none', application: 'task-scheduler/test', idleTransactionTimeoutMs: 5_000, idleTimeoutMs: 10_000 } as const;

/** Opens a URL with small pools; closed when the file ends. */
export const opened = async (url: string, over: Partial<Parameters<typeof openDatabase>[0]> = {}): Promise<Database> => {
  const database = await openDatabase({
    url,
    ...DIRECTLY,
    poolSize: 4,
    viewPoolSize: 2,
    connectTimeoutMs: CONNECT_MS,
    statementTimeoutMs: 20_000,
    viewTimeoutMs: 5_000,
    onIdleError: () => undefined,
    ...over,
  });
  atEnd(database.close);
  return database;
};

/** Opens a URL and brings its schema up to date. */
export const migrated = async (url: string): Promise<Database> => {
  const database = await opened(url);
  await migrate(database, { url, connectTimeoutMs: CONNECT_MS });
  return database;
};

/** A folder that every account may enter, removed when the file ends. */
export const openFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'task-scheduler-postgres-'));
  await chmod(folder, 0o755);
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** An embedded server of the file's own, stopped when the file ends. */
export const embedded = async (): Promise<EmbeddedPostgres> => {
  const server = createEmbeddedPostgres({ dataDir: await openFolder(), log: () => undefined });
  atEnd(server.stop);
  await server.start();
  return server;
};

/** A way to get empty databases: URL by URL. */
export type Source = () => Promise<string>;

/** Both servers that the adapter promises to run on; each is started when first asked. */
export const SERVERS: readonly (readonly [string, () => Promise<Source>])[] = [
  ['the services’ PostgreSQL', () => Promise.resolve(async () => (await freshDatabase()).url)],
  [
    'the embedded PostgreSQL',
    async () => {
      const server = await embedded();
      let count = 0;
      return async () => {
        const url = new URL(server.url);
        url.pathname = `/test_${String(count++)}`;
        await createDatabaseIfMissing(url.toString(), CONNECT_MS);
        return url.toString();
      };
    },
  ],
];
