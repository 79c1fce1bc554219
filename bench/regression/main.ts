/** What `npm run regression` (scripts/regression.mjs) runs when the builds are made: rounds in turn, ratios, a verdict. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCommand } from '../command';
import { installPeers, measurePeer } from '../peers';
import { machine, row } from '../report';
import { addressesFrom, freshCorner } from '../services';
import { type Compared, judge, type Verdict } from './compare';
import { BATCH, type Build, type Rounds, startBuild } from './rounds';

const USAGE = `node bench/dist/regression/main.js --own FOLDER [options]

  --own FOLDER        this build, transpiled
  --recorded FOLDER   that of the last recorded commit; without it this build is compared with BullMQ alone
  --commit NAME       what to call that
  --rounds N          in turn (8 by default)
  --json FILE         writes the ratios
`;

/** How often a value of the other may be exceeded: docs/benchmarks.md says what builds that don't differ gave. */
const MOST = { batch: 1.3, cpu: 1.2, hop: 1.4, peer: 2 };
/** Starting BullMQ takes longer than its work. */
const ROUNDS_FOR_PEER = 3;

interface Options {
  readonly own: string;
  readonly recorded: string | undefined;
  readonly commit: string;
  readonly rounds: number;
  readonly json: string | undefined;
}

const optionsFrom = (args: readonly string[]): Options | undefined => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { own: text, recorded: text, commit: text, rounds: text, json: text, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return undefined;
  if (values.own === undefined) throw new TypeError('--own is missing');
  const rounds = Number(values.rounds ?? '8');
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds must be a whole number from 1, not ${String(values.rounds)}`);
  return { own: values.own, recorded: values.recorded, commit: values.commit ?? 'the recorded commit', rounds, json: values.json };
};

const peerMs = async (): Promise<number> => {
  const corner = await freshCorner(addressesFrom(process.env));
  try {
    return (await measurePeer('bullmq', BATCH, corner)).timing.makespanMs;
  } finally {
    await corner.remove();
  }
};

/** Rounds of all in turn, and the other way round each second time: whoever comes first finds the machine as the last left it. */
const inTurn = async (builds: readonly Build[], rounds: number): Promise<readonly number[]> => {
  const ofPeer: number[] = [];
  for (let i = 0; i < rounds; i++) {
    for (const build of i % 2 === 0 ? builds : [...builds].reverse()) await build.round();
    if (ofPeer.length < ROUNDS_FOR_PEER) ofPeer.push(await peerMs());
  }
  return ofPeer;
};

const startAll = async (folders: readonly string[]): Promise<readonly Build[]> => {
  const started = await Promise.allSettled(folders.map(startBuild));
  const failed = started.find((each) => each.status === 'rejected');
  const builds = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (failed === undefined) return builds;
  await Promise.all(builds.map((build) => build.stop()));
  throw failed.reason;
};

const measured = async ({ own: folder, recorded: recordedFolder, rounds }: Options) => {
  const builds = await startAll(recordedFolder === undefined ? [folder] : [folder, recordedFolder]);
  const [own, recorded] = builds;
  try {
    const peer = await inTurn(builds, rounds);
    for (const build of builds) await build.verify();
    return { peer, own: own!.rounds, recorded: recorded?.rounds };
  } finally {
    await Promise.all(builds.map((build) => build.stop()));
  }
};

const comparisons = (own: Rounds, recorded: Rounds | undefined, peer: readonly number[], commit: string): readonly Compared[] => [
  ...(recorded === undefined
    ? []
    : [
        { figure: 'W1B, time', other: commit, own: own.batchMs, others: recorded.batchMs, most: MOST.batch },
        { figure: 'W1B, processor time', other: commit, own: own.cpuMs, others: recorded.cpuMs, most: MOST.cpu },
        { figure: 'W2, a hop at the median', other: commit, own: own.hopMs, others: recorded.hopMs, most: MOST.hop },
      ]),
  { figure: 'W1B, time', other: 'BullMQ', own: own.batchMs.slice(0, peer.length), others: peer, most: MOST.peer },
];

const table = (verdicts: readonly Verdict[]): string =>
  [
    row(['figure', 'beside', 'ratio', 'at most', '']),
    row(['---', '---', '--:', '--:', '---']),
    ...verdicts.map(({ figure, other, ratio, most, holds }) => row([figure, other, ratio.toFixed(2), String(most), holds ? 'holds' : 'TOO MUCH'])),
  ].join('\n');

const main = async (options: Options): Promise<void> => {
  installPeers('bullmq');
  const { own, recorded, peer } = await measured(options);
  const verdicts = comparisons(own, recorded, peer, options.commit).map(judge);
  console.log(`${machine()}; ratios of this build to others, ${options.rounds} rounds in turn\n\n${table(verdicts)}`);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), verdicts, own, recorded, peer }, undefined, 2)}\n`);
  if (verdicts.some(({ holds }) => !holds)) throw new Error('this build costs more than it may');
};

void runCommand(USAGE, optionsFrom, main);
