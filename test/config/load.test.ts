import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Config, loadConfig, printConfig, type Role } from '../../src/config';

let configDir: string;

beforeEach(() => {
  configDir = mkdtempSync(path.join(tmpdir(), 'config-'));
});

afterEach(() => {
  rmSync(configDir, { recursive: true });
});

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
}

const load = (role: Role, { files = {}, env = {}, flags = {} }: Given = {}) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(configDir, name), text);
  return loadConfig(role, { configDir, env, flags });
};

const configOf = (role: Role, given?: Given): Config => {
  const loaded = load(role, given);
  if ('problems' in loaded) throw new Error(loaded.problems.join('\n'));
  return loaded.config;
};

const problemsOf = (given: Given, role: Role = 'scheduler'): readonly string[] => {
  const loaded = load(role, given);
  return 'problems' in loaded ? loaded.problems.map((problem) => problem.replaceAll(configDir, 'config')) : [];
};

describe('where values come from', () => {
  test('defaults hold where nobody says anything', () => {
    const config = configOf('scheduler');
    expect(config).toMatchObject({
      role: 'scheduler',
      server: { port: 8080 },
      kafka: { brokers: ['localhost:9092'] },
      worker: { id: null, tags: [] },
      scheduler: { shards: 8 },
    });
  });

  test('a worker without a port takes the first free one', () => {
    expect(configOf('worker').server.port).toBeNull();
    expect(configOf('standalone').server.port).toBe(8080);
  });

  test('default.yaml < role.yaml < environment < flags', () => {
    const files = { 'default.yaml': 'server: {port: 1001}', 'scheduler.yaml': 'server: {port: 1002}', 'worker.yaml': 'server: {port: 9}' };
    expect(configOf('scheduler', { files: { 'default.yaml': files['default.yaml'] } }).server.port).toBe(1001);
    expect(configOf('scheduler', { files }).server.port).toBe(1002);
    expect(configOf('scheduler', { files, env: { SERVER_PORT: '1003' } }).server.port).toBe(1003);
    expect(configOf('scheduler', { files, env: { SERVER_PORT: '1003' }, flags: { port: '1004' } }).server.port).toBe(1004);
  });

  test('an empty variable says nothing', () => {
    expect(configOf('scheduler', { env: { SERVER_PORT: '', KAFKA_BROKERS: '' } })).toMatchObject({
      server: { port: 8080 },
      kafka: { brokers: ['localhost:9092'] },
    });
  });

  test('lists come from YAML and from text with commas', () => {
    expect(configOf('worker', { env: { KAFKA_BROKERS: 'a:1, b:2,' } }).kafka.brokers).toEqual(['a:1', 'b:2']);
    expect(configOf('worker', { files: { 'worker.yaml': 'worker: {tags: [gpu, ssd]}' } }).worker.tags).toEqual(['gpu', 'ssd']);
  });

  test('a section with nothing but comments is fine', () => {
    expect(
      configOf('worker', { files: { 'default.yaml': 'kafka:\n  topics:\n    queue:\n      # name: x\nredis:\n' } }).kafka.topics.queue.name,
    ).toBe('task-queue');
  });

  test('the value is frozen through and through', () => {
    const config = configOf('scheduler');
    expect(() => Object.assign(config.kafka.topics.queue, { name: 'other' })).toThrow(TypeError);
    expect(() => (config.kafka.brokers as string[]).push('x:1')).toThrow(TypeError);
  });
});

describe('simulated types', () => {
  test('one type is changed without naming the others', () => {
    const { types } = configOf('worker', { files: { 'worker.yaml': 'simulation: {types: {API_CALL: {failureRate: 0}}}' } }).simulation;
    expect(types['API_CALL']).toEqual({ durationMs: [50, 300], failureRate: 0 });
    expect(types['NOTIFICATION']?.failureRate).toBe(0.1);
  });

  test('a variable is for all types, also those that the deployment added', () => {
    const env = { SIMULATION_FAILURE_RATE: '0', SIMULATION_DURATION_MS: '5-10', WORKER_TYPES: 'API_CALL,OUR_OWN' };
    const { types } = configOf('worker', { env }).simulation;
    expect(types['OUR_OWN']).toEqual({ durationMs: [5, 10], failureRate: 0 });
    expect(Object.values(types).every(({ failureRate }) => failureRate === 0)).toBe(true);
  });
});

describe('handlers of users', () => {
  const handlers = [{ type: 'COUNT', module: './count.mjs' }];

  test('a type is taken by being handled, and runs in a thread where nothing else is said', () => {
    const { worker, simulation } = configOf('worker', { env: { WORKER_TYPES: 'API_CALL', WORKER_HANDLERS: JSON.stringify(handlers) } });
    expect(worker.types).toEqual(['API_CALL', 'COUNT']);
    expect(worker.handlers).toEqual([{ type: 'COUNT', module: './count.mjs', isolation: 'thread', heapMb: null }]);
    expect(simulation.types).not.toHaveProperty('COUNT');
  });

  test.each([
    ['a type twice', [...handlers, ...handlers]],
    ['no module', [{ type: 'COUNT' }]],
    ['an unknown isolation', [{ ...handlers[0], isolation: 'container' }]],
    ['an unknown field', [{ ...handlers[0], path: 'x' }]],
    ['no list', {}],
  ])('%s is refused', (_what, given) => {
    expect(problemsOf({ env: { WORKER_HANDLERS: JSON.stringify(given) } }, 'worker')).toEqual([
      expect.stringContaining('is not a list of handlers, each type once'),
    ]);
  });
});

describe('complaints', () => {
  test('all come together, each with source, value and what is accepted', () => {
    const given = {
      env: { SERVER_PORT: 'abc', WORKER_CONCURRENCY: '-1', KAFKA_BROKERS: 'nohost' },
      flags: { 'worker-id': 'a b' },
      files: { 'default.yaml': 'limits: {tasksPerDag: .nan}' },
    };
    expect(problemsOf(given, 'worker')).toEqual([
      'SERVER_PORT: server.port: "abc" is not a port: a whole number from 0 to 65535',
      'KAFKA_BROKERS: kafka.brokers: "nohost" is not a list (with commas in between) of at least 1, each host:port',
      '--worker-id: worker.id: "a b" is not 1 to 128 letters, digits, dots, colons, dashes or underscores',
      'WORKER_CONCURRENCY: worker.concurrency: "-1" is not a whole number from 1 to 10000',
      'config/default.yaml: limits.tasksPerDag: NaN is not a whole number from 1 to 16000000',
    ]);
  });

  test.each([
    [
      'server: {prot: 1}',
      'config/default.yaml: server.prot: there is no such setting (did you mean server.port?): correct the name or remove the line',
    ],
    ['sever: {port: 1}', 'config/default.yaml: sever: there is no such setting (did you mean server?): correct the name or remove the line'],
    ['qqqqqqqqqq: 1', 'config/default.yaml: qqqqqqqqqq: there is no such setting: correct the name or remove the line'],
    ['server: 8080', 'config/default.yaml: server must be a map of settings'],
    ['- a', 'config/default.yaml: the file must be a map of settings'],
    ['log: {level: loud}', 'config/default.yaml: log.level: "loud" is not one of trace, debug, info, warn, error, fatal, silent'],
  ])('%s', (yaml, problem) => {
    expect(problemsOf({ files: { 'default.yaml': yaml } })).toEqual([problem]);
  });

  test.each(['0x10', '1e400', 'Infinity', 'NaN', '8080.5', '65536', '-1', ' '])('no port: %p', (text) => {
    expect(problemsOf({ env: { SERVER_PORT: text } })).toHaveLength(1);
  });

  test('YAML that is none names the place', () => {
    expect(problemsOf({ files: { 'default.yaml': 'server: {port: 1\nredis: [' } })[0]).toMatch(/^config\/default\.yaml: .*at line 2/s);
  });

  test('a lease shorter than three heartbeats names both numbers and their origins', () => {
    expect(problemsOf({ env: { LEASES_LEASE_MS: '1000' } })).toEqual([
      'leases.leaseMs 1000 (LEASES_LEASE_MS) must be at least three times leases.heartbeatMs 400 (default): raise it to 1200, or let workers beat more often',
    ]);
  });

  test.each([
    [
      { AUTOSCALING_MIN: '9' },
      'autoscaling.min 9 (AUTOSCALING_MIN) is more than autoscaling.max 8 (default): lower it, or raise the other',
      'scheduler',
    ],
    [
      { AUTOSCALING_ENABLED: 'true', AUTOSCALING_DRIVER: 'kubernetes' },
      'autoscaling.driver kubernetes (AUTOSCALING_DRIVER) needs autoscaling.kubernetes.deployment: name the deployment of the workers',
      'scheduler',
    ],
    [
      { AUTOSCALING_ENABLED: 'true' },
      'autoscaling.enabled (AUTOSCALING_ENABLED): the workers of a standalone process are part of it: set standalone.workers, or run a scheduler',
      'standalone',
    ],
  ] as const)('an autoscaler that can not be: %o', (env, problem, role) => {
    expect(problemsOf({ env }, role)).toEqual([problem]);
  });

  test('shares of tenants', () => {
    const given = (flows: unknown) => ({ env: { FAIRNESS_FLOWS: JSON.stringify(flows) } });
    expect(configOf('scheduler', given({ acme: { weight: 3 }, 'a b': { reserved: 0.2 } })).fairness).toEqual({
      ageingMs: 60_000,
      flows: { acme: { weight: 3, reserved: 0 }, 'a b': { weight: 1, reserved: 0.2 } },
    });
    for (const wrong of [{ acme: { weight: 0 } }, { acme: { reserved: 1.5 } }, { acme: { share: 1 } }, { '': {} }, [], 3])
      expect(problemsOf(given(wrong))).toEqual([expect.stringContaining('is not a map of tenants or names of DAGs')]);
    expect(problemsOf(given({ a: { reserved: 0.5 }, b: { reserved: 0.4 } }))).toEqual([
      'fairness.flows (FAIRNESS_FLOWS) reserve 0.9 together, and at most 0.8 may be reserved: lower some',
    ]);
  });

  test('a folder that is not there', () => {
    rmSync(configDir, { recursive: true });
    const loaded = loadConfig('scheduler', { configDir, env: {}, flags: {} });
    expect('problems' in loaded && loaded.problems).toEqual([`--config-dir: there is no folder ${configDir}: name the one that holds default.yaml`]);
    configDir = mkdtempSync(path.join(tmpdir(), 'config-'));
  });

  test('a secret that is wrong is not shown at all', () => {
    const [problem] = problemsOf({ env: { RETENTION_S3_SECRET_ACCESS_KEY: 'two words', RETENTION_S3_ACCESS_KEY_ID: 'name' } });
    expect(problem).toBe(
      'RETENTION_S3_SECRET_ACCESS_KEY: retention.s3.secretAccessKey: the given value is not text of 1 to 512 characters without blanks',
    );
  });

  test('archives have one place, and a key has its secret', () => {
    expect(problemsOf({ env: { RETENTION_ARCHIVE_DIR: '/a', RETENTION_S3_BUCKET: 'archives', RETENTION_S3_ACCESS_KEY_ID: 'name' } })).toEqual([
      'retention.archiveDir (RETENTION_ARCHIVE_DIR) and retention.s3.bucket (RETENTION_S3_BUCKET) both say where archives go: keep one of them',
      'retention.s3.accessKeyId (RETENTION_S3_ACCESS_KEY_ID) and retention.s3.secretAccessKey (default) go together: set both, or none for the usual credentials',
    ]);
  });

  test('a wrong URL shows no password', () => {
    const [problem] = problemsOf({ env: { DATABASE_URL: 'mysql://me:s3cret@host/db' } });
    expect(problem).toBe('DATABASE_URL: database.url: mysql://me:***@host/db is not a URL that begins with postgres:// or postgresql://');
  });
});

describe('--print-config', () => {
  const printed = (given: Given): string => {
    const loaded = load('worker', given);
    return 'problems' in loaded ? loaded.problems.join() : printConfig(loaded.config, loaded.origins);
  };

  test('shows each value with its origin, and no password', () => {
    const text = printed({ env: { REDIS_URL: 'redis://u:s3cret@host:1', KAFKA_BROKERS: 'k:1' }, flags: { port: '8085' } });
    expect(text).toContain('server:\n  port: 8085 # --port\n  host: "0.0.0.0" # default');
    expect(text).toContain('  brokers: ["k:1"] # KAFKA_BROKERS\n');
    expect(text).toContain('  topics:\n    queue:\n      name: "task-queue" # default');
    expect(text).toContain('redis://u:***@host:1');
    expect(text).not.toContain('s3cret');
  });

  test('variables of containers are shown without their values', () => {
    const text = printed({ env: { AUTOSCALING_DOCKER_ENV: 'REDIS_URL=redis://u:s3cret@host:1,KAFKA_BROKERS=k:1' } });
    expect(text).toContain('    env: ["REDIS_URL=***","KAFKA_BROKERS=***"] # AUTOSCALING_DOCKER_ENV\n');
  });

  test('of a secret that is no URL nothing is shown', () => {
    const text = printed({ env: { RETENTION_S3_ACCESS_KEY_ID: 'name', RETENTION_S3_SECRET_ACCESS_KEY: 'https://s3cret' } });
    expect(text).toContain('    accessKeyId: "name" # RETENTION_S3_ACCESS_KEY_ID\n    secretAccessKey: "***" # RETENTION_S3_SECRET_ACCESS_KEY\n');
    expect(text).not.toContain('s3cret');
  });

  test('what is printed can be read again, and says the same', () => {
    const given = { env: { WORKER_TAGS: 'a,b', SIMULATION_FAILURE_RATE: '0.5' } };
    const text = printed(given);
    const before = configOf('worker', given);
    // A masked password is the one thing that can't be read back.
    const again = configOf('worker', { files: { 'worker.yaml': text }, env: { DATABASE_URL: before.database.url } });
    expect(again).toEqual(before);
  });
});
