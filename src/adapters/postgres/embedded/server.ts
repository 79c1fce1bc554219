/** The server's process: made, started, found again and stopped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Binaries } from './binaries';
import { password, type Place } from './place';

const run = promisify(execFile);

/** A server process of a place; it may have been started by an earlier process of ours. */
export interface Server {
  readonly pid: number;
  readonly port: number;
}

const identity = ({ account }: Place): { uid?: number; gid?: number } => (account === undefined ? {} : account);

/** Makes the cluster where there is none; whole or not at all, so that a kill in the middle leaves nothing to mend. */
export const initialise = async (place: Place, binaries: Binaries): Promise<void> => {
  if (existsSync(path.join(place.cluster, 'PG_VERSION'))) return;
  const unfinished = `${place.cluster}.new-${String(process.pid)}`;
  const { file } = await password(place);
  await run(
    path.join(binaries, 'bin', 'initdb'),
    ['--pgdata', unfinished, '--username=postgres', `--pwfile=${file}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'],
    { ...identity(place), cwd: place.folder },
  );
  await rename(unfinished, place.cluster).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was first; its cluster has the same password.
    if (!existsSync(path.join(place.cluster, 'PG_VERSION'))) throw error;
  });
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * Whose a living process is: this place's server, or one that got its number later; `unknown` where the system hides it. (What
 * it was called with can be read also where its working folder can't, as by root in a container.)
 */
const whose = async (pid: number, place: Place): Promise<'ours' | 'foreign' | 'unknown'> => {
  try {
    const command =
      process.platform === 'linux'
        ? (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8')).replaceAll('\0', ' ')
        : (await run('ps', ['-p', String(pid), '-o', 'command='])).stdout;
    return command.includes(`-D ${place.cluster} `) ? 'ours' : 'foreign';
  } catch {
    return 'unknown';
  }
};

const pidFile = (place: Place): string => path.join(place.cluster, 'postmaster.pid');

/**
 * The server of this place that is alive already, for it outlives a parent that was killed; undefined where there is none. A
 * file that names a dead or foreign process is removed, as the server would refuse to start beside a live foreign one.
 */
const findServer = async (place: Place): Promise<Server | undefined> => {
  const text = await readFile(pidFile(place), 'utf8').catch(() => '');
  if (text === '') return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3] ?? '');
  const owner = isAlive(pid) ? await whose(pid, place) : 'foreign';
  if (owner === 'foreign') await rm(pidFile(place), { force: true });
  return owner === 'ours' && port > 0 ? { pid, port } : undefined;
};

// Durable as any other PostgreSQL, and heard on this machine only.
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  log_min_messages: 'warning',
} as const;

const LOG_LIMIT = 10_000_000;

const logSize = (place: Place): Promise<number> =>
  stat(place.logFile).then(
    (info) => info.size,
    () => 0,
  );

const openLog = async (place: Place): Promise<number> => {
  if ((await logSize(place)) > LOG_LIMIT) await truncate(place.logFile);
  return openSync(place.logFile, 'a', 0o600);
};

/** A process group of its own, so that Ctrl-C in a terminal reaches us alone, and we stop the server in our order. */
const spawnServer = async (place: Place, binaries: Binaries, port: number): Promise<ChildProcess> => {
  const log = await openLog(place);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    return spawn(path.join(binaries, 'bin', 'postgres'), ['-D', place.cluster, '-p', String(port), ...settings], {
      ...identity(place),
      cwd: place.folder,
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
};

/** What the server logged since its log had this size: its reason when it doesn't start. */
const loggedSince = async (place: Place, size: number): Promise<string> =>
  (await readFile(place.logFile, 'utf8').catch(() => '')).slice(size).slice(-2_000).trim();

/** `postgres://…` of a database of this place. */
export const urlOf = async (place: Place, port: number, database: string): Promise<string> =>
  `postgres://postgres:${(await password(place)).text}@127.0.0.1:${String(port)}/${database}`;

/** Resolves when the server lets us in; rejects when it ended or `timeoutMs` are over (a recovery after a crash may take long). */
const untilReady = async (place: Place, port: number, hasEnded: () => boolean, timeoutMs: number): Promise<void> => {
  const connectionString = await urlOf(place, port, 'postgres');
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const client = new Client({ connectionString, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    const answer = await client.connect().then(
      () => undefined,
      (error: unknown) => error,
    );
    await client.end().catch(() => undefined);
    if (hasEnded()) throw new Error('the embedded PostgreSQL ended while it started');
    if (answer === undefined) return;
    if (performance.now() > deadline) throw new Error(`the embedded PostgreSQL isn't ready after ${String(timeoutMs)} ms`, { cause: answer });
    await pause(30);
  }
};

const READY_MS = 120_000;

const startOnce = async (place: Place, binaries: Binaries, port: number): Promise<Server> => {
  const logged = await logSize(place);
  const child = await spawnServer(place, binaries, port);
  const ended = { yet: false };
  const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
  child.once('exit', () => (ended.yet = true));
  child.unref();
  try {
    await Promise.race([failed, untilReady(place, port, () => ended.yet, READY_MS)]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${await loggedSince(place, logged)}`, { cause: error });
  }
  return { pid: child.pid ?? 0, port };
};

/** The server of this place if it is alive already, once it answers. */
const adoptServer = async (place: Place): Promise<Server | undefined> => {
  const server = await findServer(place);
  if (server !== undefined) await untilReady(place, server.port, () => !isAlive(server.pid), READY_MS);
  return server;
};

// The children of a server that was killed hold its shared memory for a moment; and another process may be starting it just now.
const ONLY_A_MOMENT = /shared memory block|lock file .* already exists/;
const RETRY_MS = 10_000;

/** Finds the place's server alive, or starts it on the port that `choosePort` answers. Resolves when it lets us in. */
export const runServer = async (place: Place, binaries: Binaries, choosePort: () => Promise<number>): Promise<Server> => {
  const deadline = performance.now() + RETRY_MS;
  for (;;) {
    try {
      return (await adoptServer(place)) ?? (await startOnce(place, binaries, await choosePort()));
    } catch (error) {
      if (!ONLY_A_MOMENT.test(String(error)) || performance.now() > deadline) throw error;
      await pause(200);
    }
  }
};

const STOP_MS = 30_000;

/** Ends the server: open transactions are rolled back, everything is written. Resolves when it is gone. */
export const stopServer = async (place: Place, { pid }: Server): Promise<void> => {
  // A dead child whose parent never asks for it still counts as alive, so the file counts, too.
  const isGone = (): boolean => !isAlive(pid) || !existsSync(pidFile(place));
  const signal = (name: 'SIGINT' | 'SIGQUIT'): void => {
    if (isAlive(pid)) process.kill(pid, name);
  };
  if ((await whose(pid, place)) !== 'foreign') signal('SIGINT');
  for (let waited = 0; !isGone(); waited += 20) {
    if (waited === STOP_MS) signal('SIGQUIT');
    await pause(20);
  }
};
