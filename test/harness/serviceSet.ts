/** A set of services of a test's own (scripts/services), which it may kill, stop and start as it likes. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from './cleanup';
import { projectRoot } from './processes';

export type Kind = 'kafka' | 'postgres' | 'redis' | 'pgbouncer' | 's3';

export interface SetSettings {
  /** Other sets of other names run beside it. */
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly kafkaPort?: number;
  readonly postgresPort?: number;
  readonly redisPort?: number;
  readonly pgbouncerPort?: number;
  /** The PostgreSQL behind PgBouncer: `host=… port=…`. */
  readonly pgbouncerTo?: string;
  /** The seven above it are taken, too. */
  readonly s3Port?: number;
  /** Brokers; 3 have replication 3 and need two in-sync replicas. */
  readonly brokers?: number;
  /** Lines for the brokers' properties. */
  readonly kafkaExtra?: string;
}

export interface ServiceSet {
  /** Starts what isn't running, and resolves when it answers. */
  up(...kinds: readonly Kind[]): Promise<void>;
  /** Stops a service in order. */
  down(kind: Kind): Promise<void>;
  /** SIGKILL to a service (`kafka2`: the second broker). */
  kill(name: string): Promise<void>;
  /** SIGSTOP. */
  pause(name: string): Promise<void>;
  /** SIGCONT. */
  cont(name: string): Promise<void>;
}

const START_MS = 120_000;
const run = promisify(execFile);

const environment = ({
  name,
  kafkaPort,
  postgresPort,
  redisPort,
  pgbouncerPort,
  pgbouncerTo,
  s3Port,
  brokers,
  kafkaExtra,
}: SetSettings): NodeJS.ProcessEnv => ({
  ...process.env,
  SVC_NAME: name,
  SVC_WITH: 'packages',
  KAFKA_PORT: String(kafkaPort ?? ''),
  PG_PORT: String(postgresPort ?? ''),
  REDIS_PORT: String(redisPort ?? ''),
  PGBOUNCER_PORT: String(pgbouncerPort ?? ''),
  PGBOUNCER_TO: pgbouncerTo ?? '',
  S3_PORT: String(s3Port ?? ''),
  KAFKA_NODES: String(brokers ?? 1),
  KAFKA_EXTRA: kafkaExtra ?? '',
  // It is killed before the better compiler would have paid off.
  KAFKA_JVM: '-XX:TieredStopAtLevel=1',
  // Nothing of ours may be found by the teardown as left behind: the set ends with the file.
  TEST_CHILDREN_FILE: '',
});

/** Starts a set; it is stopped and its data deleted when the test file ends. */
export const startServiceSet = async (settings: SetSettings): Promise<ServiceSet> => {
  const script = path.join(projectRoot, 'scripts/services');
  const call = async (...args: readonly string[]): Promise<void> => {
    await run(script, [...args], { env: environment(settings), timeout: START_MS });
  };
  atEnd(() => call('wipe', ...settings.kinds));
  await call('wipe', ...settings.kinds);
  await call('up', ...settings.kinds);
  return {
    up: (...kinds) => call('up', ...(kinds.length > 0 ? kinds : settings.kinds)),
    down: (kind) => call('down', kind),
    kill: (name) => call('kill', name),
    pause: (name) => call('pause', name),
    cont: (name) => call('cont', name),
  };
};
