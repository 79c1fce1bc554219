// npm run check: format, lint, types, and unit tests, which include the direction of imports. Each part's output comes when it
// ends; the exit code is 1 where one failed. npm run check -- PART… runs only those.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** By npm script; what takes longest begins first. */
const PARTS = ['unit', 'lint', 'types', 'format:check'];
/** The unit tests are several processes by themselves; the other parts follow each other beside them. */
const LANES = 2;

const run = (part) =>
  new Promise((resolve) => {
    const began = performance.now();
    const output = [];
    const child = spawn('npm', ['run', '--silent', part], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => resolve({ code, text: Buffer.concat(output).toString(), tookMs: performance.now() - began }));
  });

const waiting = process.argv.length > 2 ? process.argv.slice(2) : PARTS;
const failed = [];
const lane = async () => {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const { code, text, tookMs } = await run(part);
    if (code !== 0) failed.push(part);
    console.log(`== ${part} ${code === 0 ? 'holds' : 'FAILED'} after ${(tookMs / 1_000).toFixed(1)} s\n${text}`);
  }
};
await Promise.all(Array.from({ length: LANES }, lane));
console.log(failed.length === 0 ? 'all parts hold' : `FAILED: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
