/** The measurements of growth at a hundredth of their size: that they run, and that what they ran came to its end. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';
import { databaseUrl, kafkaBrokers, redisUrl } from '../harness/services';

interface Written {
  readonly results: readonly { readonly scenario: string; readonly figures: readonly { readonly name: string; readonly value: number }[] }[];
}

test('a large DAG, a backlog and a long history, each at a hundredth of its size', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'growth-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = path.join(folder, 'growth.json');
  execFileSync('npx', ['tsc', '-p', 'bench/tsconfig.json'], { cwd: projectRoot });
  await promisify(execFile)(process.execPath, ['bench/dist/growth/main.js', '--scale', '0.01', '--json', file], {
    cwd: projectRoot,
    env: { ...process.env, DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl },
  });
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  expect(results.map(({ scenario }) => scenario)).toEqual(['W6', 'W7', 'W8']);
  for (const { figures } of results) for (const { name, value } of figures) expect([name, value > 0]).toEqual([name, true]);
}, 180_000);
