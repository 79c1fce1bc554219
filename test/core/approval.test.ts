/** A task that requires approval: when it is asked for, what lets it go on, and what asks again. */
import type { Command } from '../../src/core/command';
import type { PlannedTask } from '../../src/core/dag';
import { runOfRecord } from '../../src/core/restore';
import { isCutOff, runOfPlan, type Run } from '../../src/core/run';
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
  planOf,
  plannedTask,
  rowsOf,
  started,
  T0,
  withdrawn,
  type LawEvent,
} from './model';

const LAW = { maxLosses: 2, maxDeaths: 2, maxKills: 1, cascadeLimit: 1 };
const asked = (name: string, dependencies: readonly number[], other: Partial<PlannedTask> = {}): PlannedTask =>
  plannedTask(name, dependencies, { ...other, options: { requiresApproval: true, ...other.options } });

const build = plannedTask('build', []);
const deploy = asked('deploy', [0]);
const pipeline = (): Run => runOfPlan(planOf([build, deploy]));
const apply = (run: Run, ...events: LawEvent[]): Step => applyAll(run, events, T0 + 100, LAW);
const ask = (run: Run, command: Command): string | number => {
  const { detail, affected } = apply(run, commanded(command)).commands[0]!;
  return detail ?? affected;
};
const stateOf = (run: Run, task: number): unknown => [statusOf(run.state[task]!), run.reasons.get(task)?.approval];
const approve = (...tasks: number[]): Command => ({ kind: 'approve', tasks });

describe('a task that requires approval', () => {
  test('is held from the start, and asked for once its rule is met: its row and the history say so', () => {
    const run = pipeline();
    expect(stateOf(run, 1)).toEqual(['PENDING', 'REQUIRED']);
    const step = apply(run, completed(0));
    expect([step.ready, stateOf(run, 1)]).toEqual([[], ['PENDING', 'AWAITED']]);
    expect(changesOf(step).tasks.find(({ task }) => task === 1)).toMatchObject({
      status: 'PENDING',
      reason: { code: 'HELD', at: T0 + 100, approval: 'AWAITED' },
      queuedAt: null,
      dueAt: null,
    });
    expect(step.history).toMatchObject([{ kind: 'task.awaitsApproval', task: 1, at: T0 + 100 }]);
  });

  test('is asked for at once where nothing comes before it, in memory as in its row', () => {
    const plan = planOf([asked('a', [])]);
    const reason = { code: 'HELD', at: T0, approval: 'AWAITED' };
    expect(runOfPlan(plan).reasons.get(0)).toEqual(reason);
    const record = rowsOf(plan).record();
    expect(record.tasks[0]).toMatchObject({ status: 'PENDING', queuedAt: null, dueAt: null, reason });
    expect(stateOf(runOfRecord(record, T0), 0)).toEqual(['PENDING', 'AWAITED']);
  });

  test('is ready once it is approved, and again that changes nothing', () => {
    const run = pipeline();
    apply(run, completed(0));
    const step = apply(run, commanded(approve(1), { by: 'ada', reason: 'tests are green' }));
    expect(step.ready).toMatchObject([{ task: 1, dispatch: 1 }]);
    expect(step.history).toMatchObject([{ kind: 'approve', task: 1, by: 'ada', message: 'tests are green' }]);
    expect(changesOf(step).tasks).toMatchObject([{ task: 1, status: 'QUEUED', reason: null, queuedAt: T0 + 100, blockedMs: 100 }]);
    expect(ask(run, approve(1))).toBe(0);
    apply(run, completed(1));
    expect([ask(run, approve(1)), run.status]).toEqual([0, 'COMPLETED']);
  });

  test('waits for its own time only once it is approved, its DAG goes on', () => {
    const options = { requiresApproval: true, queueTimeoutSeconds: 1, totalTimeoutSeconds: 2 };
    const run = runOfPlan({ ...planOf([plannedTask('a', [], { options })]), dueAt: T0 + 60_000 });
    expect(run.dueTimes.size).toBe(0);
    applyAll(run, [due(0, 0)], T0 + 50_000, LAW);
    expect(stateOf(run, 0)).toEqual(['PENDING', 'AWAITED']);
    const other = runOfRecord(rowsOf({ ...planOf([plannedTask('a', [], { options })]), dueAt: T0 + 60_000 }).record(), T0 + 50_000);
    applyAll(other, [commanded(approve(0))], T0 + 50_000, LAW);
    expect(other.dueTimes.get(0)).toBe(T0 + 51_000);
    applyAll(run, [{ type: 'dagDue', dag: DAG }], T0 + 60_000, LAW);
    expect([run.status, statusOf(run.state[0]!)]).toEqual(['FAILED', 'CANCELLED']);
  });
});

describe('is refused', () => {
  test.each<[string, Command, RegExp]>([
    ['an approval before what comes before has ended', approve(1), /"deploy" can't be approved yet/],
    ['an approval that nobody requires', approve(0), /"build" requires no approval/],
    ['an approval of no task', approve(2), /no task number 2/],
    ['a release in place of an approval', { kind: 'release', tasks: [1] }, /"deploy" isn't held by hand: approve it/],
    ['a hold of what is held', { kind: 'hold', tasks: [1], resumeAt: T0 + 500 }, /"deploy" doesn't start before it is approved/],
  ])('%s', (_, command, why) => {
    const run = pipeline();
    expect(ask(run, command)).toMatch(why);
    expect(stateOf(run, 1)).toEqual(['PENDING', 'REQUIRED']);
  });

  test('an approval of what is over, or of a DAG that ends', () => {
    const run = pipeline();
    apply(run, completed(0));
    expect(ask(run, { kind: 'skip', tasks: [1] })).toBe(1);
    expect(ask(run, approve(1))).toMatch(/"deploy" is SKIPPED already: a retry or a rerun asks for its approval again/);
    const ending = runOfPlan(planOf([asked('a', []), plannedTask('b', []), asked('c', [])]));
    apply(ending, commanded({ kind: 'cancel', tasks: null }));
    expect(stateOf(ending, 2)).toEqual(['PENDING', 'AWAITED']);
    expect(ask(ending, approve(2))).toMatch(/on its way to an early end/);
  });
});

describe('begun again', () => {
  const retry: Command = { kind: 'retry', tasks: null, downstream: true };
  const failedOnce = (): Run => {
    const run = pipeline();
    apply(run, completed(0));
    ask(run, approve(1));
    apply(run, failed(1));
    return run;
  };

  test('by a retry it keeps its approval', () => {
    const run = failedOnce();
    expect(ask(run, retry)).toBe(1);
    expect(stateOf(run, 1)).toEqual(['QUEUED', undefined]);
    apply(run, started(1, 2), commanded({ kind: 'cancel', tasks: [1] }, { id: '9' }), withdrawn(1, 2));
    expect(ask(run, retry)).toBe(1);
    expect(stateOf(run, 1)).toEqual(['QUEUED', undefined]);
  });

  test('by a rerun it is asked for again', () => {
    const run = failedOnce();
    expect(ask(run, { kind: 'rerun', task: 1 })).toBe(1);
    expect(stateOf(run, 1)).toEqual(['PENDING', 'AWAITED']);
    ask(run, approve(1));
    apply(run, completed(1, run.dispatch[1]));
    expect(ask(run, { kind: 'rerun', task: null })).toBe(2);
    expect([stateOf(run, 0), stateOf(run, 1)]).toEqual([
      ['QUEUED', undefined],
      ['PENDING', 'REQUIRED'],
    ]);
  });

  test.each<[string, Command]>([
    ['rejected', { kind: 'mark', task: 1, as: 'FAILED' }],
    ['cancelled', { kind: 'cancel', tasks: [1] }],
    ['cancelled with its DAG', { kind: 'cancel', tasks: null }],
  ])('after it was %s without an approval, a retry asks, over a restart too', (_, end) => {
    const plan = planOf([build, deploy]);
    const [run, rows] = [runOfPlan(plan), rowsOf(plan)];
    for (const event of [completed(0), commanded(end)]) rows.apply(changesOf(apply(run, event)));
    const read = runOfRecord(rows.record(), T0);
    expect(ask(read, retry)).toBe(1);
    expect(stateOf(read, 1)).toEqual(['PENDING', 'AWAITED']);
  });

  test('after what came before it failed, a retry with its downstream asks once that is done', () => {
    const run = pipeline();
    apply(run, failed(0));
    expect(stateOf(run, 1)).toEqual(['SKIPPED', 'REQUIRED']);
    expect(ask(run, retry)).toBe(2);
    expect(stateOf(run, 1)).toEqual(['PENDING', 'REQUIRED']);
    apply(run, completed(0, 2));
    expect(stateOf(run, 1)).toEqual(['PENDING', 'AWAITED']);
  });

  test('what comes before it, it is asked for later', () => {
    const run = pipeline();
    apply(run, completed(0));
    const step = apply(run, commanded({ kind: 'rerun', task: 0 }));
    expect(stateOf(run, 1)).toEqual(['PENDING', 'REQUIRED']);
    expect(changesOf(step).tasks).toMatchObject([{ task: 0 }, { task: 1, reason: { approval: 'REQUIRED' } }]);
    expect(ask(run, approve(1))).toMatch(/can't be approved yet/);
  });
});

test('a cascade that was cut off asks after a restart, too', () => {
  const [fails, rule] = [plannedTask('a', []), { triggerRule: 'all_done' } as const];
  const plan = planOf([fails, asked('b', [0], { options: rule }), asked('c', [0], { options: rule })]);
  const [run, rows] = [runOfPlan(plan), rowsOf(plan)];
  rows.apply(changesOf(apply(run, failed(0))));
  expect([stateOf(run, 1), stateOf(run, 2), isCutOff(run)]).toEqual([['PENDING', 'AWAITED'], ['PENDING', 'REQUIRED'], true]);
  const read = runOfRecord(rows.record(), T0);
  apply(read, { type: 'continued', dag: DAG });
  expect([stateOf(read, 1), stateOf(read, 2), isCutOff(read)]).toEqual([['PENDING', 'AWAITED'], ['PENDING', 'AWAITED'], false]);
});

describe('an edit', () => {
  const edit = (other: object): Command => ({ kind: 'edit', edit: { version: 0, added: [], replaced: [], removed: [], ...other } });
  test('adds a task that is asked for', () => {
    const run = runOfPlan(planOf([build]));
    expect(ask(run, edit({ added: [asked('deploy', []), asked('tell', [0])] }))).toBe(2);
    expect([stateOf(run, 1), stateOf(run, 2)]).toEqual([
      ['PENDING', 'AWAITED'],
      ['PENDING', 'REQUIRED'],
    ]);
  });
  test('requires an approval of what was held by hand, and lets go what needs none any more', () => {
    const run = runOfPlan(planOf([build, plannedTask('a', [0]), asked('b', [])]));
    ask(run, { kind: 'hold', tasks: [1], resumeAt: T0 + 900 });
    const replaced = [
      { task: 1, as: asked('a', [0]) },
      { task: 2, as: plannedTask('b', []) },
    ];
    expect(ask(run, edit({ replaced }))).toBe(2);
    expect([stateOf(run, 1), stateOf(run, 2), run.dueTimes.size]).toEqual([['PENDING', 'REQUIRED'], ['QUEUED', undefined], 0]);
  });
});
