/** npm run simulate -- --seeds N [--from N] [--json FILE] [--until-failure]: exit code 1 on any violation. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addOutcome, merge, missing, nothingYet, reportOf, tooLittle, type Report, type Summed } from './report';
import { runSeed } from './run';
import { shrink, traceOf } from './shrink';

interface Portion {
  readonly seeds: readonly number[];
  /** How many of them some thread has taken. */
  readonly taken: Int32Array;
  readonly untilFailure: boolean;
}

/** Two processors do what one would: each thread takes the next seed that is left. */
const THREADS = 2;

const runPortion = async ({ seeds, taken, untilFailure }: Portion): Promise<Summed> => {
  const sum = nothingYet();
  for (let next = Atomics.add(taken, 0, 1); next < seeds.length; next = Atomics.add(taken, 0, 1)) {
    addOutcome(sum, await runSeed(seeds[next]!));
    if (untilFailure && sum.failed.length > 0) break;
  }
  return sum;
};

const inThread = (portion: Portion): Promise<Summed> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(__filename, { workerData: portion });
    thread.once('message', resolve);
    thread.once('error', reject);
  });

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const explain = async (seed: number): Promise<void> => {
  const least = await shrink(seed);
  print(`seed ${String(seed)} failed. Replay it with: npm run simulate -- --seeds 1 --from ${String(seed)}`);
  if (least === undefined) return;
  const { kept, outcome } = least;
  print(`  its faults ${String(kept.faults)}, DAGs ${String(kept.dags)} and commands ${String(kept.commands)} are enough:`);
  for (const { rule, atMs, what } of outcome.violations.slice(0, 3)) print(`  ${rule} at ${String(atMs)} ms: ${what}`);
  for (const line of traceOf(outcome)) print(`  ${line}`);
};

const summarise = (report: Report, tookMs: number): void => {
  const { seeds, failed, averages, counts } = report;
  const rate = Math.round((seeds / tookMs) * 60_000);
  print(`${String(seeds)} seeds in ${(tookMs / 1000).toFixed(1)} s (${String(rate)} a minute), ${String(failed.length)} with violations`);
  const { schedulers, workers, tasks, faults, virtualSeconds } = averages;
  print(
    `on average ${schedulers.toFixed(1)} schedulers, ${workers.toFixed(1)} workers, ${tasks.toFixed(0)} tasks, ${faults.toFixed(1)} faults, ${virtualSeconds.toFixed(1)} s of virtual time`,
  );
  for (const prefix of ['fault: ', 'command: ', 'move: ']) {
    const shown = Object.entries(counts).filter(([what]) => what.startsWith(prefix));
    print(
      `${prefix}${shown
        .map(([what, count]) => `${what.slice(prefix.length)} ${String(count)}`)
        .sort()
        .join(', ')}`,
    );
  }
};

const wholeNumber = (flag: string, given: string): number => {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${flag} must be a whole number above 0, not ${given}`);
  return value;
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      json: { type: 'string' },
      'until-failure': { type: 'boolean', default: false },
    },
  });
  const from = wholeNumber('from', values.from);
  const seeds = Array.from({ length: wholeNumber('seeds', values.seeds) }, (_, i) => from + i);
  const began = performance.now();
  const sum = nothingYet();
  const portion = { seeds, taken: new Int32Array(new SharedArrayBuffer(4)), untilFailure: values['until-failure'] };
  const threads = Array.from({ length: Math.min(THREADS, seeds.length) }, () => inThread(portion));
  for (const part of await Promise.all(threads)) merge(sum, part);
  const report = reportOf(sum);
  summarise(report, performance.now() - began);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  const absent = missing(report);
  for (const what of absent) print(`too rare: ${what} (${String(report.counts[what] ?? 0)} times)`);
  const thin = tooLittle(report);
  for (const what of thin) print(`too little: ${what}`);
  if (!values['until-failure']) for (const { seed } of report.failed.slice(0, 3)) await explain(seed);
  process.exitCode = report.failed.length + absent.length + thin.length === 0 ? 0 : 1;
};

if (isMainThread) void main();
else void runPortion(workerData as Portion).then((sum) => parentPort?.postMessage(sum));
