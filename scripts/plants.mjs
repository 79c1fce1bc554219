// Plants each bug of test/simulate/plants in a copy and runs seeds until it is found; exit code 1 where one isn't.
// node scripts/plants.mjs [--seeds N] [NAME…]: prints after how many seeds each was found.
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { transpile } from './transpile.mjs';

const run = promisify(execFile);
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const patches = path.join(root, 'test/simulate/plants');
const { values, positionals } = parseArgs({ options: { seeds: { type: 'string', default: '2000' } }, allowPositionals: true });

/** The seeds until the first that fails, or undefined; always from the same seed on, so that the number stays the same. */
const seedsUntilFound = async (name) => {
  const folder = path.join(root, 'data', 'plants', `${process.pid}-${name}`);
  try {
    await mkdir(folder, { recursive: true });
    await cp(path.join(root, 'src'), path.join(folder, 'from/src'), { recursive: true });
    await cp(path.join(root, 'test/simulate'), path.join(folder, 'from/test/simulate'), { recursive: true });
    // git apply takes paths from the repository's root unless it is told that there is none.
    await run('git', ['apply', path.join(patches, `${name}.patch`)], {
      cwd: path.join(folder, 'from'),
      env: { ...process.env, GIT_DIR: '/nonexistent' },
    });
    await transpile(path.join(folder, 'from'), path.join(folder, 'out'));
    const json = path.join(folder, 'report.json');
    const main = path.join(folder, 'out/test/simulate/main.js');
    await run(process.execPath, [main, '--seeds', values.seeds, '--until-failure', '--json', json], { maxBuffer: 1e8 }).catch(() => undefined);
    const report = JSON.parse(await readFile(json, 'utf8'));
    return report.failed.length === 0 ? undefined : { seeds: report.failed[0].seed, rule: report.failed[0].violations[0].rule };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const all = (await readdir(patches)).map((file) => file.replace(/\.patch$/, '')).sort();
for (const name of positionals.length > 0 ? positionals : all) {
  const found = await seedsUntilFound(name);
  console.log(found === undefined ? `${name}: NOT found in ${values.seeds} seeds` : `${name}: found after ${found.seeds} seeds, as "${found.rule}"`);
  if (found === undefined) process.exitCode = 1;
}
