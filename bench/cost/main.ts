/** npm run cost -- [options]: what a task costs in processor time, by process and, for the program's own, by the part that spent it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createApi } from '../api';
import { runCommand } from '../command';
import { measure, percentile, type Timing } from '../measure';
import { cpuOfFamily, listenerOn } from '../proc';
import { machine, row } from '../report';
import { addressesFrom } from '../services';
import { type Stack, startStack } from '../stacks';
import { type Workload, workloadNamed } from '../workloads';
import { printServices } from './services';
import { readProfile, stagesIn } from './stages';

const USAGE = `npm run cost -- [options]

  --workload W1,W5B   which workloads (W1,W1B,W5B by default), on the stack real with one worker
  --runs N            how often each is measured; the figures are medians (3 by default)
  --services          in a run more of each: which statements PostgreSQL ran and which requests Kafka answered; both must have been
                      started with PG_EXTRA="-c shared_preload_libraries=pg_stat_statements" KAFKA_JMX_PORT=9999 scripts/services up

It reads /proc, so it needs Linux, and the services on this machine.
`;

interface Options {
  readonly chosen: readonly Workload[];
  readonly runs: number;
  readonly services: boolean;
}

const optionsFrom = (args: readonly string[]): Options | undefined => {
  const { values } = parseArgs({
    args: [...args],
    options: { workload: { type: 'string' }, runs: { type: 'string' }, services: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return undefined;
  const runs = Number(values.runs ?? '3');
  if (!Number.isInteger(runs) || runs < 1) throw new TypeError(`--runs must be a whole number from 1, not ${String(values.runs)}`);
  return { chosen: (values.workload ?? 'W1,W1B,W5B').split(',').map(workloadNamed), runs, services: values.services === true };
};

const TIMEOUT_MS = 300_000;
const CONNECTIONS = 8;
/** In the order in which startStack starts them. */
const PROGRAMS = ['scheduler', 'worker'] as const;

/** Microseconds of each process for a task, and the parts of the program's own processes. */
type Cost = ReadonlyMap<string, number>;

const portIn = (url: string): number => Number(/:(\d+)(?:\/|,|$)/.exec(url.replace(/^\w+:\/\/(?:[^@/]*@)?/, ''))?.[1]);

const processesOf = ({ programs }: Stack): ReadonlyMap<string, number> => {
  const { DATABASE_URL, KAFKA_BROKERS, REDIS_URL } = addressesFrom(process.env);
  const services = { PostgreSQL: DATABASE_URL, Kafka: KAFKA_BROKERS, Redis: REDIS_URL };
  const found = [
    ...PROGRAMS.map((name, i) => [name, programs[i]?.pid] as const),
    ...Object.entries(services).map(([name, url]) => [name, listenerOn(portIn(url))] as const),
    ['client', process.pid] as const,
  ];
  return new Map(
    found.map(([name, pid]) => {
      if (pid === undefined) throw new Error(`the process of ${name} is not on this machine, or may not be seen`);
      return [name, pid];
    }),
  );
};

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

type Watch = (stack: Stack, work: () => Promise<Timing>) => Promise<Timing>;

/** One run on a fresh stack; what watches sees the workload itself, without its warm-up and its proof. */
const runWatched = async (workload: Workload, profileDir: string | undefined, watch: Watch): Promise<void> => {
  const stack = await startStack('real', { env: process.env, workers: 1, profileDir });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  try {
    await measure(api, workload, (work) => watch(stack, work));
  } finally {
    api.close();
    await stack.stop();
  }
};

/** One run: the processes' time. */
const runOnce = async (workload: Workload, profileDir: string | undefined): Promise<{ readonly cost: Cost; readonly window: Window }> => {
  const cost = new Map<string, number>();
  let window: Window = { fromMs: 0, toMs: 0 };
  await runWatched(workload, profileDir, async (stack, work) => {
    const before = new Map([...processesOf(stack)].map(([name, pid]) => [name, { pid, ms: cpuOfFamily(pid) }]));
    const fromMs = monotonicMs();
    const timing = await work();
    window = { fromMs, toMs: monotonicMs() };
    // A process's own children are its: only the client has started the program's.
    const used = new Map([...before].map(([name, { pid, ms }]) => [name, cpuOfFamily(pid) - ms]));
    const programs = PROGRAMS.reduce((sum, name) => sum + used.get(name)!, 0);
    for (const [name, ms] of used) cost.set(name, ((name === 'client' ? ms - programs : ms) * 1000) / workload.tasks);
    return timing;
  });
  return { cost, window };
};

/** The parts of each of the program's processes, of a run that is profiled, by the pid in the profile's name. */
const partsOf = async (workload: Workload): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cost-'));
  try {
    const { window } = await runOnce(workload, folder);
    const profiles = readdirSync(folder)
      .filter((name) => name.endsWith('.cpuprofile'))
      .map((name) => stagesIn(readProfile(path.join(folder, name)), window.fromMs, window.toMs));
    // Only a scheduler advances DAGs, and each other thread has a profile of its own that does neither.
    const scheduler = profiles.find((parts) => parts.has('advance') && parts.has('dispatch'));
    const worker = profiles.find((parts) => parts.has('execution'));
    return new Map([
      ['scheduler', scheduler ?? new Map<string, number>()],
      ['worker', worker ?? new Map<string, number>()],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const costOf = async (workload: Workload, runs: number): Promise<Cost> => {
  const costs: Cost[] = [];
  for (let i = 0; i < runs; i++) costs.push((await runOnce(workload, undefined)).cost);
  const parts = await partsOf(workload);
  const lines = new Map<string, number>();
  for (const name of costs[0]!.keys()) {
    const whole = percentile(
      costs.map((cost) => cost.get(name)!),
      0.5,
    );
    lines.set(name, whole);
    const sorted = [...(parts.get(name) ?? [])].sort(([, a], [, b]) => b - a);
    for (const [part, share] of sorted) lines.set(`${name}: ${part}`, whole * share);
  }
  const wholes = [...costs[0]!.keys()].reduce((sum, name) => sum + lines.get(name)!, 0);
  return lines.set('all', wholes);
};

const main = async ({ chosen, runs, services }: Options): Promise<void> => {
  const costs: Cost[] = [];
  for (const workload of chosen) {
    costs.push(await costOf(workload, runs));
    console.error(`${workload.name}: ${costs.at(-1)!.get('all')!.toFixed(0)} µs a task`);
  }
  console.log(`${machine()}; medians of ${runs} runs, µs of processor time a task\n`);
  console.log(row(['process', ...chosen.map(({ name }) => name)]));
  console.log(row(['---', ...chosen.map(() => '--:')]));
  const names = new Set(costs.flatMap((cost) => [...cost.keys()]));
  for (const name of names) console.log(row([name, ...costs.map((cost) => cost.get(name)?.toFixed(0) ?? '')]));
  if (services)
    for (const workload of chosen) await runWatched(workload, undefined, ({ databaseUrl }, work) => printServices(workload, databaseUrl!, work));
};

void runCommand(USAGE, optionsFrom, main);
