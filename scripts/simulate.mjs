// npm run simulate: compiles the engine and its simulation into data/simulate and runs seeds there.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpile } from './transpile.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'data', 'simulate', String(process.pid));
await transpile(root, folder);
// A seed makes 45 MB of garbage and keeps little: a larger nursery saves copies of what dies a moment later.
const NURSERY = ['--max-semi-space-size=64', '--min-semi-space-size=64'];
const child = spawn(process.execPath, [...NURSERY, path.join(folder, 'test/simulate/main.js'), ...process.argv.slice(2)], { stdio: 'inherit' });
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
  void rm(folder, { recursive: true, force: true });
});
