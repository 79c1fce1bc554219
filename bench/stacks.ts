/** The two ways to run the program, each started afresh for every run. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApi } from './api';
import { type Program, type ProgramSettings, startProgram, until } from './process';
import { addressesFrom, freshCorner } from './services';

export const STACKS = ['standalone', 'real'] as const;
export type StackName = (typeof STACKS)[number];

export interface Stack {
  readonly url: string;
  readonly programs: readonly Program[];
  /** The database of the stack `real`. */
  readonly databaseUrl: string | undefined;
  /** What leads a further process to the services of the stack `real`. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface StackSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly workers: number;
  readonly profileDir: string | undefined;
  /** More variables for the program's processes. */
  readonly programEnv?: Readonly<Record<string, string>>;
  /** The program's main script; dist/main.js where nothing is said. */
  readonly main?: string;
}

const allWorkersSeen = async (url: string, workers: number): Promise<void> => {
  const api = createApi({ url, connections: 1, timeoutMs: 0 });
  try {
    await until(`${workers} workers`, async () => (await api.workers()) === workers);
  } finally {
    api.close();
  }
};

/** Everything that was started, and the undoing of all of it, newest first. */
const newStart = (): { readonly programs: Program[]; readonly undo: (() => Promise<void>)[]; stop(): Promise<void> } => {
  const undo: (() => Promise<void>)[] = [];
  return {
    programs: [],
    undo,
    stop: async () => {
      for (const step of undo.splice(0).reverse()) await step();
    },
  };
};

type Start = ReturnType<typeof newStart>;

const run = async (start: Start, args: readonly string[], settings: Omit<ProgramSettings, 'args'>): Promise<Program> => {
  const program = await startProgram({ args, ...settings });
  start.programs.push(program);
  start.undo.push(() => program.stop());
  return program;
};

type Started = Pick<Stack, 'url' | 'databaseUrl' | 'env'>;

const startStandalone = async (start: Start, { workers, profileDir, programEnv, main }: StackSettings): Promise<Started> => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'bench-'));
  // As root the database has an account of its own: where that can't enter, the data would lie elsewhere, and stay there.
  chmodSync(dataDir, 0o755);
  start.undo.push(async () => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  const { url } = await run(start, ['--role=standalone'], {
    profileDir,
    main,
    env: { ...programEnv, STANDALONE_DATA_DIR: path.join(dataDir, 'data'), STANDALONE_WORKERS: String(workers) },
  });
  return { url, databaseUrl: undefined, env: {} };
};

const startReal = async (start: Start, { env, workers, profileDir, programEnv, main }: StackSettings): Promise<Started> => {
  const corner = await freshCorner(addressesFrom(env));
  start.undo.push(() => corner.remove());
  const settings = { profileDir, main, env: { ...corner.env, ...programEnv } };
  const { url } = await run(start, ['--role=scheduler'], settings);
  for (let i = 1; i <= workers; i++) await run(start, ['--role=worker', `--worker-id=worker-${i}`], settings);
  return { url, databaseUrl: corner.env.DATABASE_URL, env: corner.env };
};

/** Starts a stack; resolves when it takes work. What was started is stopped again where a part of it fails. */
export const startStack = async (name: StackName, settings: StackSettings): Promise<Stack> => {
  const start = newStart();
  try {
    const started = await (name === 'standalone' ? startStandalone : startReal)(start, settings);
    await allWorkersSeen(started.url, settings.workers);
    return { ...started, programs: start.programs, stop: start.stop };
  } catch (error) {
    await start.stop();
    throw error;
  }
};
