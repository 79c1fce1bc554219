// npm run regression [-- --against COMMIT] [--rounds N] [--json FILE]: compares this build with that of the last recorded commit, which
// docs/benchmarks.md names, and with BullMQ, by ratios in one run on the services of scripts/services. Exits with 1 where one is too much.
// Both are compiled in the same way, which takes a second; the packages are the same unless the lock file tells otherwise.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { transpile } from './transpile.mjs';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'data/regression', String(process.pid));
const OWN = ['src', 'config', 'package.json', 'package-lock.json'];

const text = { type: 'string' };
const { values } = parseArgs({ options: { against: text, rounds: text, json: text } });

const git = (...args) => execFileSync('git', args, { cwd: root, maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'ignore'] });

/** The whole name of the commit to compare with. */
const comparedWith = () => {
  const recorded = () =>
    createRequire(import.meta.url)('../bench/dist/record.js').commitIn(readFileSync(path.join(root, 'docs/benchmarks.md'), 'utf8'));
  const commit = values.against ?? recorded();
  try {
    return git('rev-parse', '--verify', `${commit}^{commit}`).toString().trim();
  } catch {
    throw new Error(`there is no commit ${commit} in this clone: nothing to compare with (git fetch --unshallow gets it where the clone is shallow)`);
  }
};

const lockOf = (build) => Object.entries(JSON.parse(readFileSync(path.join(build, 'package-lock.json'), 'utf8')).packages);

/** Whether a build finds all that it runs with in the checkout's own node_modules; what came later doesn't matter to it. */
const runsWithOurs = (build) => {
  const ours = new Map(lockOf(root).map(([place, { version }]) => [place, version]));
  return lockOf(build).every(([place, { version, dev }]) => place === '' || dev === true || ours.get(place) === version);
};

/** Fills `build` with what runs. Packages are found above it, in the checkout's own node_modules. */
const compile = async (from, build) => {
  await transpile(from, build, ['src']);
  for (const name of OWN.slice(1)) cpSync(path.join(from, name), path.join(build, name), { recursive: true });
};

const compileCommit = async (commit, build) => {
  const source = `${build}-source`;
  mkdirSync(source, { recursive: true });
  execFileSync('tar', ['-x', '-C', source], { input: git('archive', commit, '--', ...OWN) });
  await compile(source, build);
  if (runsWithOurs(build)) return;
  console.error(`${commit} ran with other packages: they are installed beside it`);
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: build, stdio: ['ignore', 'ignore', 'inherit'] });
};

const run = async () => {
  // First of all: a clone without the commit should say so before a minute is spent.
  const commit = comparedWith();
  const [own, recorded] = ['own', 'recorded'].map((name) => path.join(folder, name));
  await compile(root, own);
  await compileCommit(commit, recorded);
  const args = [
    '--own',
    own,
    '--recorded',
    recorded,
    '--commit',
    commit,
    ...(values.rounds === undefined ? [] : ['--rounds', values.rounds]),
    ...(values.json === undefined ? [] : ['--json', path.resolve(values.json)]),
  ];
  return spawnSync(process.execPath, ['bench/dist/regression/main.js', ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
};

try {
  process.exitCode = await run();
} catch (error) {
  console.error(`NOT COMPARED: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
