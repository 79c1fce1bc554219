/** Histories with planted violations: each is found, and the same history without it is clean. */
import type { DagChange, TaskChange } from '../../src/core/change';
import type { Event } from '../../src/core/event';
import { createTables } from '../../src/adapters/memory/tables';
import { recordOf } from '../../src/adapters/memory/store';
import { DAG, execution, planOf, plannedTask } from '../core/model';
import { batch, dagChange, taskChange } from '../contract/records';
import { check } from './checker';
import type { Entry, Happened } from './history';

const plan = planOf([plannedTask('a', []), plannedTask('b', [0])]);
const fenceOf = (dispatch: number, grant: number): string => ((BigInt(dispatch) << 51n) | BigInt(grant)).toString();

const timed = (all: readonly Happened[]): Entry[] => all.map((what, i) => ({ at: i * 10, ...what }));
const rulesOf = (all: readonly Happened[]): string[] => [...new Set(check(timed(all)).map(({ rule }) => rule))];

const stored: Happened[] = [
  { kind: 'epoch', shard: 0, epoch: 1, scheduler: 's1' },
  { kind: 'stored', dag: plan },
  { kind: 'accepted', dag: DAG },
];
const began = (task: number, call: number, over: Partial<Extract<Happened, { kind: 'began' }>> = {}): Happened => ({
  kind: 'began',
  process: 'w1',
  call,
  dag: DAG,
  task,
  attempt: 1,
  fence: fenceOf(1, call),
  restored: null,
  ...over,
});
const ended = (task: number, call: number, process = 'w1'): Happened => ({ kind: 'ended', process, call, dag: DAG, task, how: 'returned' });
const appended = (event: Event): Happened => ({
  kind: 'appended',
  log: '1',
  shard: 0,
  offset: 0n,
  timestamp: 0,
  hash: 'h',
  events: [event],
  by: 'w1',
});
const completion = (task: number): Happened => appended({ type: 'completed', ...execution(task, 1), endedAt: 0, result: null });
const committed = (tasks: readonly TaskChange[], dags: readonly DagChange[] = [], epoch = 1): Happened => ({
  kind: 'committed',
  scheduler: 's1',
  batch: batch([{ shard: 0, epoch, position: { nextOffset: 1n, last: null } }], { tasks, dags }),
});
const done = (task: number, over: Partial<TaskChange> = {}): TaskChange => taskChange(plan, task, { fence: fenceOf(1, 5), ...over });

const final = (dags: readonly DagChange[], tasks: readonly TaskChange[]): Happened => {
  const tables = createTables();
  tables.shards.push({ owner: 's1', epoch: 1, leaseUntil: 0, position: { nextOffset: 0n, last: null } });
  tables.admit([{ dag: plan, idempotency: null }]);
  tables.commit(batch([], { dags, tasks }));
  return { kind: 'final', record: recordOf(tables, DAG)! };
};
const whole = [final([dagChange(plan, { status: 'COMPLETED', completedTasks: 2, completedAt: 1 })], [done(0), done(1)])];

const clean: Happened[] = [
  ...stored,
  began(0, 1),
  ended(0, 1),
  completion(0),
  committed([done(0)]),
  began(1, 2),
  ended(1, 2),
  completion(1),
  committed([done(1)]),
  ...whole,
];

test('a clean history has no violation', () => {
  expect(check(timed(clean))).toEqual([]);
});

const stop = (what: 'stopped' | 'resumed' | 'crashed'): Happened => ({ kind: 'process', process: 'w1', what });
const granted = (fence: number, session: string): Happened => ({ kind: 'granted', session, key: `${DAG}/0`, dispatch: 1, fence: String(fence) });
const sent = (dispatch: number): Happened => ({
  kind: 'sent',
  by: 's1',
  session: 'x',
  shard: 0,
  epoch: 1,
  dag: DAG,
  task: 0,
  dispatch,
  priority: 5,
});
const kept: Happened = { kind: 'checkpointed', process: 'w1', call: 1, dag: DAG, task: 0, state: '{"step":2,"call":"w1/1"}' };

test.each<[string, string, Happened[]]>([
  ['a DAG that is gone', 'nothing lost', stored],
  ['a DAG that is not final', 'nothing lost', [...stored, final([], [])]],
  [
    'counters that differ from the rows',
    'nothing lost',
    [...stored, final([dagChange(plan, { status: 'COMPLETED', completedTasks: 1, completedAt: 1 })], [done(0), done(1)])],
  ],
  ['an epoch that comes again', 'fencing', [...clean, { kind: 'epoch', shard: 0, epoch: 1, scheduler: 's2' }]],
  ['a commit under an old epoch', 'fencing', [...clean, { kind: 'epoch', shard: 0, epoch: 2, scheduler: 's2' }, committed([])]],
  ['a second end of a task', 'one effect', [...clean, committed([done(0, { status: 'FAILED' })])]],
  ['a final task that runs again', 'one effect', [...clean, committed([done(0, { status: 'RUNNING' })])]],
  ['a result of another dispatch', 'fencing', [...stored, committed([done(0, { dispatch: 2 })]), ...whole]],
  ['a fence that repeats', 'fencing', [...clean, granted(7, 'x'), granted(7, 'y')]],
  ['two executions at once', 'no overlap', [...clean, began(0, 3), began(0, 4, { process: 'w2' })]],
  ['a child before its parent', 'order', [...stored, began(1, 1), ended(1, 1), ...whole]],
  ['a later number before its commit', 'order', [...clean, sent(2)]],
  ['a checkpoint that is forgotten', 'checkpoints', [...clean, began(0, 1), kept, ended(0, 1), began(0, 2), ended(0, 2)]],
  ['a mistake in the program', 'program', [...clean, { kind: 'fault', fault: 'program: TypeError', target: 's1' }]],
])('%s is found', (_name, rule, history) => {
  expect(rulesOf(history)).toEqual([rule]);
});

test.each<[string, Happened[]]>([
  ['an execution that follows a crash', [began(0, 3), stop('crashed'), began(0, 4, { process: 'w2' })]],
  ['an execution beside one that is suspended', [began(0, 3), stop('stopped'), began(0, 4, { process: 'w2' }), stop('resumed')]],
  ['the same grant again to the same session', [granted(7, 'x'), granted(7, 'x')]],
  ['a first number before any commit', [sent(1)]],
])('%s is none', (_name, more) => {
  expect(check(timed([...clean, ...more]))).toEqual([]);
});
