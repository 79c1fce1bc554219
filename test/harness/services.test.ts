import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { createClient } from 'redis';
import { databaseUrl, freshDatabase, freshPrefix, kafkaBrokers, redisUrl } from './services';
import { until } from './until';

test('a fresh database is empty, usable, durable, and gone after drop', async () => {
  const { url, name, drop } = await freshDatabase();
  const client = new Client({ connectionString: url });
  // Dropping ends the connection from the server's side.
  client.on('error', () => undefined);
  await client.connect();
  const settings = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name`,
  );
  expect(settings.rows.map((row) => `${row.name} ${row.setting}`)).toEqual(['fsync on', 'full_page_writes on', 'synchronous_commit on']);
  await drop();
  const other = new Client({ connectionString: databaseUrl });
  await other.connect();
  expect((await other.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).rowCount).toBe(0);
  await other.end();
});

test('cleaning a prefix deletes its keys and topics and nobody else’s', async () => {
  const [mine, other] = [freshPrefix(), freshPrefix()];
  const redis = createClient({ url: redisUrl });
  await redis.connect();
  const admin = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  for (const prefix of [mine, other]) {
    await redis.set(`${prefix.keys}a`, '1');
    await admin.createTopics({ topics: [{ topic: prefix.topic('t'), numPartitions: 1 }], waitForLeaders: false });
  }
  await mine.clean();
  expect([await redis.exists(`${mine.keys}a`), await redis.exists(`${other.keys}a`)]).toEqual([0, 1]);
  const has = async (name: string): Promise<boolean> => (await admin.listTopics()).includes(name);
  await until(async () => !(await has(mine.topic('t'))) && (await has(other.topic('t'))), { what: 'only the other topic to be left' });
  await Promise.all([redis.close(), admin.disconnect()]);
});
