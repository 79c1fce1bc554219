/** A corner of the real services for one run: a database, topics and a key prefix that nobody else has, deleted afterwards. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { createClient } from 'redis';
import { root } from './process';

export interface Addresses {
  readonly DATABASE_URL: string;
  readonly KAFKA_BROKERS: string;
  readonly REDIS_URL: string;
}

export interface Corner {
  /** Variables for the program. */
  readonly env: Readonly<Record<string, string>> & Addresses;
  remove(): Promise<void>;
}

/** From the environment where all three are set, else those of scripts/services. */
export const addressesFrom = (env: NodeJS.ProcessEnv): Addresses => {
  const { DATABASE_URL, KAFKA_BROKERS, REDIS_URL } = env;
  if (DATABASE_URL !== undefined && KAFKA_BROKERS !== undefined && REDIS_URL !== undefined) return { DATABASE_URL, KAFKA_BROKERS, REDIS_URL };
  const lines = execFileSync(path.join(root, 'scripts/services'), ['env'], { encoding: 'utf8' }).trim().split('\n');
  const found = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return found as unknown as Addresses;
};

const onServer = async (url: string, sql: string): Promise<void> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

const deleteTopics = async (brokers: string, topics: readonly string[]): Promise<void> => {
  const admin = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const there = (await admin.listTopics()).filter((topic) => topics.includes(topic));
    if (there.length > 0) await admin.deleteTopics({ topics: there });
  } finally {
    await admin.disconnect();
  }
};

const deleteKeys = async (url: string, prefix: string): Promise<void> => {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) if (keys.length > 0) await client.unlink(keys);
  } finally {
    client.destroy();
  }
};

/** Makes a fresh database; topics and keys are made by the program under names of their own. */
export const freshCorner = async ({ DATABASE_URL, KAFKA_BROKERS, REDIS_URL }: Addresses): Promise<Corner> => {
  const name = `bench_${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
  const topics = { queue: `${name}-queue`, events: `${name}-events`, logs: `${name}-logs` };
  const [server, database] = [new URL(DATABASE_URL), new URL(DATABASE_URL)];
  // The one that every server has: the program's own may not be there yet.
  server.pathname = '/postgres';
  database.pathname = `/${name}`;
  await onServer(server.toString(), `CREATE DATABASE ${name}`).catch((error: unknown) => {
    throw new Error('PostgreSQL is out of reach: start the services with scripts/services up', { cause: error });
  });
  return {
    env: {
      DATABASE_URL: database.toString(),
      KAFKA_BROKERS,
      REDIS_URL,
      KAFKA_TOPIC_QUEUE: topics.queue,
      KAFKA_TOPIC_EVENTS: topics.events,
      KAFKA_TOPIC_LOGS: topics.logs,
      REDIS_PREFIX: `${name}:`,
    },
    remove: async () => {
      await onServer(server.toString(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await Promise.all([deleteTopics(KAFKA_BROKERS, Object.values(topics)), deleteKeys(REDIS_URL, `${name}:`)]);
    },
  };
};
