// Makes a bare clone runnable: the right Node, the packages of the lock file, a build that is newer than its sources. Needs
// nothing installed; does nothing where all is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const stop = (text) => {
  console.error(text);
  process.exit(1);
};

const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) stop(`Node 20.19 or newer is needed, this is ${process.version}: https://nodejs.org/`);
};

const isInstalled = () => spawnSync(process.execPath, [path.join(root, 'scripts/isInstalled.mjs')]).status === 0;

const npm = (args) => {
  // npm tells its scripts where it is; without it, the shell finds it.
  const script = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const { status } = script
    ? spawnSync(process.execPath, [script, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return status === 0;
};

/** The latest change below a folder, or of a file; 0 where there is none. */
const changedAt = (place) => {
  if (!existsSync(place)) return 0;
  const stats = statSync(place);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // A folder's own time tells of files that were removed.
  return Math.max(stats.mtimeMs, ...readdirSync(place).map((name) => changedAt(path.join(place, name))));
};

const isBuilt = () => {
  const built = Math.min(...['dist/main.js', 'dist/cli/main.js', 'dist/web/index.html'].map((file) => changedAt(path.join(root, file))));
  return built > Math.max(...['src', 'web', 'tsconfig.json', 'tsconfig.build.json'].map((place) => changedAt(path.join(root, place))));
};

/** Installs and builds what is missing or old; ends the process with a sentence where that fails. */
export const setUp = () => {
  checkNode();
  if (!isInstalled()) {
    console.error('Installing the packages of package-lock.json …');
    if (!npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])) stop('npm ci failed: its own words stand above.');
  }
  if (!isBuilt()) {
    console.error('Building …');
    if (!npm(['run', '--silent', 'build'])) stop('The build failed: its own words stand above.');
  }
};
