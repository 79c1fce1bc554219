/** Classes of failure, their budgets, and the deadlines of tasks and DAGs, one example each. */
import type { FailureKind, PlannedTask, TaskError } from '../../src/core/dag';
import type { LawSettings } from '../../src/core/law';
import { runOfPlan, type Run } from '../../src/core/run';
import { statusOf } from '../../src/core/states';
import type { Step } from '../../src/core/step';
import {
  applyAll,
  changesOf,
  commanded,
  completed,
  DAG,
  due,
  failed,
  lost,
  planOf,
  plannedTask,
  started,
  T0,
  withdrawn,
  type LawEvent,
} from './model';

const LAW: LawSettings = { maxLosses: 2, maxDeaths: 2, maxKills: 2, cascadeLimit: 100 };

const policy = (maxRetries: number): PlannedTask['retry'] => ({
  maxRetries,
  backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 1000, jitter: 0 },
});
const runWith = (task: Partial<PlannedTask>): Run => runOfPlan(planOf([plannedTask('a', [], task), plannedTask('after', [0])]));

const failure = (dispatch: number, error: Partial<TaskError> & { readonly kind: FailureKind }): LawEvent =>
  ({ ...failed(0, dispatch), error: { message: 'it broke', ...error } }) as LawEvent;

/** Fails attempt after attempt in the same way, each retry at once; the answer says how many attempts there were, and the last step. */
const failUntilEnd = (run: Run, error: Partial<TaskError> & { readonly kind: FailureKind }): { attempts: number; step: Step } => {
  for (let attempts = 1; attempts < 50; attempts++) {
    const dispatch = run.dispatch[0]!;
    const step = applyAll(run, [failure(dispatch, error)], T0, LAW);
    if (run.status === 'FAILED') return { attempts, step };
    applyAll(run, [due(0, dispatch + 1)], T0 + 100, LAW);
  }
  throw new Error('it never ends');
};

describe('each class has a budget of its own', () => {
  test.each([
    ['HANDLER', { retry: policy(3) }, 4],
    ['TIMEOUT', { retry: policy(3) }, 4],
    ['TIMEOUT', { retry: policy(3), options: { maxTimeoutRetries: 1 } }, 2],
    ['TIMEOUT', { retry: policy(0), options: { maxTimeoutRetries: 2 } }, 3],
    ['OUT_OF_MEMORY', { retry: policy(0) }, 3],
    ['KILLED', { retry: policy(9) }, 3],
  ] as const)('%s with %j: %d attempts', (kind, task, attempts) => {
    const end = failUntilEnd(runWith(task), { kind });
    expect(end.attempts).toBe(attempts);
    expect(end.step.deadLetters).toMatchObject([{ task: 0, kind, dispatch: attempts }]);
    expect(end.step.history).toMatchObject([{ kind: 'task.failed', task: 0, message: 'it broke' }]);
  });

  test('kills and timeouts with a budget of their own leave the retries to errors of the handler', () => {
    const run = runWith({ retry: policy(1), options: { maxTimeoutRetries: 5 } });
    const kinds: FailureKind[] = ['OUT_OF_MEMORY', 'TIMEOUT', 'KILLED', 'TIMEOUT', 'HANDLER'];
    kinds.forEach((kind, i) => {
      applyAll(run, [failure(i + 1, { kind }), due(0, i + 2)], T0, LAW);
    });
    expect(statusOf(run.state[0]!)).toBe('QUEUED');
    applyAll(run, [failure(6, { kind: 'HANDLER' })], T0, LAW);
    expect(run.status).toBe('FAILED');
  });

  test('workers that die with it are counted apart from losses before it began; the last one makes it poison', () => {
    const run = runWith({ retry: policy(0) });
    applyAll(run, [lost(0, 1), started(0, 2), lost(0, 2), started(0, 3), lost(0, 3)], T0, LAW);
    expect([statusOf(run.state[0]!), run.losses[0], run.budgets.get(0)]).toEqual(['QUEUED', 1, { deaths: 2 }]);
    const step = applyAll(run, [started(0, 4, { worker: 'w4' }), lost(0, 4)], T0, LAW);
    expect(run.status).toBe('FAILED');
    expect(step.deadLetters).toMatchObject([{ kind: 'POISON', dispatch: 4 }]);
    expect(step.history).toMatchObject([{ kind: 'task.poisoned' }]);
    expect(JSON.parse(step.attempts[0]!.error)).toEqual({
      kind: 'POISON',
      message: '3 workers died while they ran it; the last one was lost: its session ended',
      evidence: { why: 'its session ended', session: 's1', worker: 'w4', lastHeartbeatAt: null },
    });
  });
});

test.each([{ name: 'ValidationError' }, { code: 'EACCES' }])('an error %j that is excluded is not retried', (error) => {
  const task = { retry: policy(5), options: { noRetryOn: ['ValidationError', 'EACCES'] } };
  expect(failUntilEnd(runWith(task), { kind: 'HANDLER', ...error }).attempts).toBe(1);
  expect(failUntilEnd(runWith(task), { kind: 'HANDLER', name: 'Error', code: 'EOTHER' }).attempts).toBe(6);
});

test.each([
  [40, 100],
  [2500, 2500],
  [172_800_000, 172_800_000],
  [9e9, 604_800_000],
  [-5, 100],
  [Number.NaN, 100],
])('a wish for %d ms before the next attempt gives %d', (retryAfterMs, delay) => {
  const run = runWith({ retry: policy(1) });
  applyAll(run, [failure(1, { kind: 'HANDLER', retryAfterMs })], T0, LAW);
  expect(run.dueTimes.get(0)).toBe(T0 + delay);
});

test('what an attempt leaves behind is bounded', () => {
  const run = runWith({});
  const step = applyAll(run, [failure(1, { kind: 'HANDLER', message: 'm'.repeat(1e6), stack: 's'.repeat(1e6) })], T0, LAW);
  expect(step.attempts[0]!.error.length).toBeLessThan(13_000);
  expect(step.history[0]!.message!.length).toBeLessThan(502);
});

test('a line of history is one that any store takes, whatever a handler threw and wherever it is cut', () => {
  const run = runWith({});
  const step = applyAll(run, [failure(1, { kind: 'HANDLER', message: `nul \0, half \ud800 ${'😀'.repeat(400)}` })], T0, LAW);
  expect(step.history[0]!.message).toMatch(/^nul \uFFFD, half \uFFFD (😀)+\uFFFD?…$/u);
});

describe('deadlines', () => {
  test('a task that no worker begins in its queue time fails an attempt, and the next one has all of it again', () => {
    const run = runWith({ retry: policy(1), options: { queueTimeoutSeconds: 2 } });
    expect(run.dueTimes.get(0)).toBe(T0 + 2000);
    expect(applyAll(run, [due(0, 0)], T0 + 1999, LAW).refused).toHaveLength(1);
    const step = applyAll(run, [due(0, 0)], T0 + 2000, LAW);
    expect(step.attempts).toMatchObject([{ dispatch: 1, attempt: 1, startedAt: null }]);
    // It may be on its way to a worker: it waits for its retry once nobody can begin it any more.
    expect(step.revoked).toMatchObject([{ task: 0, dispatch: 1 }]);
    expect(statusOf(run.state[0]!)).toBe('CANCELLING');
    const back = applyAll(run, [withdrawn(0, 1)], T0 + 2040, LAW);
    expect([statusOf(run.state[0]!), run.dispatch[0], run.dueTimes.get(0)]).toEqual(['RETRYING', 2, T0 + 2100]);
    expect([back.retrying, back.over]).toMatchObject([[{ attempt: 1, delayMs: 60 }], [{ dispatch: 1 }]]);
    applyAll(run, [completed(0, 1), due(0, 2)], T0 + 2100, LAW);
    expect(run.dueTimes.get(0)).toBe(T0 + 4100);
    // So too where no attempt is left: it fails then.
    const last = applyAll(run, [due(0, 2)], T0 + 4100, LAW);
    expect(last.revoked).toMatchObject([{ task: 0, dispatch: 2 }]);
    expect(applyAll(run, [withdrawn(0, 2)], T0 + 4200, LAW).deadLetters).toMatchObject([{ kind: 'TIMEOUT', dispatch: 2 }]);
    expect(run.status).toBe('FAILED');
  });

  test('a task that a worker had begun in time, or begins all the same, is told to stop; its result counts if it comes first', () => {
    const options = { queueTimeoutSeconds: 2 };
    const [inTime, ended, held] = [1, 2, 3].map(() => runWith({ retry: policy(1), options })) as [Run, Run, Run];
    for (const run of [inTime, ended, held]) applyAll(run, [due(0, 0), started(0)], T0 + 2000, LAW);
    const done = changesOf(applyAll(inTime, [completed(0)], T0 + 2001, LAW)).tasks[0];
    expect(done).toMatchObject({ status: 'COMPLETED', attempt: 2, error: null, reason: null });
    // That its handler failed is no second failure.
    const step = applyAll(ended, [failed(0)], T0 + 2001, LAW);
    expect(step.attempts).toMatchObject([{ dispatch: 1, error: expect.stringContaining('it broke') as unknown }]);
    expect(changesOf(step).tasks[0]).toMatchObject({ status: 'RETRYING', attempt: 1, dispatch: 2, reason: null });
    // What a person asks for meanwhile goes first.
    applyAll(held, [commanded({ kind: 'hold', tasks: [0], resumeAt: null }), withdrawn(0, 1, 's1')], T0 + 2001, LAW);
    expect([statusOf(held.state[0]!), held.reasons.get(0)?.code]).toEqual(['PENDING', 'HELD']);
  });

  test('a DAG that ends while its task is taken from the queue ends without a retry', () => {
    const run = runWith({ retry: policy(1), options: { queueTimeoutSeconds: 2 } });
    applyAll(run, [due(0, 0), commanded({ kind: 'cancel', tasks: null }), withdrawn(0, 1)], T0 + 2000, LAW);
    expect([run.status, statusOf(run.state[0]!)]).toEqual(['CANCELLED', 'CANCELLED']);
  });

  test('its deadline is in the row when it becomes ready', () => {
    const run = runOfPlan(planOf([plannedTask('a', []), plannedTask('b', [0], { options: { queueTimeoutSeconds: 1 } })]));
    const { tasks } = changesOf(applyAll(run, [completed(0)], T0 + 10, LAW));
    expect(tasks.find(({ task }) => task === 1)).toMatchObject({ status: 'QUEUED', dueAt: T0 + 1010, queuedAt: T0 + 10 });
  });

  test('a pause stops the wait for a worker', () => {
    const run = runWith({ options: { queueTimeoutSeconds: 1 } });
    applyAll(run, [commanded({ kind: 'pause' }), due(0, 1)], T0 + 5000, LAW);
    expect([statusOf(run.state[0]!), run.dueTimes.get(0)]).toEqual(['QUEUED', T0 + 6000]);
    applyAll(run, [commanded({ kind: 'resume' })], T0 + 5500, LAW);
    expect(run.dueTimes.get(0)).toBe(T0 + 6500);
  });

  test('time behind a gate is no wait for a worker', () => {
    const run = runWith({ options: { queueTimeoutSeconds: 2 } });
    const gated = (gatedUntil: number) => ({ ...due(0, 1), gatedUntil }) as ReturnType<typeof due>;
    // Shut all the while, then opened a second before: what is left of the wait begins there.
    applyAll(run, [gated(T0 + 2000)], T0 + 2000, LAW);
    expect([statusOf(run.state[0]!), run.dueTimes.get(0)]).toEqual(['QUEUED', T0 + 4000]);
    applyAll(run, [gated(T0 + 3000)], T0 + 4000, LAW);
    expect([statusOf(run.state[0]!), run.dueTimes.get(0)]).toEqual(['QUEUED', T0 + 5000]);
    // A gate that ended before the wait began, or whose end lies in another process's future, changes nothing.
    expect(applyAll(run, [gated(T0 + 2500)], T0 + 4999, LAW).refused).toHaveLength(1);
    applyAll(run, [gated(T0 + 99_000)], T0 + 5000, LAW);
    expect(run.dueTimes.get(0)).toBe(T0 + 7000);
    expect(applyAll(run, [gated(T0 + 5000)], T0 + 7000, LAW).attempts).toMatchObject([{ attempt: 1, startedAt: null }]);
  });

  test('the whole time of a task ends it while it runs; a result that comes first counts', () => {
    const options = { totalTimeoutSeconds: 1 };
    const [late, inTime] = [runWith({ options }), runWith({ options })];
    for (const run of [late, inTime]) {
      const step = applyAll(run, [started(0), due(0, 1)], T0 + 1000, LAW);
      expect(step.revoked).toMatchObject([{ task: 0, dispatch: 1 }]);
      expect(statusOf(run.state[0]!)).toBe('CANCELLING');
    }
    applyAll(late, [withdrawn(0, 1, 's1'), completed(0, 1)], T0 + 1100, LAW);
    expect(late.status).toBe('FAILED');
    expect(changesOf(applyAll(inTime, [completed(0, 1)], T0 + 1100, LAW)).tasks[0]).toMatchObject({ status: 'COMPLETED', error: null, reason: null });
  });

  test('no attempt is waited for that would begin after the whole time', () => {
    const run = runWith({ retry: policy(5), options: { totalTimeoutSeconds: 0.1 } });
    applyAll(run, [failed(0, 1, { at: T0 + 1 })], T0 + 1, LAW);
    expect(run.status).toBe('FAILED');
  });

  test('the time of a DAG cancels what has not ended, and fails it', () => {
    const run = runOfPlan({ ...planOf([plannedTask('a', []), plannedTask('b', []), plannedTask('c', [0])]), dueAt: T0 + 1000 });
    const dagDue: LawEvent = { type: 'dagDue', dag: DAG };
    expect(applyAll(run, [completed(1), dagDue], T0 + 999, LAW).refused).toHaveLength(1);
    const step = applyAll(run, [dagDue], T0 + 1000, LAW);
    expect([...run.state].map(statusOf)).toEqual(['CANCELLING', 'COMPLETED', 'CANCELLED']);
    expect(step.history).toMatchObject([{ kind: 'dag.timedOut', task: null }]);
    expect(changesOf(step).dags[0]).toMatchObject({ dueAt: null, reason: { code: 'DAG_TIMEOUT' } });
    applyAll(run, [withdrawn(0)], T0 + 1001, LAW);
    expect([run.status, run.cancelled]).toEqual(['FAILED', 2]);
  });
});
