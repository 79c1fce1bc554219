import path from 'node:path';
import { migrate, schemaDrift } from '../../../src/adapters/postgres/migrate';
import { MIGRATIONS } from '../../../src/adapters/postgres/schema';
import { projectRoot, startProcess } from '../../harness/processes';
import { databaseUrl } from '../../harness/services';
import { opened, SERVERS } from './opened';

const CONNECT_MS = 5_000;

describe.each(SERVERS)('migrations on %s', (_name, start) => {
  test('of several processes at once, one migrates; the schema equals the entities; all of it can be taken back', async () => {
    const url = await (await start())();
    const databases = await Promise.all([opened(url), opened(url), opened(url)]);
    const done = await Promise.all(databases.map((database) => migrate(database, { url, connectTimeoutMs: CONNECT_MS })));
    expect(done.map((names) => names.length).sort()).toEqual([0, 0, MIGRATIONS.length]);
    const [database] = databases;
    expect(await schemaDrift(database)).toEqual([]);
    for (let undone = 0; undone < MIGRATIONS.length; undone++) await database.source.undoLastMigration();
    expect((await schemaDrift(database)).length).toBeGreaterThan(5);
    expect(await migrate(database, { url, connectTimeoutMs: CONNECT_MS })).toHaveLength(MIGRATIONS.length);
    expect(await schemaDrift(database)).toEqual([]);
  });

  test('drift is seen', async () => {
    const url = await (await start())();
    const database = await opened(url);
    await migrate(database, { url, connectTimeoutMs: CONNECT_MS });
    await database.engine.query('ALTER TABLE tasks ADD COLUMN colour text');
    expect(await schemaDrift(database)).toEqual([expect.stringContaining('colour')]);
  });
});

test('the check finds no drift, and asks nothing in a way that the driver will refuse one day', async () => {
  const script = path.join(projectRoot, 'scripts/migrations.js');
  const check = await startProcess({ script, args: ['check'], nodeArgs: ['--throw-deprecation'], env: { TEST_DATABASE_URL: databaseUrl } });
  expect({ ...(await check.exited), stderr: check.stderr() }).toEqual({ code: 0, signal: null, stderr: '' });
});
