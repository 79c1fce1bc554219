/** Changes of a graph, as the law has them. */
import type { Command } from '../../src/core/command';
import { runOfPlan } from '../../src/core/run';
import { applyAll, changesOf, completed, DAG, execution, planOf, plannedTask, started, T0, type LawEvent } from './model';

test('a task that is replaced is another dispatch: what was sent of its old definition counts for nothing and is given up', () => {
  const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  const edit = { version: 0, added: [], replaced: [{ task: 1, as: plannedTask('b', [0], { payload: '"new"' }) }], removed: [] };
  const step = applyAll(run, [{ type: 'commanded', id: '1', dag: DAG, command: { kind: 'edit', edit }, by: null, reason: null }], T0);
  expect(step.commands).toMatchObject([{ outcome: 'APPLIED', affected: 1 }]);
  expect(changesOf(step).tasks).toMatchObject([{ task: 1, status: 'PENDING', dispatch: 2 }]);

  expect(applyAll(run, [completed(0)], T0).ready).toMatchObject([{ task: 1, dispatch: 2 }]);
  // Sent when a commit that failed had made it ready, before the change.
  const late = applyAll(run, [started(1, 1), completed(1, 1)], T0);
  expect(late.refused.map(({ reason }) => reason)).toEqual(['another dispatch', 'another dispatch']);
  expect(late.givenUp).toEqual([{ session: execution(1, 1).session, run, task: 1, dispatch: 1 }]);
  const own = applyAll(run, [completed(1, 2)], T0);
  expect([own.refused, run.status]).toEqual([[], 'COMPLETED']);
});

const commanded = (id: string, command: Command): LawEvent => ({ type: 'commanded', id, dag: DAG, command, by: null, reason: null });
const replacing = (version: number): Command => ({
  kind: 'edit',
  edit: { version, added: [], replaced: [{ task: 0, as: plannedTask('a', [], { type: 'API_CALL', payload: '"new"' }) }], removed: [] },
});

test('what is queued is changed once it is held, and begins as it is then when it is released', () => {
  const run = runOfPlan(planOf([plannedTask('a', [])]));
  expect(applyAll(run, [commanded('1', replacing(0))], T0).commands).toMatchObject([
    { outcome: 'REFUSED', detail: 'task "a" is QUEUED: only what waits for its dependencies, or is held, can be changed; hold it first' },
  ]);
  const held = applyAll(run, [commanded('2', { kind: 'hold', tasks: [0], resumeAt: null })], T0);
  expect(held.revoked).toMatchObject([{ task: 0, dispatch: 1 }]);
  applyAll(run, [{ type: 'withdrawn', session: null, tasks: [{ dag: DAG, task: 0, dispatch: 1 }] }], T0);
  const changed = applyAll(run, [commanded('3', replacing(0))], T0);
  expect([changed.commands[0]?.outcome, changed.ready]).toEqual(['APPLIED', []]);
  const released = applyAll(run, [commanded('4', { kind: 'release', tasks: [0] })], T0);
  expect(released.ready).toMatchObject([{ task: 0, dispatch: 3 }]);
  expect(run.specs[0]).toMatchObject({ type: 'API_CALL', hasPayload: true });
  applyAll(run, [completed(0, 3)], T0);
  expect(run.status).toBe('COMPLETED');
});
