/** A real Prometheus and its promtool: the ones of this machine, or those that scripts/install-tools fetches. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { atEnd } from './cleanup';
import { freePort } from './ports';
import { projectRoot } from './processes';
import { until } from './until';

let folder: string | undefined;

/** The path of one of its programs. */
const tool = (name: 'promtool' | 'prometheus'): string => {
  folder ??= execFileSync(path.join(projectRoot, 'scripts/install-tools'), ['promtool', 'prometheus'], { encoding: 'utf8' }).trim();
  return path.join(folder, name);
};

/** Runs promtool in the checkout; answers its exit code and all that it wrote. */
export const promtool = (args: readonly string[], input = ''): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    const child = execFile(tool('promtool'), [...args], { cwd: projectRoot }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
    child.stdin?.end(input);
  });

/** One series of an answer: the value at one moment. */
export interface Sampled {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface RunningPrometheus {
  readonly url: string;
  /** What an expression says now; rejects with Prometheus' own words where it is none. */
  query(expression: string): Promise<readonly Sampled[]>;
  get<Answer>(path: string): Promise<Answer>;
}

interface Answer<Data> {
  readonly status: string;
  readonly error?: string;
  readonly data: Data;
}

/** Starts one on a configuration (JSON is YAML, too); it ends with the test file. */
export const startPrometheus = async (configuration: object): Promise<RunningPrometheus> => {
  const home = mkdtempSync(path.join(tmpdir(), 'prometheus-'));
  const [file, port] = [path.join(home, 'prometheus.yml'), await freePort()];
  writeFileSync(file, JSON.stringify(configuration));
  const url = `http://127.0.0.1:${String(port)}`;
  const words: string[] = [];
  const child = spawn(
    tool('prometheus'),
    [`--config.file=${file}`, `--storage.tsdb.path=${home}/data`, `--web.listen-address=127.0.0.1:${String(port)}`, '--log.level=warn'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  child.stderr.on('data', (text: Buffer) => words.push(text.toString()));
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  atEnd(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(home, { recursive: true, force: true });
  });
  await until(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Prometheus to be ready', timeoutMs: 30_000, everyMs: 100 }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}: ${words.join('')}`);
    },
  );
  const get = async <Data>(asked: string): Promise<Data> => {
    const answer = (await (await fetch(`${url}${asked}`)).json()) as Answer<Data>;
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  };
  return {
    url,
    get,
    query: async (expression) => {
      const { result } = await get<{ result: readonly { metric: Sampled['metric']; value: readonly [number, string] }[] }>(
        `/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
  };
};
