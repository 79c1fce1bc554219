/**
 * The real services that tests use, and a clean corner of each: a database of its own, a prefix of its own. Addresses come
 * from the environment (scripts/test sets them); the defaults are the ports of the test set of scripts/services.
 */
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { createClient } from 'redis';
import { atEnd } from './cleanup';

/** Kafka's bootstrap addresses, `host:port` each. */
export const kafkaBrokers: readonly string[] = (process.env['TEST_KAFKA_BROKERS'] ?? '127.0.0.1:19092').split(',');
/** A PostgreSQL URL whose user may create databases. */
export const databaseUrl: string = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:15432/postgres';
/** The Redis URL; tests keep to their own key prefix. */
export const redisUrl: string = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:16379';

const unique = (): string => `${Date.now().toString(36)}${randomBytes(4).toString('hex')}`;

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** An empty database of the caller's own. `drop` ends its connections and removes it; it also happens when the file ends. */
export interface FreshDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** Creates an empty database with a unique name on the test PostgreSQL. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${unique()}`;
  await onServer(`CREATE DATABASE ${name}`);
  const drop = (): Promise<void> => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  atEnd(drop);
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return { url: url.toString(), name, drop };
}

/** A name that nobody else uses, for Redis keys and Kafka topics. */
export interface FreshPrefix {
  /** Redis key prefix, with a colon at its end. */
  readonly keys: string;
  /** A topic name (or prefix of topic names) for the given purpose. */
  topic(purpose: string): string;
  /** Deletes every Redis key and Kafka topic with this prefix; it also happens when the file ends. */
  clean(): Promise<void>;
}

/** Makes a unique prefix for Redis keys and topic names. */
export function freshPrefix(): FreshPrefix {
  const name = `test-${unique()}`;
  const clean = async (): Promise<void> => {
    await Promise.all([deleteKeys(`${name}:`), deleteTopics(name)]);
  };
  atEnd(clean);
  return { keys: `${name}:`, topic: (purpose) => `${name}-${purpose}`, clean };
}

async function deleteKeys(prefix: string): Promise<void> {
  const client = createClient({ url: redisUrl, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
  await client.connect();
  try {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) {
      if (keys.length > 0) await client.unlink(keys);
    }
  } finally {
    await client.close();
  }
}

async function deleteTopics(prefix: string): Promise<void> {
  const admin = new Kafka({ clientId: 'test-cleanup', brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics, timeout: 10_000 });
  } finally {
    await admin.disconnect();
  }
}
