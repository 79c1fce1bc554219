import { createServer, type Socket } from 'node:net';
import { openDatabase } from '../../../src/adapters/postgres/database';
import { createRunStore } from '../../../src/adapters/postgres/runStore';
import { createShardLeases } from '../../../src/adapters/postgres/shardLeases';
import { createTaskViews } from '../../../src/adapters/postgres/taskViews';
import { createWorkIndex } from '../../../src/adapters/postgres/workIndex';
import { at, batch, plannedDag, taskChange } from '../../contract/records';
import { atEnd } from '../../harness/cleanup';
import { freePort } from '../../harness/ports';
import { freshDatabase } from '../../harness/services';
import { until } from '../../harness/until';
import { DIRECTLY, migrated, opened } from './opened';

const UNAVAILABLE = { name: 'Failure', code: 'STORE_UNAVAILABLE' };
const LIMITS = {
  ...DIRECTLY,
  poolSize: 2,
  viewPoolSize: 1,
  connectTimeoutMs: 500,
  statementTimeoutMs: 500,
  viewTimeoutMs: 500,
  onIdleError: () => undefined,
};

test('a server that refuses, or accepts and never answers, is unavailable, soon', async () => {
  const refused = `postgres://postgres@127.0.0.1:${String(await freePort())}/x`;
  await expect(openDatabase({ url: refused, ...LIMITS })).rejects.toMatchObject(UNAVAILABLE);
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  const port = await freePort();
  await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
  atEnd(() => {
    silent.close();
    sockets.forEach((socket) => socket.destroy());
  });
  const begun = performance.now();
  await expect(openDatabase({ url: `postgres://postgres@127.0.0.1:${String(port)}/x`, ...LIMITS })).rejects.toMatchObject(UNAVAILABLE);
  expect(performance.now() - begun).toBeLessThan(3_000);
});

test('a connection that breaks once the database is closed is nobody’s trouble', async () => {
  const { url } = await freshDatabase();
  const idle: Error[] = [];
  const database = await openDatabase({ url, ...LIMITS, onIdleError: (error) => idle.push(error) });
  // As the pools tell it; when a server that stops cuts what they still have is chance.
  const cut = (): void => {
    for (const pool of [database.engine, database.views, database.leases]) pool.emit('error', new Error('cut'), {});
  };
  cut();
  expect(idle).toHaveLength(3);
  const closed = database.close();
  cut();
  await closed;
  expect(idle).toHaveLength(3);
});

test('connections that break, idle or in use, never end the process, and the next call gets new ones', async () => {
  const { url } = await freshDatabase();
  const idle: Error[] = [];
  await migrated(url);
  const database = await opened(url, { onIdleError: (error) => idle.push(error) });
  const watcher = await opened(url);
  await database.ping();
  const cut = async (): Promise<void> => {
    await watcher.engine.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  };
  await cut();
  await until(() => idle.length > 0, { what: 'the pool to hear of its broken connection' });
  await until(() => database.ping().then(() => true), { what: 'a new connection' });
  const busy = expect(
    createRunStore({ engine: database.engine })
      .admit([{ dag: plannedDag(), idempotency: null }])
      .then(() => database.engine.query('SELECT pg_sleep(30)')),
  ).rejects.toMatchObject({ code: '57P01' });
  await until(
    async () =>
      (await watcher.engine.query(`SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND datname = current_database()`)).rowCount,
    { what: 'the statement to run' },
  );
  await cut();
  await busy;
  await until(() => database.ping().then(() => true), { what: 'a new connection' });
});

test('a statement that waits for too long is unavailable, and leaves nothing behind', async () => {
  const { url } = await freshDatabase();
  const holder = await migrated(url);
  const database = await opened(url, { statementTimeoutMs: 300, viewTimeoutMs: 300 });
  const leases = createShardLeases(holder);
  await leases.define(1);
  const owned = await leases.acquire('a', 60_000, 1);
  const dag = plannedDag();
  await createRunStore(holder).admit([{ dag, idempotency: null }]);
  const client = await holder.engine.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE tasks, shards IN ACCESS EXCLUSIVE MODE');
  const store = createRunStore(database);
  await expect(store.commit(batch(at(owned, 9n), { tasks: [taskChange(dag, 0)] }))).rejects.toMatchObject(UNAVAILABLE);
  await expect(store.liveDag(dag.dagId)).rejects.toMatchObject(UNAVAILABLE);
  await expect(createWorkIndex(database).due([0], 0, 1)).rejects.toMatchObject(UNAVAILABLE);
  await expect(createTaskViews(database).tasks({}, 10)).rejects.toMatchObject(UNAVAILABLE);
  await expect(createShardLeases(database).renew('a', 1_000)).rejects.toMatchObject(UNAVAILABLE);
  await client.query('ROLLBACK');
  client.release();
  expect(await store.liveDag(dag.dagId)).toMatchObject({ tasks: [{ status: 'QUEUED' }, {}, {}, {}] });
});

test('a read-only server is unavailable to writers', async () => {
  const { url, name } = await freshDatabase();
  const holder = await migrated(url);
  await holder.engine.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const database = await opened(url);
  await expect(createRunStore(database).admit([{ dag: plannedDag(), idempotency: null }])).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringMatching(/read-only.*point database.url at the primary/) as string,
  });
});

test('a database that refuses writes is not well, and says why', async () => {
  const { url, name } = await freshDatabase();
  await migrated(url);
  const database = await opened(url);
  await database.ping();
  await database.engine.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const standby = await opened(url);
  await expect(standby.ping()).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining('read-only') as string });
});

test('a server that takes no more connections says so, and what to do about it', async () => {
  const { url, name } = await freshDatabase();
  const holder = await migrated(url);
  // Not for a superuser: a role of its own, with a limit of its own.
  const role = `limited_${name}`;
  await holder.engine.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0`);
  atEnd(() => holder.engine.query(`DROP ROLE ${role}`).then(() => undefined));
  const limited = new URL(url);
  limited.username = role;
  limited.password = 'x';
  await expect(openDatabase({ url: limited.toString(), ...LIMITS })).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringMatching(/takes no more connections.*max_connections/) as string,
  });
});
