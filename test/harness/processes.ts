/**
 * The compiled program as real processes: started, watched, signalled, and surely gone when the test file ends, also when
 * the test run itself is killed (a child is told its parent and asked for again by the global teardown).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { atEnd } from './cleanup';
import { freePort } from './ports';
import { until } from './until';

/** The checkout's root folder. */
export const projectRoot = path.resolve(__dirname, '../..');
/** The compiled entry, `dist/main.js`: `npm run build` makes it. */
export const mainScript = path.join(projectRoot, 'dist/main.js');

export interface StartOptions {
  /** Arguments after the script. */
  readonly args?: readonly string[];
  /** Environment of the child, beside PATH and HOME. Nothing else of the test's own environment reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** The script to run, `dist/main.js` by default. */
  readonly script?: string;
  /** Options of Node itself, e.g. `--throw-deprecation`. */
  readonly nodeArgs?: readonly string[];
  /** The Node binary, this process's own by default. */
  readonly node?: string;
  /** Working directory, the checkout by default. */
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process of ours. */
export interface Running {
  readonly pid: number;
  /** Everything that it wrote so far, both streams in the order of arrival. */
  output(): string;
  /** What it wrote to its standard output. */
  stdout(): string;
  /** What it wrote to its standard error. */
  stderr(): string;
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  /** Resolves with the match when its output contains the pattern; rejects with the output when it ends or time is over. */
  line(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<Exit>;
  /** SIGTERM, and waits until it is gone; SIGKILL and a rejection when that takes longer than `timeoutMs` (30,000). */
  terminate(timeoutMs?: number): Promise<Exit>;
  /** SIGSTOP: the process sleeps until `resume`. */
  suspend(): void;
  /** SIGCONT. */
  resume(): void;
}

const own = (...names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));

const startChild = (options: StartOptions): ChildProcess => {
  const { args = [], env = {}, script = mainScript, nodeArgs = [], node = process.execPath, cwd = projectRoot } = options;
  return spawn(node, [...nodeArgs, script, ...args], {
    cwd,
    env: { ...own('PATH', 'HOME', 'TEST_CHILDREN_FILE'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

/** Starts a Node script (the program itself by default) and resolves once the operating system has started it. */
export async function startProcess(options: StartOptions = {}): Promise<Running> {
  const child = startChild(options);
  const heard = collect(child);
  const exited = exitOf(child);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  remember(pid);
  const running = createRunning(child, pid, { ...heard, exited });
  atEnd(async () => {
    await running.kill();
  });
  return running;
}

// A process's output can end later than the process, and never where a grandchild inherited its streams: a moment is enough.
const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const answer = (): void => {
        resolve({ code, signal });
      };
      child.once('close', answer);
      setTimeout(answer, 500).unref();
    });
  });

interface Heard {
  output(): string;
  stdout(): string;
  stderr(): string;
}

const collect = (child: ChildProcess): Heard => {
  const all: string[] = [];
  const out: string[] = [];
  const err: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    all.push(text);
    out.push(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    all.push(text);
    err.push(text);
  });
  return { output: () => all.join(''), stdout: () => out.join(''), stderr: () => err.join('') };
};

const isGone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const createRunning = (child: ChildProcess, pid: number, heard: Heard & { readonly exited: Promise<Exit> }): Running => {
  const kill = (): Promise<Exit> => {
    child.kill('SIGKILL');
    return heard.exited;
  };
  return {
    pid,
    ...heard,
    kill,
    line: async (pattern, timeoutMs = 30_000) => {
      const found = (): RegExpExecArray | null => new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(heard.output());
      await until(() => found() !== null || isGone(child), { what: `${String(pattern)} in the process's output`, timeoutMs }).catch(() => undefined);
      const match = found();
      if (match === null) throw new Error(`${String(pattern)} never came in the output of process ${String(pid)}:\n${heard.output()}`);
      return match;
    },
    terminate: async (timeoutMs = 30_000) => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      try {
        await until(() => isGone(child), { what: `process ${String(pid)} to end after SIGTERM`, timeoutMs });
      } catch (error) {
        await kill();
        throw new Error(`${String(error)}; its output:\n${heard.output()}`, { cause: error });
      }
      return heard.exited;
    },
    suspend: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
};

/** A running role of the program, ready to be talked to. */
export interface RunningRole extends Running {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
}

export interface RoleOptions extends StartOptions {
  readonly role: 'scheduler' | 'worker' | 'standalone';
  /** The HTTP port, a free one by default. */
  readonly port?: number;
  /** Milliseconds until /readyz must answer 200 (60,000 by default). */
  readonly readyMs?: number;
}

/** Starts `dist/main.js --role=… --port=…` and resolves when its /readyz answers 200; rejects with its output otherwise. */
export async function startRole(options: RoleOptions): Promise<RunningRole> {
  const { role, port = await freePort(), readyMs = 60_000, args = [], ...rest } = options;
  const running = await startProcess({ ...rest, args: [`--role=${role}`, `--port=${String(port)}`, ...args] });
  const url = `http://127.0.0.1:${String(port)}`;
  const ended = running.exited.then((exit) => {
    throw new Error(`the ${role} ended before it was ready: ${JSON.stringify(exit)}`);
  });
  const ready = until(async () => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok, {
    what: `the ${role} on port ${String(port)} to be ready`,
    timeoutMs: readyMs,
    everyMs: 50,
  });
  // The race leaves one of the two unsettled or rejected later: it must not become an unhandled rejection.
  ended.catch(() => undefined);
  ready.catch(() => undefined);
  try {
    await Promise.race([ready, ended]);
  } catch (error) {
    await running.kill();
    throw new Error(`${error instanceof Error ? error.message : String(error)}; its output:\n${running.output()}`, { cause: error });
  }
  return { ...running, port, url };
}

// Children of a test file that Jest itself had to end are found again by the global teardown through this list.
const remember = (pid: number): void => {
  const list = process.env['TEST_CHILDREN_FILE'];
  if (list !== undefined) appendFileSync(list, `${String(pid)}\n`);
};
