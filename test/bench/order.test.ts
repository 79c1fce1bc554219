/** The measurement of orders on few workflows at a fraction of their durations, and the simulation that it is compared with. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { boundsOf, listSchedule } from '../../bench/order/listSchedule';
import { recorded, RECORDED_TASKS, type Timed } from '../../bench/order/recorded';
import { atEnd } from '../harness/cleanup';
import { projectRoot } from '../harness/processes';
import { databaseUrl, kafkaBrokers, redisUrl } from '../harness/services';

const timed = (...tasks: readonly (readonly [ms: number, ...parents: readonly number[]])[]): Timed => ({
  name: 'by hand',
  tasks: tasks.map(([ms, ...parents], i) => ({ name: String(i), parents, ms })),
});

test('list scheduling takes the first, or the one with the longest way to go', () => {
  // Four of 10 ms that were there first, and a chain of 10 + 30 ms.
  const one = timed([10], [10], [10], [10], [10], [30, 4]);
  expect([listSchedule([one], 2, 'fifo'), listSchedule([one], 2, 'critical-path')]).toEqual([60, 40]);
  expect(listSchedule([one], 1, 'fifo')).toBe(80);
  expect(boundsOf([one], 2)).toEqual({ workMs: 80, longestPathMs: 40, lowestMs: 40, grahamMs: 60 });
  expect(listSchedule([one, one], 100, 'fifo')).toBe(40);
});

test('of all recorded workflows, each order stays within the bounds', () => {
  const all = recorded(0.001);
  expect(all.flatMap(({ tasks }) => tasks)).toHaveLength(RECORDED_TASKS);
  const { lowestMs, grahamMs } = boundsOf(all, 64);
  const [fifo, critical] = [listSchedule(all, 64, 'fifo'), listSchedule(all, 64, 'critical-path')];
  expect(critical).toBeGreaterThanOrEqual(lowestMs);
  expect(fifo).toBeLessThanOrEqual(grahamMs);
  expect(critical).toBeLessThan(fifo);
});

interface Written {
  readonly tasks: number;
  readonly results: readonly { readonly order: string; readonly makespanMs: number; readonly simulatedMs: number }[];
}

test('six workflows by the critical path, at a tenth of the durations', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'order-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = path.join(folder, 'order.json');
  execFileSync('npx', ['tsc', '-p', 'bench/tsconfig.json'], { cwd: projectRoot });
  const args = [
    'bench/dist/order/main.js',
    '--order',
    'critical-path',
    '--workflows',
    '6',
    '--scale',
    '0.0001',
    '--slots',
    '16',
    '--cold',
    '--json',
    file,
  ];
  await promisify(execFile)(process.execPath, args, {
    cwd: projectRoot,
    env: { ...process.env, DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl },
  });
  const { tasks, results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  expect([tasks > 100, results.map(({ order }) => order)]).toEqual([true, ['critical-path']]);
  // The machine may be busy with anything: whether it comes close is for the measurement itself.
  for (const { makespanMs, simulatedMs } of results) expect(makespanMs).toBeGreaterThanOrEqual(simulatedMs * 0.9);
}, 120_000);
