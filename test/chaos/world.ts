/** Two schedulers, four workers and services of their own, reached through proxies, under a load that never ends. */
import { randomBytes } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { atEnd } from '../harness/cleanup';
import { openProxy, type Proxy } from '../harness/proxy';
import { type ServiceSet, startServiceSet } from '../harness/serviceSet';
import { untilWorkers } from '../harness/stacks';
import { until } from '../harness/until';
import { type Load, startLoad } from './load';
import { createMember, EFFECT_MODULE, type Env, type Member } from './members';
import { openWitness, type Witness } from './witness';

/** Every port that the chaos tests take on 127.0.0.1; Kafka tells its clients the proxies' ports. */
export const PORTS = {
  kafka: 27_092,
  kafkaBehindProxy: 27_094,
  kafkaProxy: 27_095,
  kafkaBehindOwn: 27_096,
  kafkaOwn: 27_097,
  postgres: 27_432,
  postgresProxy: 27_433,
  witness: 27_434,
  standby: 27_435,
  redis: 27_379,
  redisProxy: 27_380,
  redisOwn: 27_381,
} as const;

const at = (name: string, port: number): string => `${name}://127.0.0.1:${String(port)}`;

const KAFKA_LISTENERS = `
listeners=PLAINTEXT://127.0.0.1:${PORTS.kafka},CONTROLLER://127.0.0.1:${PORTS.kafka + 1},PROXY://127.0.0.1:${PORTS.kafkaBehindProxy},OWN://127.0.0.1:${PORTS.kafkaBehindOwn}
advertised.listeners=PLAINTEXT://127.0.0.1:${PORTS.kafka},PROXY://127.0.0.1:${PORTS.kafkaProxy},OWN://127.0.0.1:${PORTS.kafkaOwn}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXY:PLAINTEXT,OWN:PLAINTEXT`;

export interface World {
  readonly services: ServiceSet;
  /** Between all processes (but worker-1) and the services. */
  readonly kafka: Proxy;
  readonly postgres: Proxy;
  readonly redis: Proxy;
  /** All that worker-1 has of a network. */
  readonly own: readonly Proxy[];
  readonly witness: Witness;
  readonly schedulers: readonly Member[];
  readonly workers: readonly Member[];
  readonly load: Load;
  readonly topics: { readonly queue: string; readonly events: string; readonly logs: string };
  /** The name of the engine's database. */
  readonly database: string;
  /** The engine's database, by a superuser and past the proxy. */
  sql<Row extends QueryResultRow>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** A statement on the server's own database. */
  onServer(statement: string): Promise<void>;
  /** The server that `sql` asks: another one after a failover. */
  postgresPort: number;
}

const once = async <Row extends QueryResultRow>(url: string, statement: string, values: readonly unknown[] = []): Promise<Row[]> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement, [...values])).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
};

const startServices = async (brokers: number): Promise<{ services: ServiceSet; witness: Witness }> => {
  const [services] = await Promise.all([
    startServiceSet({
      name: 'chaos',
      kinds: ['kafka', 'postgres', 'redis'],
      kafkaPort: PORTS.kafka,
      postgresPort: PORTS.postgres,
      redisPort: PORTS.redis,
      brokers,
      // Several brokers are reached without a proxy.
      ...(brokers === 1 ? { kafkaExtra: KAFKA_LISTENERS } : {}),
    }),
    startServiceSet({ name: 'chaos-witness', kinds: ['postgres'], postgresPort: PORTS.witness }),
  ]);
  return { services, witness: await openWitness(`postgres://postgres@127.0.0.1:${PORTS.witness}/postgres`) };
};

const environment = (database: string, topics: World['topics'], witness: string): Env => ({
  DATABASE_URL: `postgres://engine@127.0.0.1:${PORTS.postgresProxy}/${database}`,
  KAFKA_TOPIC_QUEUE: topics.queue,
  KAFKA_TOPIC_EVENTS: topics.events,
  KAFKA_TOPIC_LOGS: topics.logs,
  REDIS_URL: at('redis', PORTS.redisProxy),
  WORKER_CONCURRENCY: '8',
  WORKER_PREFETCH: '4',
  WORKER_HANDLERS: JSON.stringify([{ type: 'EFFECT', module: EFFECT_MODULE, isolation: 'none' }]),
  WITNESS_URL: witness,
  LOG_LEVEL: 'warn',
});

const createFleet = (env: Env, witness: Witness, kafkaOfFirst: string): Pick<World, 'schedulers' | 'workers'> => {
  const ownNetwork = { KAFKA_BROKERS: kafkaOfFirst, REDIS_URL: at('redis', PORTS.redisOwn) };
  const worker = (name: string, more: Env): Member =>
    createMember({ name, role: 'worker', env: { ...env, TEST_WORKER_ID: name, ...more }, onEnd: () => witness.died(name) });
  return {
    schedulers: ['scheduler-1', 'scheduler-2'].map((name) => createMember({ name, role: 'scheduler', env: { ...env, SCHEDULER_ID: name } })),
    workers: ['worker-1', 'worker-2', 'worker-3', 'worker-4'].map((name, i) => worker(name, i === 0 ? ownNetwork : {})),
  };
};

/** Where processes find Kafka: behind the proxies, or at each of several brokers. */
const kafkaAddresses = (brokers: number): { readonly env: Env; readonly ofFirst: string } => {
  if (brokers === 1) return { env: { KAFKA_BROKERS: `127.0.0.1:${PORTS.kafkaProxy}` }, ofFirst: `127.0.0.1:${PORTS.kafkaOwn}` };
  const all = brokerAddresses(brokers).join(',');
  const replication = String(Math.min(3, brokers));
  return {
    env: {
      KAFKA_BROKERS: all,
      KAFKA_TOPIC_QUEUE_REPLICATION: replication,
      KAFKA_TOPIC_EVENTS_REPLICATION: replication,
      KAFKA_TOPIC_DEAD_LETTERS_REPLICATION: replication,
      KAFKA_TOPIC_LOGS_REPLICATION: replication,
    },
    ofFirst: all,
  };
};

/** `host:port` of each broker of the set. */
export const brokerAddresses = (brokers: number): string[] => Array.from({ length: brokers }, (_, i) => `127.0.0.1:${PORTS.kafka + 10 * i}`);

const prepareDatabase = async (name: string): Promise<void> => {
  const server = `postgres://postgres@127.0.0.1:${PORTS.postgres}/postgres`;
  // Not a superuser: limits of connections don't hold for those.
  await once(server, 'CREATE ROLE engine LOGIN');
  await once(server, `CREATE DATABASE ${name} OWNER engine`);
};

export interface WorldSettings {
  /** DAGs that are open at once. */
  readonly lanes: number;
  /** Tasks beside each other in a DAG's broad levels. */
  readonly width: number;
  /** Brokers of Kafka; several replicate everything three times and are reached without proxies. */
  readonly brokers?: number;
}

/** Starts everything; it is stopped when the test file ends. */
export const startWorld = async ({ lanes, width, brokers = 1 }: WorldSettings): Promise<World> => {
  const { services, witness } = await startServices(brokers);
  const [kafka, postgres, redis, ...own] = await Promise.all([
    openProxy(PORTS.kafkaProxy, PORTS.kafkaBehindProxy),
    openProxy(PORTS.postgresProxy, PORTS.postgres),
    openProxy(PORTS.redisProxy, PORTS.redis),
    openProxy(PORTS.kafkaOwn, PORTS.kafkaBehindOwn),
    openProxy(PORTS.redisOwn, PORTS.redis),
  ]);
  const id = randomBytes(3).toString('hex');
  const database = `chaos_${id}`;
  const topics = { queue: `queue-${id}`, events: `events-${id}`, logs: `logs-${id}` };
  await prepareDatabase(database);
  const addresses = kafkaAddresses(brokers);
  const { schedulers, workers } = createFleet({ ...environment(database, topics, witness.url), ...addresses.env }, witness, addresses.ofFirst);
  await Promise.all(schedulers.map((scheduler) => scheduler.start()));
  await Promise.all(workers.map((worker) => worker.start()));
  await untilWorkers(
    schedulers[0]!.url(),
    workers.map(({ name }) => name),
  );
  const load = startLoad({ urls: () => schedulers.map((scheduler) => scheduler.url()), lanes, width });
  atEnd(() => load.stop());
  const world: World = {
    ...{ services, kafka, postgres, redis, own, witness, schedulers, workers, load, topics, database },
    postgresPort: PORTS.postgres,
    sql: (statement, values) => once(`postgres://postgres@127.0.0.1:${String(world.postgresPort)}/${database}`, statement, values),
    onServer: async (statement) => {
      await once(`postgres://postgres@127.0.0.1:${String(world.postgresPort)}/postgres`, statement);
    },
  };
  return world;
};

/** Resolves when the load is in full flow: tasks run, DAGs are open. */
export const untilBusy = async ({ witness, load }: World, tasks = 8): Promise<void> => {
  await until(async () => load.open().length > 0 && (await witness.inFlight()).length >= tasks, {
    what: `${tasks} tasks to run at once`,
    timeoutMs: 60_000,
  });
};
