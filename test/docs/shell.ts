/** One bash that runs command after command, so that variables and functions stay as they do for a person. */
import { spawn } from 'node:child_process';
import { atEnd } from '../harness/cleanup';
import { within } from '../harness/until';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  run(command: string): Promise<Ran>;
}

export interface ShellSettings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The longest that one command may take. */
  readonly timeoutMs: number;
}

/** A command in a terminal of its own. */
export interface Foreground {
  output(): string;
  /** Ctrl-C: the signal goes to everything that the command started. Resolves when all of it has closed its streams. */
  interrupt(): Promise<void>;
}

/** Starts a command as the foreground of a terminal; it ends with the test file. */
export const startForeground = (command: string, { cwd, env, timeoutMs }: ShellSettings): Foreground => {
  const bash = spawn('bash', ['-c', `exec ${command}`], { cwd, env, detached: true });
  const ended = new Promise<void>((resolve) => bash.once('close', () => resolve()));
  const group = -bash.pid!;
  let output = '';
  for (const stream of [bash.stdout, bash.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (output += text));
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(group, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  atEnd(() => signal('SIGKILL'));
  return {
    output: () => output,
    interrupt: async () => {
      signal('SIGINT');
      await within(ended, { what: `${command} to end after Ctrl-C`, timeoutMs });
    },
  };
};

/** Starts a bash that ends with the test file. */
export const startShell = ({ cwd, env, timeoutMs }: ShellSettings): Shell => {
  // A process group of its own, so that what a command started ends with the shell.
  const bash = spawn('bash', ['--noprofile', '--norc'], { cwd, env, detached: true });
  const ended = new Promise<void>((resolve) => bash.once('close', () => resolve()));
  let [stdout, stderr] = ['', ''];
  let heard: () => void = () => undefined;
  bash.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  bash.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A shell that is gone takes no further command; `run` then reports it by its time limit.
  bash.stdin.on('error', () => undefined);
  atEnd(async () => {
    bash.stdin.end();
    if (bash.pid !== undefined && bash.exitCode === null) process.kill(-bash.pid, 'SIGTERM');
    await ended;
  });
  let count = 0;
  return {
    run: async (command) => {
      [stdout, stderr] = ['', ''];
      const mark = `end of command ${(count += 1)}`;
      const pattern = new RegExp(`\\n?${mark}: (\\d+)\\n$`);
      const done = new Promise<number>((resolve) => {
        heard = () => {
          const match = pattern.exec(stdout);
          if (match !== null) resolve(Number(match[1]));
        };
      });
      bash.stdin.write(`${command}\nprintf '\\n${mark}: %s\\n' "$?"\n`);
      const code = await within(done, { what: `the end of: ${command}`, timeoutMs }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${stdout}\n${stderr}`);
      });
      return { code, stdout: stdout.replace(pattern, ''), stderr };
    },
  };
};
