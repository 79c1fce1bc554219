import { type RealStack, startRealStack } from '../harness/stacks';
import { wholeRuns } from './wholeRuns';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({ workers: 3 });
}, 60_000);

wholeRuns(() => stack);

test('all three workers took their part', async () => {
  const rows = await stack.sql<{ worker: string }>('SELECT DISTINCT worker FROM tasks WHERE worker IS NOT NULL ORDER BY worker');
  expect(rows.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2', 'worker-3']);
});
