/** The program: flags and settings, then one role until a signal. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { type Config, loadConfig, printConfig, type Role, ROLES } from './config';
import { startSmall } from './lifecycle/heap';
import type { Service } from './lifecycle/service';
import { shutdownInTwoGears } from './lifecycle/shutdown';
import type { OwnProgram } from './roles/autoscaling';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Beyond a worker's drain: time to give back what it can't finish, and to close connections. */
const CLOSING_MS = 15_000;

interface Flags {
  readonly role: Role;
  readonly workerId?: string;
  readonly port?: string;
  readonly configDir: string;
  readonly printConfig?: true;
  readonly healthOf?: string;
}

const root = path.resolve(__dirname, '..');

const versionOf = (folder: string): string => (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }).version;

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const program = (): Command =>
  new Command('task-scheduler')
    .description('A distributed scheduler and execution engine for DAGs of tasks.')
    .addOption(new Option('--role <role>', 'what this process is').choices(ROLES).default('scheduler'))
    .option('--worker-id <id>', "the worker's name (without it: made of host and process)")
    .option('--port <port>', 'the HTTP port (scheduler and standalone: 8080; worker: the first free one from 8081)')
    .option('--config-dir <folder>', 'the folder that holds default.yaml and {role}.yaml', path.join(root, 'config'))
    .option('--print-config', 'show the settings that hold, with their origins, and end')
    .option('--health-of <pid>', 'ask the process of this number, which runs this program here, whether it lives, and end (the image does)')
    .version(versionOf(root))
    .addHelpText('after', '\nEvery setting is also a variable (SERVER_PORT, DATABASE_URL, KAFKA_BROKERS, REDIS_URL, …): see docs/configuration.md.')
    .allowExcessArguments(false)
    .exitOverride();

/** The flags, or the code to leave with after commander has said why. */
const flagsFrom = (args: readonly string[]): Flags | number => {
  try {
    return program().parse(args, { from: 'user' }).opts<Flags>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
};

/** `leave` stops the process as a signal would. */
type CreateRole = (config: Config, leave: (cause: string) => void, program: OwnProgram) => Service | Promise<Service>;

// Loaded only when chosen: a worker needs no database driver, and only standalone needs the embedded database.
const roles: Readonly<Record<Role, () => Promise<CreateRole>>> = {
  scheduler: async () => (await import('./roles/scheduler.js')).createScheduler,
  worker: async () => (await import('./roles/worker.js')).createWorker,
  standalone: async () => (await import('./roles/standalone.js')).createStandalone,
};

const clock = {
  after: (ms: number, then: () => void): (() => void) => {
    const timer = setTimeout(then, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && !error.message.includes(error.cause.message) ? `${error.message} (${error.cause.message})` : error.message;
};

/** The clock's timers hold no process, and one that waits for its first service has no connection yet that would. */
const stayAlive = (): (() => void) => {
  const timer = setInterval(() => undefined, 60_000);
  return () => {
    clearInterval(timer);
  };
};

const run = async (config: Config, program: OwnProgram): Promise<void> => {
  const heap = startSmall();
  const create = await roles[config.role]();
  const service = await create(
    config,
    (cause) => {
      shutdown.request(cause);
    },
    program,
  );
  const signalled = { yet: false };
  const shutdown = shutdownInTwoGears({
    signals: process,
    clock,
    graceMs: config.worker.drainMs + CLOSING_MS,
    stop: () => service.stop(),
    leave: (code) => process.exit(code),
    onStep: (step, cause) => {
      signalled.yet = true;
      tell(`${config.role} ${step}: ${describe(cause)}`);
    },
  });
  const started = stayAlive();
  try {
    await service.start();
    started();
    heap.settled();
  } catch (error) {
    // A signal during the start makes it fail: then the shutdown decides when and how the process leaves.
    if (signalled.yet) return;
    shutdown.dispose();
    tell(`the ${config.role} could not start: ${describe(error)}`);
    await service.stop().catch((stopping: unknown) => {
      tell(`and could not stop cleanly: ${describe(stopping)}`);
    });
    process.exit(EXIT_FAILED);
  }
};

/** Nothing may go on after an error that nobody expected: what the process held is taken over when its leases end. */
const dieOfSurprise = (error: unknown, origin: string): void => {
  tell(JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg: origin, error: error instanceof Error ? error.stack : String(error) }));
  process.exit(EXIT_FAILED);
};

const settingsOf = (flags: Flags): ReturnType<typeof loadConfig> =>
  loadConfig(flags.role, {
    configDir: path.resolve(flags.configDir),
    env: process.env,
    flags: { 'worker-id': flags.workerId, port: flags.port },
  });

/** What a process of this program was started with; one that begins others, like a container's init, names it in its own line. */
const argumentsOf = (pid: string): readonly string[] => {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const script = words.findIndex((word) => path.resolve(word).endsWith(path.join('dist', 'main.js')));
  if (script === -1) throw new Error(`process ${pid} doesn't run this program but: ${words.join(' ')}`);
  return words.slice(script + 1);
};

/** Its settings are found as it found them: this process has the same files and, in a container, the same variables. */
const askHealth = async (pid: string): Promise<void> => {
  const flags = flagsFrom(argumentsOf(pid));
  const loaded = typeof flags === 'number' ? undefined : settingsOf(flags);
  if (loaded === undefined || 'problems' in loaded) throw new Error(`process ${pid} was started with settings that are wrong`);
  const { askLiveness } = await import('./roles/liveness.js');
  await askLiveness(loaded.config);
};

const main = async (): Promise<void> => {
  const flags = flagsFrom(process.argv.slice(2));
  if (typeof flags === 'number') {
    process.exitCode = flags;
    return;
  }
  if (flags.healthOf !== undefined) {
    await askHealth(flags.healthOf).catch((error: unknown) => {
      tell(describe(error));
      process.exitCode = EXIT_FAILED;
    });
    return;
  }
  const loaded = settingsOf(flags);
  if ('problems' in loaded) {
    tell(`the settings of this ${flags.role} are wrong:\n${loaded.problems.map((problem) => `  ${problem}`).join('\n')}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (flags.printConfig) process.stdout.write(printConfig(loaded.config, loaded.origins));
  else {
    // Whoever is started beside it is reached elsewhere.
    const env = { ...process.env, SERVER_ADVERTISED_URL: '' };
    await run(loaded.config, { script: __filename, args: [`--config-dir=${path.resolve(flags.configDir)}`], env });
  }
};

process.on('uncaughtException', dieOfSurprise);
void main();
