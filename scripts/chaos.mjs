// npm run chaos [-- --short] [--json FILE] [--only PATTERN]: breaks real processes and services in turn, under load.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { short: { type: 'boolean' }, json: { type: 'string' }, only: { type: 'string' } } });

const env = {
  ...process.env,
  CHAOS_FORM: values.short ? 'short' : 'full',
  ...(values.json === undefined ? {} : { CHAOS_JSON: path.resolve(values.json) }),
  ...(values.only === undefined ? {} : { CHAOS_ONLY: values.only }),
};
const run = (command, args) => spawnSync(command, args, { env, stdio: 'inherit' }).status ?? 1;

process.exitCode =
  run('npm', ['run', '--silent', 'build']) ||
  run('npx', ['jest', '--runInBand', '--selectProjects', 'chaos', '--testPathPatterns', 'test/chaos/chaos']);
