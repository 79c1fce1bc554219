import { migrate, schemaDrift } from '../../../src/adapters/postgres/migrate';
import { MIGRATIONS } from '../../../src/adapters/postgres/schema';
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
