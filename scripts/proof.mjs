// npm run proof: the full chaos, three brokers, ten minutes at full speed, and 10,000 seeds of the simulator that are new each day;
// writes what came out into docs/testing.md, with date and commit. An hour. `--from FOLDER` writes what earlier runs left there as JSON
// and runs nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/testing.md');
const [BEGIN, END] = ['<!-- proof:begin -->', '<!-- proof:end -->'];
const HEADS = ['fault', 'in flight', 'recovery p50, ms', 'max, ms', 'lost', 'at once', 'wrong'];

const { values } = parseArgs({ options: { from: { type: 'string' } } });

const run = (command, args, env = {}) => spawnSync(command, args, { env: { ...process.env, ...env }, stdio: 'inherit' }).status ?? 1;
const git = (...args) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();

const row = (cells) => `| ${cells.join(' | ')} |`;

const tableOf = (faults) =>
  [row(HEADS), row(HEADS.map((_, i) => (i === 0 ? '---' : '--:'))), ...faults.map((fault) => row(Object.values(fault)))].join('\n');

const speedLine = ({ seconds, tasks, lostTasks, lostWorkers }) =>
  `At full speed with default settings for ${seconds} s: ${tasks} tasks, ${lostWorkers} live workers declared lost, ${lostTasks} tasks lost.`;

const seedsLine = ({ seeds, failed }) =>
  `Simulator: ${seeds} new seeds, ${failed.length === 0 ? 'all held' : `failed: ${failed.map(({ seed }) => seed).join(', ')}`}.`;

const write = (folder) => {
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
  const faults = found.flatMap((one) => one.faults ?? []);
  const speeds = found.flatMap((one) => (one.speed ? [speedLine(one.speed)] : []));
  const seeds = found.filter((one) => one.seeds).map(seedsLine);
  const when = `${new Date().toISOString().slice(0, 10)}, commit ${git('rev-parse', '--short', 'HEAD')}, ${cpus().length} cores that also ran all services.`;
  const text = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest.split(END);
  writeFileSync(DOCUMENT, [before, [BEGIN, when, tableOf(faults), ...speeds, ...seeds, END].join('\n\n'), after].join(''));
};

const folder = values.from ?? mkdtempSync(path.join(tmpdir(), 'proof-'));
if (values.from === undefined) {
  const jest = ['jest', '--runInBand', '--selectProjects', 'chaos'];
  const env = { CHAOS_FORM: 'full', CHAOS_JSON: path.join(folder, 'chaos.json') };
  process.exitCode = run('npm', ['run', '--silent', 'build']) || run('scripts/services', ['up']) || run('npx', jest, { ...env, ...addresses() });
  const [seeds, day] = [10_000, Math.floor(Date.now() / 86_400_000)];
  const simulation = ['scripts/simulate.mjs', '--seeds', String(seeds), '--from', String(seeds * day), '--json', path.join(folder, 'simulator.json')];
  process.exitCode ||= run(process.execPath, simulation);
}
write(folder);

/** The set that scripts/services starts by default, as tests are told of it. */
function addresses() {
  const lines = spawnSync('scripts/services', ['env'], { encoding: 'utf8' }).stdout.trim().split('\n');
  return Object.fromEntries(lines.map((line) => [`TEST_${line.slice(0, line.indexOf('='))}`, line.slice(line.indexOf('=') + 1)]));
}
