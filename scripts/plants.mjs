// Plants each bug of test/simulate/plants in a copy and runs seeds until it is found; exit code 1 where one isn't.
// node scripts/plants.mjs [--seeds N] [--record] [NAME…]: prints after how many seeds each was found, and stores that with --record.
// node scripts/plants.mjs --known: runs of each only the seed that found it, and that seed without the bug, which must hold.
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { transpile } from './transpile.mjs';

const run = promisify(execFile);
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const patches = path.join(root, 'test/simulate/plants');
const foundAt = path.join(patches, 'found.json');
const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '2000' }, known: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const known = JSON.parse(await readFile(foundAt, 'utf8').catch(() => '{}'));

/** A copy of the program, compiled, with the patch of that name in it; none for undefined. */
const compile = async (name, folder) => {
  await mkdir(folder, { recursive: true });
  await cp(path.join(root, 'src'), path.join(folder, 'from/src'), { recursive: true });
  await cp(path.join(root, 'test/simulate'), path.join(folder, 'from/test/simulate'), { recursive: true });
  // git apply takes paths from the repository's root unless it is told that there is none.
  const env = { ...process.env, GIT_DIR: '/nonexistent' };
  if (name !== undefined) await run('git', ['apply', path.join(patches, `${name}.patch`)], { cwd: path.join(folder, 'from'), env });
  await transpile(path.join(folder, 'from'), path.join(folder, 'out'));
};

/** The first of these seeds that fails, and the rule that it breaks; undefined where all hold. Always from the same seed on. */
const firstFailure = async (folder, from, seeds) => {
  const json = path.join(folder, 'report.json');
  const main = path.join(folder, 'out/test/simulate/main.js');
  const args = ['--from', String(from), '--seeds', String(seeds), '--until-failure', '--json', json];
  await run(process.execPath, [main, ...args], { maxBuffer: 1e8 }).catch(() => undefined);
  const [failed] = JSON.parse(await readFile(json, 'utf8')).failed;
  return failed === undefined ? undefined : { seed: failed.seed, rule: failed.violations[0].rule };
};

const inCopy = async (name, use) => {
  const folder = path.join(root, 'data', 'plants', `${process.pid}-${name ?? 'none'}`);
  try {
    await compile(name, folder);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const complain = (line) => {
  console.log(line);
  process.exitCode = 1;
};

const findAnew = async (name) => {
  const found = await inCopy(name, (folder) => firstFailure(folder, 1, values.seeds));
  if (found === undefined) return complain(`${name}: NOT found in ${values.seeds} seeds`);
  console.log(`${name}: found after ${found.seed} seeds, as "${found.rule}"`);
  if (values.record) {
    known[name] = found.seed;
    await writeFile(foundAt, `${JSON.stringify(known, Object.keys(known).sort(), 2)}\n`);
  }
};

const findAgain = async (name) => {
  if (known[name] === undefined) return complain(`${name}: no seed is known yet; scripts/plants.mjs --record ${name} looks for one`);
  const found = await inCopy(name, (folder) => firstFailure(folder, known[name], 1));
  if (found === undefined) complain(`${name}: NOT found by seed ${known[name]}`);
  else console.log(`${name}: found by seed ${found.seed}, as "${found.rule}"`);
};

const all = (await readdir(patches))
  .filter((file) => file.endsWith('.patch'))
  .map((file) => file.replace(/\.patch$/, ''))
  .sort();
const names = positionals.length > 0 ? positionals : all;
for (const name of names) await (values.known ? findAgain(name) : findAnew(name));
if (values.known)
  await inCopy(undefined, async (folder) => {
    for (const seed of new Set(names.map((name) => known[name]).filter((each) => each !== undefined))) {
      const found = await firstFailure(folder, seed, 1);
      if (found !== undefined) complain(`seed ${seed} fails without any bug planted, as "${found.rule}"`);
    }
  });
