/**
 * Follows the README word for word on the real services, in a copy of the checkout. What is replaced: ports 8080-8083 by free ones, the addresses, database,
 * topic names and key prefix by this test's own (through variables, as the configuration allows), and Docker's commands by what
 * they do inside (commands.ts lists them). Servers are started beside the shell, as in a terminal of their own.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from '../harness/cleanup';
import { freePort } from '../harness/ports';
import { projectRoot, startRole } from '../harness/processes';
import { freshDatabase, freshPrefix, kafkaBrokers, redisUrl } from '../harness/services';
import { until } from '../harness/until';
import { commandsIn, stepsOf, type Step, treatmentOf } from './commands';
import { type Ran, type Shell, startForeground, startShell } from './shell';

const COMMAND_MS = 60_000;
const STEP_MS = 120_000;
const PORTS = [8080, 8081, 8082, 8083];

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const readme = read('README.md');
const steps = stepsOf(readme);

interface World {
  readonly shell: Shell;
  /** Variables of the program's processes. */
  readonly env: Readonly<Record<string, string>>;
  readonly ports: ReadonlyMap<number, number>;
  readonly queueTopic: string;
  /** A copy of the checkout, built and installed: other tests use the data folder of the checkout itself. */
  readonly checkout: string;
}

const own = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** The set of services that scripts/test runs, and that scripts/services then speaks of. */
const servicesEnv = (database: string): Record<string, string> => ({
  SVC_NAME: 'test',
  KAFKA_PORT: '19092',
  PG_PORT: '15432',
  REDIS_PORT: '16379',
  ...own('PATH', 'HOME', 'SVC_NAME', 'SVC_WITH', 'SVC_HOME', 'SVC_CACHE', 'KAFKA_PORT', 'PG_PORT', 'REDIS_PORT'),
  PG_DATABASE: database,
});

/** A set that this test had to start itself is stopped at the end. */
const leaveServicesAsFound = (env: Readonly<Record<string, string>>): void => {
  const services = (command: string): void => void execFileSync(path.join(projectRoot, 'scripts/services'), [command], { env, stdio: 'ignore' });
  try {
    services('status');
  } catch {
    atEnd(() => services('down'));
  }
};

const COPIED = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'sample-dag.json',
  'src',
  'web',
  'dist',
  'scripts',
  'config',
  'examples',
  'docker-compose.yml',
];

const temporaryFolder = (prefix: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const copyCheckout = (): string => {
  const folder = temporaryFolder('readme-');
  // Where this test runs as root, the database has an account of its own that must be able to enter.
  chmodSync(folder, 0o755);
  mkdirSync(path.join(folder, 'test'));
  // -a keeps the times by which the demo knows that the build is up to date.
  const copy = (names: readonly string[], to: string): void =>
    void execFileSync('cp', ['-a', ...names.map((name) => path.join(projectRoot, name)), to]);
  copy(COPIED, folder);
  copy(['test/fixtures'], path.join(folder, 'test'));
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
};

const createWorld = async (): Promise<World> => {
  const database = await freshDatabase();
  const prefix = freshPrefix();
  const services = servicesEnv(database.name);
  leaveServicesAsFound(services);
  const ports = new Map<number, number>();
  for (const port of PORTS) ports.set(port, await freePort());
  const checkout = copyCheckout();
  const queueTopic = prefix.topic('queue');
  return {
    ports,
    queueTopic,
    checkout,
    shell: startShell({ cwd: checkout, timeoutMs: COMMAND_MS, env: { ...services, DTS_URL: `http://localhost:${ports.get(8080)!}` } }),
    env: {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: kafkaBrokers.join(','),
      KAFKA_TOPIC_QUEUE: queueTopic,
      KAFKA_TOPIC_EVENTS: prefix.topic('events'),
      KAFKA_TOPIC_DEAD_LETTERS: prefix.topic('dlq'),
      KAFKA_TOPIC_LOGS: prefix.topic('logs'),
      REDIS_URL: redisUrl,
      REDIS_PREFIX: prefix.keys,
    },
  };
};

const substituted = (command: string, { ports, queueTopic }: World): string => {
  let text = command.replace(/--topic task-queue\b/, `--topic ${queueTopic}`);
  for (const [shown, free] of ports)
    text = text.replaceAll(`localhost:${shown}`, `localhost:${free}`).replaceAll(`--port=${shown}`, `--port=${free}`);
  return text;
};

/** `node dist/main.js …`, left running; without --port on the scheduler's. */
const startRoleOf = async (command: string, { env, ports, checkout }: World): Promise<void> => {
  const [, script = '', ...args] = command.split(' ');
  const flag = (name: string): string | undefined => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const others = args.filter((arg) => !/^--(role|port)=/.test(arg));
  await startRole({
    role: flag('role') as 'scheduler' | 'worker',
    port: Number(flag('port') ?? ports.get(8080)),
    args: others,
    env,
    cwd: checkout,
    script: path.join(checkout, script),
  });
};

/** `npm start`, until its API answers; then ended by Ctrl-C, after which nobody answers. */
const startAndEnd = async (command: string, { checkout }: World): Promise<void> => {
  const port = await freePort();
  const env = { ...own('PATH', 'HOME'), SERVER_PORT: String(port) };
  const server = startForeground(command, { cwd: checkout, env, timeoutMs: COMMAND_MS });
  const answers = async (): Promise<boolean> => (await fetch(`http://localhost:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  await until(answers, { what: `${command} to be ready`, timeoutMs: COMMAND_MS }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${server.output()}`);
  });
  await server.interrupt();
  await expect(answers()).rejects.toThrow('fetch failed');
};

const runInShell = async (command: string, code: number, { shell }: World): Promise<Ran> => {
  const ran = await shell.run(command);
  if (ran.code !== code) throw new Error(`ended with ${ran.code}, not ${code}: ${command}\n${ran.stdout}\n${ran.stderr}`);
  return ran;
};

/** Treats one command; what it printed, where it ran in the shell. */
const follow = async (command: string, world: World): Promise<string | undefined> => {
  const treatment = treatmentOf(substituted(command, world));
  switch (treatment.kind) {
    case 'done':
      expect(read('scripts/test')).toContain(treatment.proof);
      return undefined;
    case 'server':
      await (treatment.command.startsWith('npm') ? startAndEnd : startRoleOf)(treatment.command, world);
      return undefined;
    case 'docker':
      return treatment.inside === null ? undefined : (await runInShell(treatment.inside, 0, world)).stdout;
    case 'run':
      return (await runInShell(treatment.command, treatment.code, world)).stdout;
  }
};

describe('the README, word for word', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  }, STEP_MS);

  const titled = steps.map((step): [string, Step] => [`${step.section}: ${step.commands[0]!.split('\n')[0]!}`, step]);
  test.each(titled)(
    '%s',
    async (_title, { section, commands, answer }) => {
      let printed: string | undefined;
      for (const command of commands) printed = await follow(command, world);
      if (answer !== undefined) expect(JSON.parse(printed ?? '')).toMatchObject(answer as object);
      if (section === 'Redis') expect(printed).toMatch(/^PONG$/m);
    },
    STEP_MS,
  );
});

describe('the reader of commands', () => {
  test('joins the lines of a quoted text', () => {
    expect(commandsIn("echo 'a\nb'\necho c\n")).toEqual(["echo 'a\nb'", 'echo c']);
    expect(commandsIn('echo a \\\n  b\n')).toEqual(['echo a \\\n  b']);
    expect(() => commandsIn("echo 'a\n")).toThrow('ends within a command');
  });

  test('refuses a Docker command that nobody has listed', () => {
    expect(() => treatmentOf('docker exec task-scheduler-redis sh -c ls')).toThrow('nobody knows');
    expect(() => treatmentOf('docker compose down')).toThrow('nobody knows');
  });

  test('refuses JSON that belongs to no command', () => {
    expect(() => stepsOf('## A\n```json\n{}\n```\n')).toThrow('belongs to no command');
  });
});
