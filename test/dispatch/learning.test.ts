import { createMemoryRunTimes } from '../../src/adapters/memory/runTimes';
import { runOfPlan } from '../../src/core/run';
import { applyAll, commanded, completed, failed, planOf, plannedTask, T0 } from '../core/model';
import { createLearning } from '../../src/dispatch/learning';
import type { RunTimeStore } from '../../src/ports/runTimes';

const chain = planOf([plannedTask('short', []), plannedTask('long', []), plannedTask('after short', [0])]);

/** The outcomes of a whole run in which these tasks took so long. */
const outcomesOf = (...ms: readonly number[]) => {
  const run = runOfPlan(chain);
  return ms.flatMap((each, task) => {
    const at = T0 + task * 1000;
    return applyAll(run, [{ ...completed(task, 1, { at }), endedAt: at + each } as ReturnType<typeof completed>], at + each).outcomes;
  });
};

test('what was learned from the reports ranks the next run of the DAG, where that wants its critical path first', () => {
  const learning = createLearning({ store: undefined });
  learning.learn(outcomesOf(100, 700, 400));
  const run = runOfPlan({ ...chain, order: 'critical-path' });
  learning.rank(run);
  expect([...run.rank!]).toEqual([500, 700, 400]);
  const fifo = runOfPlan(chain);
  learning.rank(fifo);
  expect(fifo.rank).toBeUndefined();
});

test('attempts that fail teach nothing', () => {
  const learning = createLearning({ store: undefined });
  learning.learn(applyAll(runOfPlan(chain), [failed(0)], T0 + 5000).outcomes);
  expect(learning.size()).toEqual({ types: 0, tasks: 0 });
});

test('a change of the graph has it ranked anew', () => {
  const learning = createLearning({ store: undefined });
  learning.learn(outcomesOf(100, 700, 400));
  const run = runOfPlan({ ...chain, order: 'critical-path' });
  learning.rank(run);
  const edit = { version: 0, added: [plannedTask('long', [2])], replaced: [], removed: [] };
  expect(applyAll(run, [commanded({ kind: 'edit', edit })], T0).commands).toMatchObject([{ outcome: 'APPLIED' }]);
  learning.rank(run);
  expect([...run.rank!]).toEqual([1200, 700, 1100, 700]);
});

test('another scheduler, and the next start, know it; what could not be written is written later', async () => {
  const store = createMemoryRunTimes();
  const outages: string[] = ['away'];
  const shaky: RunTimeStore = { ...store, write: (times) => (outages.pop() === undefined ? store.write(times) : Promise.reject(new Error('away'))) };
  const learning = createLearning({ store: shaky });
  learning.learn(outcomesOf(100, 700, 400));
  await expect(learning.shareOnce()).rejects.toThrow('away');
  await learning.writeAll();
  const other = createLearning({ store });
  await other.shareOnce();
  expect(other.expectationIn('a DAG')({ name: 'long', type: 'API_CALL' })).toBe(700);
  expect(other.ofType('API_CALL')).toEqual(learning.ofType('API_CALL'));
});

test('a round writes two thousand at most, in portions', async () => {
  const store = createMemoryRunTimes();
  const portions: number[] = [];
  const counting: RunTimeStore = { ...store, write: (times) => (portions.push(times.length), store.write(times)) };
  const learning = createLearning({ store: counting });
  const wide = runOfPlan(planOf(Array.from({ length: 2200 }, (_, i) => plannedTask(`t${i}`, []))));
  const events = Array.from({ length: 2200 }, (_, i) => ({ ...completed(i, 1, { at: T0 }), endedAt: T0 + 5 }) as ReturnType<typeof completed>);
  learning.learn(applyAll(wide, events, T0 + 5).outcomes);
  await learning.shareOnce();
  expect(portions).toEqual([500, 500, 500, 500]);
  await learning.writeAll();
  // The tasks that were left, and their type.
  expect(portions.slice(4)).toEqual([201]);
});
