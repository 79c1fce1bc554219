/** Transactions whose connection breaks: by a server that ends it, as in a restart, and by one that is gone, as after a kill. */
import { transaction } from '../../../src/adapters/postgres/connections';
import { openProxy } from '../../harness/proxy';
import { freePort } from '../../harness/ports';
import { databaseUrl, freshDatabase } from '../../harness/services';
import { until } from '../../harness/until';
import { opened } from './opened';

const ofOne = async () => {
  const target = new URL((await freshDatabase()).url);
  const proxy = await openProxy(await freePort(), Number(new URL(databaseUrl).port));
  target.port = String(proxy.port);
  return { proxy, database: await opened(target.toString(), { poolSize: 1 }) };
};

test.each(['in the middle of a statement', 'between two statements'])(
  'a connection that is cut %s fails the transaction and nothing else',
  async (when) => {
    const { proxy, database } = await ofOne();
    const failed = transaction(database.engine, async (client) => {
      const ended = new Promise((resolve) => client.once('end', resolve));
      const sleeping = when === 'between two statements' ? undefined : client.query('SELECT pg_sleep(60)').catch(() => undefined);
      proxy.cut();
      await Promise.all([ended, sleeping]);
      await client.query('SELECT 1');
    });
    await expect(failed).rejects.toThrow(/not queryable/);
    const [row] = await transaction(database.engine, async (client) => (await client.query<{ one: number }>('SELECT 1 AS one')).rows);
    expect(row).toEqual({ one: 1 });
  },
);

test('a connection that the server ends fails the transaction and nothing else', async () => {
  const { database } = await ofOne();
  const failed = transaction(database.engine, async (client) => {
    const ended = new Promise((resolve) => client.once('end', resolve));
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await database.views.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    await ended;
    await client.query('SELECT 1');
  });
  await expect(failed).rejects.toThrow(/not queryable/);
  await until(async () => (await database.engine.query('SELECT 1')).rowCount === 1, { what: 'the pool to have another connection' });
});

test('the errors of a connection are heard by as many as before once its transaction is over', async () => {
  const { database } = await ofOne();
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) await transaction(database.engine, (client) => Promise.resolve(counts.push(client.listenerCount('error'))));
  expect(new Set(counts).size).toBe(1);
});
