import { execFileSync } from 'node:child_process';
import { type RealStack, startRealStack } from '../harness/stacks';
import { wholeRuns } from './wholeRuns';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({ workers: 3 });
}, 60_000);

const residentMb = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024;

test('an idle scheduler and an idle worker need little memory', () => {
  const [scheduler, worker] = [stack.scheduler, stack.workers[0]!].map(({ pid }) => Math.round(residentMb(pid)));
  process.stdout.write(`resident memory, idle: scheduler ${scheduler} MB, worker ${worker} MB\n`);
  expect(scheduler).toBeLessThan(250);
  expect(worker).toBeLessThan(250);
});

wholeRuns(() => stack);

test('all three workers took their part', async () => {
  const rows = await stack.sql<{ worker: string }>('SELECT DISTINCT worker FROM tasks WHERE worker IS NOT NULL ORDER BY worker');
  expect(rows.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2', 'worker-3']);
});
