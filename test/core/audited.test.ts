/** What an audit makes of a run that is as it can't be. Of runs that are as they should be, test/core/control.test.ts tells. */
import { applyEvent } from '../../src/core/applyEvent';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { changesOf, newStep, type Step } from '../../src/core/step';
import { DEFAULT_LAW } from '../../src/core/transition';
import { completed, DAG, planOf, plannedTask, started, T0 } from './model';

const at = (run: Run, event: Parameters<typeof applyEvent>[1], now = T0 + 10): Step => {
  const step = newStep();
  applyEvent(step, event, { runs: new Map([[run.dag, run]]), now, law: DEFAULT_LAW });
  return step;
};
const audited = (run: Run): Step => at(run, { type: 'audited', dag: DAG });
const chain = (options: Parameters<typeof plannedTask>[2] = {}): Run => runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0], options)]));

test('counters are counted anew, and the row of the DAG is written', () => {
  const run = chain();
  at(run, completed(0, 1));
  run.completed = 7;
  run.failed = 1;
  expect(changesOf(audited(run)).dags).toMatchObject([{ completedTasks: 1, failedTasks: 0, status: 'RUNNING' }]);
});

test('what became ready without being told is ready', () => {
  const run = chain();
  at(run, completed(0, 1));
  run.state[1] = CODE.PENDING;
  run.unmet[1] = 1;
  expect(audited(run).ready).toMatchObject([{ task: 1, dispatch: 1 }]);
});

test('what can never start is skipped, and the DAG ends', () => {
  const run = chain();
  run.state[0] = CODE.FAILED;
  expect(audited(run).settled).toEqual([run]);
  expect([run.status, run.failed, run.skipped]).toEqual(['FAILED', 1, 1]);
});

test('a DAG whose tasks are over is over', () => {
  const run = chain();
  at(run, completed(0, 1));
  run.state[1] = CODE.COMPLETED;
  expect(audited(run).settled).toEqual([run]);
  expect(run.status).toBe('COMPLETED');
  expect(audited(run).refused).toEqual([{ type: 'audited', reason: 'it is final' }]);
});

test('a backoff whose end nobody knows is over', () => {
  const run = chain();
  run.state[0] = CODE.RETRYING;
  expect(audited(run).ready).toMatchObject([{ task: 0 }]);
});

test('a deadline that no row tells is written', () => {
  const run = chain({ options: { totalTimeoutSeconds: 60 } });
  at(run, completed(0, 1));
  run.dueTimes.clear();
  expect(changesOf(audited(run)).tasks).toMatchObject([{ task: 1, status: 'QUEUED', dueAt: run.unblockedAt[1]! + 60_000 }]);
});

test('what is being taken away is asked about anew, and its row tells who had it', () => {
  const run = chain();
  at(run, started(0, 1));
  at(run, { type: 'commanded', id: '1', dag: DAG, command: { kind: 'cancel', tasks: [0] }, by: null, reason: null });
  const step = audited(run);
  expect(step.revoked).toEqual([{ run, task: 0, dispatch: 1 }]);
  expect(changesOf(step).tasks).toMatchObject([{ task: 0, status: 'CANCELLING', session: 's1', startedAt: run.running.get(0)!.startedAt }]);
});

test('a repair that somebody asked for is a line of the history', () => {
  const told = (by: string | null, reason: string | null) =>
    at(chain(), { type: 'audited', dag: DAG, repair: { check: 'counters', by, reason } }).history;
  const line = { dag: DAG, at: T0 + 10, kind: 'dag.repaired', task: null };
  expect(told('ann', 'ticket 7')).toEqual([{ ...line, by: 'ann', message: 'counters: ticket 7' }]);
  expect(told(null, null)).toEqual([{ ...line, by: null, message: 'counters' }]);
  expect(audited(chain()).history).toEqual([]);
});
