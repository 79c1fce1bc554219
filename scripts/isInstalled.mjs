// Exits 0 when node_modules holds exactly what package-lock.json names, else 1. Needs nothing installed.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installedFile = `${root}/node_modules/.package-lock.json`;
const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

const isInstalled = () => {
  if (!existsSync(installedFile)) return false;
  const installed = read(installedFile);
  return Object.entries(read(`${root}/package-lock.json`)).every(
    // Optional packages are left out on systems that they aren't for.
    ([path, { version, optional }]) => path === '' || (installed[path] ? installed[path].version === version : optional === true),
  );
};

process.exit(isInstalled() ? 0 : 1);
