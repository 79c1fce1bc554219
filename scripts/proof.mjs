// npm run proof: the full chaos with three brokers and ten minutes at full speed (chaos), 10,000 seeds of the simulator that are new each
// day (simulator), and W6 to W9 at their full size (growth). Writes what came out into docs/testing.md and docs/performance.md, with date
// and commit. An hour and a half. `--only chaos,growth` runs parts of it, each of which has a limit of time; `--from FOLDER` writes what
// earlier runs of the first two left there as JSON and runs nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/testing.md');
const MINUTES = 60_000;
const GROWTH = 'W6,W7,W8,W9,W9B';
const SEEDS = 10_000;
const HEADS = ['fault', 'in flight', 'recovery p50, ms', 'max, ms', 'lost', 'at once', 'wrong'];

const { values } = parseArgs({ options: { from: { type: 'string' }, only: { type: 'string', default: 'chaos,simulator,growth' } } });

/** The exit code; one that takes too long is ended as Ctrl+C would. */
const run = (command, args, { env = {}, minutes }) =>
  spawnSync(command, args, { env: { ...process.env, ...env }, stdio: 'inherit', timeout: minutes * MINUTES, killSignal: 'SIGINT' }).status ?? 1;
const git = (...args) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();

const row = (cells) => `| ${cells.join(' | ')} |`;

const tableOf = (faults) =>
  [row(HEADS), row(HEADS.map((_, i) => (i === 0 ? '---' : '--:'))), ...faults.map((fault) => row(Object.values(fault)))].join('\n');

const speedLine = ({ seconds, tasks, lostTasks, lostWorkers }) =>
  `At full speed with default settings for ${seconds} s: ${tasks} tasks, ${lostWorkers} live workers declared lost, ${lostTasks} tasks lost.`;

const seedsLine = ({ seeds, failed }) =>
  `Simulator: ${seeds} new seeds, ${failed.length === 0 ? 'all held' : `failed: ${failed.map(({ seed }) => seed).join(', ')}`}.`;

/** The page with these paragraphs in place of what stood between the markers of that name; without any it stays as it is. */
const withBlock = (page, name, paragraphs) => {
  if (paragraphs.length === 0) return page;
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const when = `${new Date().toISOString().slice(0, 10)}, commit ${git('rev-parse', '--short', 'HEAD')}, ${cpus().length} cores that also ran all services.`;
  const [before, rest] = page.split(begin);
  const [, after] = rest.split(end);
  return [before, [begin, when, ...paragraphs, end].join('\n\n'), after].join('');
};

const write = (folder) => {
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
  const faults = found.flatMap((one) => one.faults ?? []);
  const speeds = found.flatMap((one) => (one.speed ? [speedLine(one.speed)] : []));
  const seeds = found.filter((one) => one.seeds).map(seedsLine);
  const page = withBlock(readFileSync(DOCUMENT, 'utf8'), 'proof', faults.length === 0 ? [] : [tableOf(faults), ...speeds]);
  writeFileSync(DOCUMENT, withBlock(page, 'seeds', seeds));
};

/** What each part runs, one command after the other. */
const PARTS = {
  chaos: (folder) => [
    [
      'npx',
      ['jest', '--runInBand', '--selectProjects', 'chaos'],
      { minutes: 60, env: { CHAOS_FORM: 'full', CHAOS_JSON: path.join(folder, 'chaos.json'), ...addresses() } },
    ],
  ],
  simulator: (folder) => {
    const day = Math.floor(Date.now() / 86_400_000);
    const args = ['--seeds', String(SEEDS), '--from', String(SEEDS * day), '--json', path.join(folder, 'simulator.json')];
    return [[process.execPath, ['scripts/simulate.mjs', ...args], { minutes: 60 }]];
  },
  // Each scenario has a limit of its own, and one that fails doesn't keep the others from being measured and recorded.
  growth: () => [
    ['npx', ['tsc', '-p', 'bench/tsconfig.json'], { minutes: 5 }],
    [process.execPath, ['bench/dist/growth/main.js', '--scenario', GROWTH, '--record'], { minutes: 75 }],
  ],
};

const chosen = values.only.split(',');
const unknown = chosen.filter((name) => !(name in PARTS));
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}, not ${unknown.join(', ')}`);

const folder = values.from ?? mkdtempSync(path.join(tmpdir(), 'proof-'));
if (values.from === undefined) {
  process.exitCode = run('npm', ['run', '--silent', 'build'], { minutes: 5 }) || run('scripts/services', ['up'], { minutes: 10 });
  if (process.exitCode === 0)
    for (const name of chosen) {
      // All parts are run, whatever becomes of one: the others are proof of something else.
      const failed = PARTS[name](folder).find(([command, args, limits]) => run(command, args, limits) !== 0);
      if (failed !== undefined) {
        console.error(`${name} FAILED`);
        process.exitCode = 1;
      }
    }
}
write(folder);

/** The set that scripts/services starts by default, as tests are told of it. */
function addresses() {
  const lines = spawnSync('scripts/services', ['env'], { encoding: 'utf8' }).stdout.trim().split('\n');
  return Object.fromEntries(lines.map((line) => [`TEST_${line.slice(0, line.indexOf('='))}`, line.slice(line.indexOf('=') + 1)]));
}
