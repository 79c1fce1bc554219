/** The measurements of growth at a hundredth of their size: that they run, and that what they ran came to its end. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Curve } from '../../bench/growth/scenario';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';
import { databaseUrl, kafkaBrokers, redisUrl } from '../harness/services';

interface Written {
  readonly results: readonly {
    readonly scenario: string;
    readonly figures: readonly { readonly name: string; readonly value: number }[];
    readonly curves: readonly Curve[];
  }[];
}

/** Few workers at this size: a second may have been without any, and heartbeats cost less than what varies. */
const MAY_BE_NOTHING = new Set([
  'tasks that gave up',
  'tasks lost',
  "the workers' connections to PostgreSQL",
  'slowest second',
  'longest below nine tenths of the pace',
  'tasks that a killed worker had',
  'kill to the start of the last of them elsewhere',
  'their heartbeats',
  'pages that had to read anew',
  // Two seconds may be too few for the limit to be reached.
  'submissions that were refused',
]);

test('a large DAG, a backlog, a long history and many workers, each at a hundredth of its size', async () => {
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
  expect(results.map(({ scenario }) => scenario)).toEqual(['W6', 'W7', 'W8', 'W9', 'W9B', 'FAILURES', 'STARTS', 'PAGES', 'OVERLOAD']);
  for (const { figures } of results)
    for (const { name, value } of figures) if (!MAY_BE_NOTHING.has(name)) expect([name, value > 0]).toEqual([name, true]);
  const curves = results.flatMap((each) => each.curves);
  expect(curves.map(({ name }) => name)).toEqual(['w6-rate', 'w7-rate', 'w7-memory', 'w8-rate', 'w8-pages']);
  for (const { name, points } of curves) expect([name, points.length > 1, points.every(([, y]) => y > 0)]).toEqual([name, true, true]);
  const ofWorkers = new Map(results[3]!.figures.map(({ name, value }) => [name, value]));
  expect(ofWorkers.get('tasks lost')).toBe(0);
  expect(ofWorkers.get("the workers' connections to PostgreSQL")).toBe(0);
  expect(ofWorkers.get('kill to the start of the last of them elsewhere')).toBeLessThan(5000);
  expect(results[4]!.figures.find(({ name }) => name === 'their heartbeats')!.value).toBeLessThan(10);
  const failing = new Map(results[5]!.figures.map(({ name, value }) => [name, value]));
  // Of a thousand tasks one may fail four times: by chance in a tenth of all runs of this test, two in two hundred.
  expect(failing.get('tasks that ended well')).toBeGreaterThanOrEqual(99.7);
  expect(failing.get('runs for each')).toBeGreaterThan(1.05);
}, 240_000);
