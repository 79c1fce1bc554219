/** npm run bench -- [options]: measures the workloads on the stacks, each several times, and fails where a result is wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createApi } from './api';
import { runCommand } from './command';
import { measure } from './measure';
import { installPeers, measurePeer, type PeerName, PEERS } from './peers';
import { measureReference, type Reference } from './reference';
import { cleanCommit, record } from './record';
import { type Figures, machine, mediansOf, peersIn, type Run, sentenceOf, table } from './report';
import { addressesFrom, freshCorner } from './services';
import { type StackName, STACKS, startStack } from './stacks';
import { type Workload, workloadNamed, workloads } from './workloads';

const USAGE = `npm run bench -- [options]

  --workload W1,W2    which workloads (all by default):
${workloads.map(({ name, about }) => `                        ${name}  ${about}`).join('\n')}
  --stack NAME        standalone, real or both (both by default); real uses DATABASE_URL, KAFKA_BROKERS and REDIS_URL where
                      all are set, else the services that scripts/services up started
  --peers             measures ${PEERS.join(', ')} at the same workloads as well, on the services of real
  --runs N            how often each is measured; the figures are medians (3 by default)
  --workers N         worker processes (real) or workers (standalone); 1 by default
  --json FILE         writes the figures
  --record            writes the figures into docs/benchmarks.md, and the most telling ones into README.md: of all workloads and
                      stacks, at a commit without changes
  --profile FOLDER    writes CPU profiles of the program's processes
`;

interface Options {
  readonly chosen: readonly Workload[];
  readonly stacks: readonly StackName[];
  readonly peers: readonly PeerName[];
  readonly runs: number;
  readonly workers: number;
  readonly json: string | undefined;
  readonly recorded: boolean;
  readonly profileDir: string | undefined;
}

/** The longest wait for one DAG. */
const TIMEOUT_MS = 300_000;
const CONNECTIONS = 8;

const numberFrom = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`--${name} must be a whole number from 1, not ${text}`);
  return value;
};

const stacksFrom = (text: string): readonly StackName[] => {
  if (text === 'both') return STACKS;
  const found = STACKS.find((name) => name === text);
  if (found === undefined) throw new TypeError(`--stack is standalone, real or both, not ${text}`);
  return [found];
};

/** The options; undefined where only the usage was asked for. Throws a TypeError that says what is wrong. */
const optionsFrom = (args: readonly string[]): Options | undefined => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: text,
      stack: text,
      runs: text,
      workers: text,
      json: text,
      profile: text,
      peers: flag,
      record: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  if (values.record === true && (values.workload ?? values.stack) !== undefined)
    throw new TypeError('--record writes the whole table: leave out --workload and --stack');
  return {
    chosen: values.workload?.split(',').map(workloadNamed) ?? workloads,
    stacks: stacksFrom(values.stack ?? 'both'),
    peers: values.peers === true ? PEERS : [],
    runs: numberFrom('runs', values.runs ?? '3'),
    workers: numberFrom('workers', values.workers ?? '1'),
    json: values.json,
    recorded: values.record === true,
    profileDir: values.profile === undefined ? undefined : path.resolve(values.profile),
  };
};

const memoryOf = (peaks: readonly (number | undefined)[]): number | undefined =>
  peaks.reduce<number | undefined>((sum, peak) => (sum === undefined || peak === undefined ? undefined : sum + peak), 0);

const runOnce = async (workload: Workload, stackName: StackName, { workers, profileDir }: Options): Promise<Run> => {
  const stack = await startStack(stackName, { env: process.env, workers, profileDir });
  const api = createApi({ url: stack.url, connections: CONNECTIONS, timeoutMs: TIMEOUT_MS });
  try {
    const timing = await Promise.race([measure(api, workload), ...stack.programs.map(({ died }) => died)]);
    return { ...timing, rssMb: memoryOf(stack.programs.map(({ peakMb }) => peakMb())) };
  } finally {
    api.close();
    await stack.stop();
  }
};

const figuresOf = async (workload: Workload, stack: StackName, options: Options): Promise<Figures> => {
  const runs: Run[] = [];
  for (let i = 1; i <= options.runs; i++) {
    const run = await runOnce(workload, stack, options);
    runs.push(run);
    console.error(`${workload.name} ${stack} run ${i} of ${options.runs}: ${JSON.stringify(mediansOf([run]))}`);
  }
  return { workload: workload.name, stack, system: 'self', metrics: mediansOf(runs) };
};

const peerFiguresOf = async (workload: Workload, peer: PeerName, { runs: count }: Options): Promise<Figures> => {
  const runs: Run[] = [];
  let [version, durability] = ['', ''];
  for (let i = 1; i <= count; i++) {
    const corner = await freshCorner(addressesFrom(process.env));
    try {
      const run = await measurePeer(peer, workload, corner);
      ({ version, durability } = run);
      runs.push(run.timing);
    } finally {
      await corner.remove();
    }
    console.error(`${workload.name} ${peer} run ${i} of ${count}: ${JSON.stringify(mediansOf(runs.slice(-1)))}`);
  }
  return { workload: workload.name, stack: 'real', system: peer, metrics: mediansOf(runs), version, durability };
};

/** What the services do by themselves, on the machine as it is now. */
const referenceOf = async (): Promise<Reference> => {
  const corner = await freshCorner(addressesFrom(process.env));
  try {
    return await measureReference(corner.env);
  } finally {
    await corner.remove();
  }
};

const main = async (options: Options): Promise<void> => {
  // Asked first: after the measurement would be late.
  const commit = options.recorded ? cleanCommit(process.cwd()) : undefined;
  if (options.profileDir !== undefined) mkdirSync(options.profileDir, { recursive: true });
  const figures: Figures[] = [];
  const reference = options.stacks.includes('real') ? await referenceOf() : undefined;
  for (const stack of options.stacks) for (const workload of options.chosen) figures.push(await figuresOf(workload, stack, options));
  if (options.peers.length > 0) installPeers();
  // A flow of theirs has one last task; recorded workflows have many.
  const theirs = options.chosen.filter(({ name }) => name !== 'W10');
  for (const peer of options.peers) for (const workload of theirs) figures.push(await peerFiguresOf(workload, peer, options));
  console.log(`${machine()}; medians of ${options.runs} runs\n\n${table(figures)}`);
  for (const sentence of peersIn(figures)) console.log(sentence);
  if (reference !== undefined) console.log(`\nThe services by themselves: ${sentenceOf(reference)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: machine(), reference, runs: figures }, undefined, 2)}\n`);
  if (commit === undefined) return;
  const { runs, workers } = options;
  record(process.cwd(), { commit, date: new Date().toISOString().slice(0, 10), machine: machine(), runs, workers, reference, figures });
};

void runCommand(USAGE, optionsFrom, main);
