/** The program's processes: started, awaited, measured and ended. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuOf, memoryOf, peakOf } from './proc';

export const root = path.resolve(__dirname, '../..');

export interface Program {
  readonly url: string;
  readonly pid: number | undefined;
  /** The most memory that it had at once, in MB; undefined where the system doesn't tell. */
  peakMb(): number | undefined;
  /** The memory that it has now, in MB. */
  memoryMb(): number | undefined;
  /** Rejects when it ends before it was stopped. */
  readonly died: Promise<never>;
  /** The processor time that it has used so far, in ms; undefined where the system doesn't tell. */
  cpuMs(): number | undefined;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL where that takes too long. */
  stop(): Promise<void>;
}

export interface ProgramSettings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where a CPU profile goes; none is taken without. */
  readonly profileDir: string | undefined;
  /** The program's main script; dist/main.js where nothing is said. */
  readonly main?: string | undefined;
}

const READY_MS = 120_000;
const LOOK_MS = 50;
const STOP_MS = 30_000;
const OUTPUT_SHOWN = 5_000;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the listening socket has no port'));
      });
    });
  });

/** The log goes to a file, as it would in production: reading it is no work of the benchmark's own. */
const openLog = (): { readonly descriptor: number; tail(): string; remove(): void } => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-log-'));
  const file = path.join(folder, 'log');
  const descriptor = openSync(file, 'w');
  return {
    descriptor,
    tail: () => readFileSync(file, 'utf8').slice(-OUTPUT_SHOWN),
    remove: () => {
      closeSync(descriptor);
      rmSync(folder, { recursive: true });
    },
  };
};

/** Resolves when `holds` does; rejects after two minutes. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + READY_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`waited ${READY_MS} ms for ${what}`);
    await pause(LOOK_MS);
  }
};

const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;

/** Starts the program on a free port and resolves when it is ready. */
export const startProgram = async ({ args, env, profileDir, main = path.join(root, 'dist/main.js') }: ProgramSettings): Promise<Program> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  const log = openLog();
  const child = spawn(process.execPath, [...profiling, main, ...args, `--port=${port}`], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], SERVER_ADVERTISED_URL: url, ...env },
    stdio: ['ignore', log.descriptor, log.descriptor],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code, signal) => resolve(`code ${String(code)}, signal ${String(signal)}`));
  });
  const died = ended.then((how): never => {
    throw new Error(`${args.join(' ')} ended (${how}); its output:\n${log.tail()}`);
  });
  died.catch(() => undefined);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const stopped = await Promise.race([ended, pause(STOP_MS, undefined, { ref: false })]);
    if (stopped === undefined) child.kill('SIGKILL');
    await ended;
    log.remove();
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    log.remove();
  };
  try {
    await Promise.race([until(`${args.join(' ')} to be ready`, () => isReady(url)), died]);
  } catch (error) {
    await stop();
    throw error;
  }
  const ofProcess = (ask: (pid: number) => number | undefined) => () => (child.pid === undefined ? undefined : ask(child.pid));
  return { url, pid: child.pid, died, stop, kill, peakMb: ofProcess(peakOf), memoryMb: ofProcess(memoryOf), cpuMs: ofProcess(cpuOf) };
};
