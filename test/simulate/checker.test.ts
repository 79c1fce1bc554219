/** Histories with planted violations: each is found, and the same history without it is clean. */
import type { DagChange, TaskChange } from '../../src/core/change';
import type { Event } from '../../src/core/event';
import { createTables } from '../../src/adapters/memory/tables';
import { recordOf } from '../../src/adapters/memory/store';
import { DAG, execution, lost, planOf, plannedTask, type LawEvent } from '../core/model';
import { batch, dagChange, taskChange } from '../contract/records';
import { applyEvent } from '../../src/core/applyEvent';
import { runOfPlan } from '../../src/core/run';
import { changesOf, newStep } from '../../src/core/step';
import { check } from './checker';
import { START_MS } from './cluster';
import { LAW } from './cluster';
import type { Entry, Happened } from './history';
import { dispatchKey } from './foreseen';
import { type Replayed } from './replay';
import { ruleHolds } from './triggerRules';

const plan = planOf([plannedTask('a', []), plannedTask('b', [0])]);
const fenceOf = (dispatch: number, grant: number): string => ((BigInt(dispatch) << 51n) | BigInt(grant)).toString();

const timed = (all: readonly Happened[]): Entry[] => all.map((what, i) => ({ at: i * 10, ...what }));
/** What a replay of these histories would tell, but for the rows, which are made up here. */
const replayed: Replayed = {
  moves: new Map(),
  differences: [],
  tooEarly: [],
  readyAt: new Map([
    [dispatchKey(DAG, 0, 1), { log: 0, next: 0 }],
    [dispatchKey(DAG, 1, 1), { log: 1, next: 1 }],
  ]),
  becameReady: [],
};
const rulesOf = (all: readonly Happened[], told: Partial<Replayed> = {}): string[] => [
  ...new Set(check(timed(all), { ...replayed, ...told }).map(({ rule }) => rule)),
];

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
  expect(rulesOf(clean)).toEqual([]);
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
const ofType = { scope: 'type', name: 'API_CALL', maxRunning: 1, perSecond: null, burst: null, reason: null, by: null, updatedAt: 0 } as const;
const limited: Happened[] = [...stored, { kind: 'limits', limits: [ofType] }];
const narrow: Happened[] = [...stored, { kind: 'stored', dag: { ...plan, maxRunning: 1 } }];
const beside = began(1, 4, { process: 'w2' });
const cutOff: Happened = { kind: 'fault', fault: 'worker is cut off', target: '0' };
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
  [
    'a start after a committed cancel',
    'order',
    [...stored, committed([done(0, { status: 'CANCELLED', dispatch: 2 })]), began(0, 1), ended(0, 1), ...whole],
  ],
  ['a dispatch that was never ready', 'order', [...clean, began(0, 3, { fence: fenceOf(2, 3) }), ended(0, 3)]],
  ['a command without an outcome', 'nothing lost', [...clean, { kind: 'commanded', id: '1', dag: DAG, command: { kind: 'pause' } }]],
  ['a task that nothing moves', 'progress', [...clean, { kind: 'stuck', dag: DAG, task: 0, why: 'is RETRYING and never due' }]],
  ['more handlers of a type than it has slots', 'limits', [...clean, ...limited.slice(3), began(0, 3), beside]],
  ['more handlers of a DAG than it has slots', 'limits', [...clean, ...narrow.slice(3), began(0, 3), beside]],
  [
    'more handlers than slots though Redis forgot them',
    'limits',
    [...clean, ...limited.slice(3), began(0, 3), { kind: 'fault', fault: 'redis forgets', target: '' }, beside],
  ],
  ['a slot that nobody gives back', 'limits', [...clean, { kind: 'left', slots: 1 }]],
  ['a mistake in the program', 'program', [...clean, { kind: 'fault', fault: 'program: TypeError', target: 's1' }]],
])('%s is found', (_name, rule, history) => {
  expect(rulesOf(history)).toEqual([rule]);
});

test('a start after the cancel of what was sent by a log that is gone is none', () => {
  const told = (lost: readonly Happened[]): Happened[] => [
    ...stored,
    sent(1),
    ...lost,
    committed([done(0, { status: 'CANCELLED' })]),
    began(0, 1),
    ended(0, 1),
    ...whole,
  ];
  expect(rulesOf(told([]))).toEqual(['order']);
  expect(rulesOf(told([{ kind: 'fault', fault: 'topics are made again', target: '0' }]))).toEqual([]);
});

const commandedTo = (kind: 'retry' | 'pause'): Happened[] => [
  appended({
    type: 'commanded',
    id: '7',
    dag: DAG,
    command: kind === 'pause' ? { kind } : { kind, tasks: [0], downstream: true },
    by: null,
    reason: null,
  }),
  {
    kind: 'committed',
    scheduler: 's1',
    batch: {
      ...batch([{ shard: 0, epoch: 1, position: { nextOffset: 1n, last: null } }], { tasks: [done(0, { status: 'QUEUED', dispatch: 2 })] }),
      commands: [{ id: '7', dag: DAG, outcome: 'APPLIED', detail: null, affected: 1, at: 1 }],
    },
  },
];

test('a final task begins again by a command that does that, and by no other', () => {
  expect(rulesOf([...clean, ...commandedTo('retry')])).toEqual([]);
  expect(rulesOf([...clean, ...commandedTo('pause')])).toEqual(['one effect']);
});

/** The tasks of the DAG have this priority. */
const ofPriority = (priority: number): Happened => ({
  kind: 'stored',
  dag: { ...plan, tasks: plan.tasks.map((task) => ({ ...task, priority })) },
});
const sentWith = (priority: number, task: number): Happened => ({ ...(sent(1) as Extract<Happened, { kind: 'sent' }>), task, priority });

test('a full window of less important tasks before one that waits is found, until a command on its DAG is in the log', () => {
  const becameReady = [{ at: 5, since: START_MS + 5, owner: 's1', dag: DAG, task: 1, priority: 9 }];
  const sessions = Array.from({ length: 4 }, (_, i): Happened => ({
    kind: 'session',
    session: `x${String(i)}`,
    process: `w${String(i)}.1`,
    window: 6,
  }));
  const lower = (count: number): Happened[] => [
    ...stored,
    ofPriority(3),
    ...sessions,
    ...Array.from({ length: count }, () => sentWith(3, 0)),
    ...whole,
  ];
  expect(rulesOf(lower(50), { becameReady })).toEqual(['limits']);
  expect(rulesOf(lower(20), { becameReady })).toEqual([]);
  expect(rulesOf([...stored, ofPriority(9), ...Array.from({ length: 50 }, () => sentWith(9, 0)), ...whole], { becameReady })).toEqual([]);
  const alreadySent = [...stored, ofPriority(9), sentWith(9, 1), ofPriority(3), ...lower(50).slice(stored.length + 1 + sessions.length)];
  expect(rulesOf(alreadySent, { becameReady })).toEqual([]);
  const pause = commandedTo('pause')[0]!;
  const during = (at: number): Happened[] => [...lower(50).slice(0, at), pause, ...lower(50).slice(at)];
  expect(rulesOf(during(10), { becameReady })).toEqual([]);
  expect(rulesOf(during(50), { becameReady })).toEqual(['limits']);
});

/** A log and its commit as the law has them, with the rows changed by `spoil`. */
const lawful = (spoil: (tasks: readonly TaskChange[]) => readonly TaskChange[]): Happened[] => {
  const [step, run] = [newStep(), runOfPlan(plan)];
  const report: Event = { type: 'completed', ...execution(0, 1), fence: fenceOf(1, 5), endedAt: 0, result: null };
  applyEvent(step, report, { runs: new Map([[DAG, run]]), now: 0, law: LAW });
  const { tasks, dags } = changesOf(step);
  const shards = [{ shard: 0, epoch: 1, position: { nextOffset: 1n, last: { timestamp: 0, hash: '1.0' } } }];
  const record = { ...appended(report), hash: '1.0' } as Happened;
  return [stored[0]!, stored[1]!, record, { kind: 'committed', scheduler: 's1', batch: batch(shards, { tasks: spoil(tasks), dags }) }];
};

test('rows that a crash has changed are found', () => {
  const rules = (history: Happened[]) => [...new Set(check(timed(history)).map(({ rule }) => rule))];
  expect(rules(lawful((tasks) => tasks))).toEqual([]);
  expect(rules(lawful((tasks) => tasks.map((task) => ({ ...task, losses: 1 }))))).toEqual(['equivalence']);
  expect(rules(lawful(() => []))).toEqual(['equivalence']);
});

/** A record of a log, and the commit up to it, which writes nothing. */
const passedOver = (log: string, offset: number, event: Event): Happened[] => {
  const hash = `${log}.${String(offset)}`;
  const position = { nextOffset: BigInt(offset + 1), last: { timestamp: 0, hash } };
  return [
    { ...appended(event), log, offset: BigInt(offset), hash } as Happened,
    { kind: 'committed', scheduler: 's1', batch: batch([{ shard: 0, epoch: 1, position }]) },
  ];
};

test('a word at the begin of a log that was made again counts against a loss, and the loss counts without it', () => {
  const history = (session: string): Happened[] => [
    ...stored.slice(0, 2),
    ...passedOver('1', 0, { type: 'submitted', dag: DAG }),
    ...passedOver('2', 0, { type: 'alive', session }),
    ...passedOver('2', 1, lost(0, 1, 's1')),
  ];
  const rules = (session: string) => check(timed(history(session))).map(({ rule }) => rule);
  expect(rules('s1')).toEqual([]);
  expect(rules('s2')).toEqual(['equivalence']);
});

const recorded = (log: number, offset: number, event: Event): Happened =>
  ({ ...appended(event), log: String(log), offset: BigInt(offset), hash: `${String(log)}.${String(offset)}` }) as Happened;
/** A commit that says up to where a log was applied, with the rows that the law made of `events`. */
const appliedUpTo = (log: number, offset: number, events: readonly Event[]): Happened => {
  const step = newStep();
  const runs = new Map([[DAG, runOfPlan(plan)]]);
  for (const event of events) applyEvent(step, event as LawEvent, { runs, now: 0, law: LAW });
  const shards = [
    { shard: 0, epoch: 1, position: { nextOffset: BigInt(offset + 1), last: { timestamp: 0, hash: `${String(log)}.${String(offset)}` } } },
  ];
  return { kind: 'committed', scheduler: 's1', batch: batch(shards, changesOf(step)) };
};
const report: Event = { type: 'completed', ...execution(0, 1), fence: fenceOf(1, 1), endedAt: 0, result: null };
const mark: Event = { type: 'marked', epoch: 1, mark: 1 };
const ruled = (history: readonly Happened[]): string[] => [...new Set(check(timed(history)).map(({ rule }) => rule))];

test('a start by what a log told that was never committed and went with its topic is none, one by nothing is found', () => {
  const told = (gone: readonly Happened[]): Happened[] => [
    ...stored.slice(0, 2),
    began(0, 1),
    ended(0, 1),
    ...gone,
    recorded(2, 0, mark),
    appliedUpTo(2, 0, []),
    began(1, 2),
    ended(1, 2),
  ];
  expect(ruled(told([recorded(1, 0, report)]))).toEqual([]);
  expect(ruled(told([recorded(1, 0, mark)]))).toEqual(['order']);
});

test('a start by a report whose DAG its owner had still to find is none, one before that report is found', () => {
  const told = (first: Event): Happened[] => [
    ...stored.slice(0, 2),
    began(0, 1),
    ended(0, 1),
    recorded(1, 0, first),
    appliedUpTo(1, 0, []),
    began(1, 2),
    ended(1, 2),
    recorded(1, 1, report),
    appliedUpTo(1, 1, [report]),
  ];
  expect(ruled(told(report))).toEqual([]);
  expect(ruled(told(mark))).toEqual(['order']);
});

test('a start by an owner that found the DAG after a command on it, and never committed, is none; without a takeover it is found', () => {
  const hold: Event = { type: 'commanded', id: 'h', dag: DAG, command: { kind: 'hold', tasks: [1], resumeAt: null }, by: null, reason: null };
  const told = (epoch: number): Happened[] => {
    const step = newStep();
    const runs = new Map([[DAG, runOfPlan(plan)]]);
    for (const event of [hold, report]) applyEvent(step, event, { runs, now: 0, law: LAW });
    const { batch: plain } = appliedUpTo(1, 2, [hold, report]) as Extract<Happened, { kind: 'committed' }>;
    const shards = plain.shards.map((shard) => ({ ...shard, epoch }));
    return [
      ...stored.slice(0, 2),
      recorded(1, 0, mark),
      appliedUpTo(1, 0, []),
      recorded(1, 1, hold),
      began(0, 1),
      ended(0, 1),
      recorded(1, 2, report),
      began(1, 2),
      ended(1, 2),
      ...(epoch === 1 ? [] : [{ kind: 'epoch', shard: 0, epoch, scheduler: 's2' } as const]),
      { kind: 'committed', scheduler: 's2', batch: { ...plain, shards, commands: step.commands, history: step.history } },
    ];
  };
  expect(ruled(told(2))).toEqual([]);
  expect(ruled(told(1))).toEqual(['order']);
});

/** What a session said before a takeover is unknown to the new owner, which believes it for a lease after the place where it begins. */
test.each([
  [100, false],
  [2000, true],
])('a loss that is told %i ms after the place where a new owner begins counts: %s', (ms, counts) => {
  const loss: Event = { type: 'lost', session: 'w1', evidence: 'gone', tasks: [{ dag: DAG, task: 0, dispatch: 1 }] };
  const at = (offset: number, timestamp: number, event: Event): Happened => ({ ...recorded(1, offset, event), timestamp }) as Happened;
  const committedBy = (epoch: number, offset: number, timestamp: number, events: readonly Event[]): Happened => {
    const { batch: plain } = appliedUpTo(1, offset, []) as Extract<Happened, { kind: 'committed' }>;
    const step = newStep();
    for (const event of events) applyEvent(step, event as LawEvent, { runs: new Map([[DAG, runOfPlan(plan)]]), now: timestamp, law: LAW });
    const { position } = plain.shards[0]!;
    const shards = [{ shard: 0, epoch, position: { ...position, last: { ...position.last!, timestamp } } }];
    const { attempts, history } = step;
    return { kind: 'committed', scheduler: 's1', batch: { ...batch(shards, changesOf(step)), attempts, history } };
  };
  const told = (applied: readonly Event[]): Happened[] => [
    ...stored.slice(0, 2),
    at(0, 1000, mark),
    committedBy(1, 0, 1000, []),
    { kind: 'epoch', shard: 0, epoch: 2, scheduler: 's2' },
    at(1, 1000 + ms, loss),
    committedBy(2, 1, 1000 + ms, applied),
  ];
  expect(ruled(told([loss]))).toEqual(counts ? [] : ['equivalence']);
  expect(ruled(told([]))).toEqual(counts ? ['equivalence'] : []);
});

test('an end at the begin of a log that was made again is found where its owner read on from elsewhere', () => {
  const [step, run] = [newStep(), runOfPlan(plan)];
  applyEvent(step, report, { runs: new Map([[DAG, run]]), now: 0, law: LAW });
  const { tasks, dags } = changesOf(step);
  const history = (rows: Partial<Parameters<typeof batch>[1]>): Happened[] => {
    const [, commit] = passedOver('2', 1, { type: 'submitted', dag: DAG }) as [Happened, Extract<Happened, { kind: 'committed' }>];
    return [
      ...stored.slice(0, 2),
      ...passedOver('1', 0, { type: 'submitted', dag: DAG }),
      passedOver('2', 0, report)[0]!,
      { ...commit, batch: { ...commit.batch, ...rows } },
    ];
  };
  const rules = (rows: Partial<Parameters<typeof batch>[1]>) => check(timed(history(rows))).map(({ rule }) => rule);
  expect(rules({ tasks, dags })).toEqual([]);
  expect(rules({})).toEqual(['equivalence']);
});

test.each([
  ['all_success', ['COMPLETED', 'FAILED'], false],
  ['all_success', ['COMPLETED', 'COMPLETED'], true],
  ['all_done', ['FAILED', 'RUNNING'], false],
  ['all_done', ['FAILED', 'SKIPPED'], true],
  ['one_success', ['FAILED', 'RUNNING'], false],
  ['one_success', ['COMPLETED', 'RUNNING'], true],
  ['none_failed', ['COMPLETED', 'CANCELLED'], false],
  ['none_failed', ['COMPLETED', 'RUNNING'], false],
  ['always', ['PENDING', 'PENDING'], true],
] as const)('%s over %j: %s', (rule, statuses, holds) => {
  const parents = statuses.map((status) => ({ status, reason: undefined }));
  expect(ruleHolds(rule, parents)).toBe(holds);
});

test('a task that is ready before its rule holds is found', () => {
  expect(rulesOf(clean, { tooEarly: [{ at: 1, what: 'a task' }] })).toEqual(['order']);
});

test('what was given up while its process slept past its lease must not begin when that goes on', () => {
  const givenUp = committed([done(0, { status: 'QUEUED', dispatch: 2, fence: null })]);
  const history = (sleptMs: number, given: readonly Happened[]): Entry[] => {
    const all: readonly Happened[] = [...stored, granted(7, 'x'), stop('stopped'), ...given, stop('resumed'), began(0, 7), ended(0, 7), ...whole];
    const woke = all.findIndex((each) => each.kind === 'process' && each.what === 'resumed');
    return all.map((what, i) => ({ at: i * 10 + (i >= woke ? sleptMs : 0), ...what }));
  };
  const rules = (sleptMs: number, given: readonly Happened[]) => check(history(sleptMs, given), replayed).map(({ rule }) => rule);
  expect(rules(2000, [givenUp])).toEqual(['fencing']);
  expect(rules(2000, [])).toEqual([]);
  expect(rules(1000, [givenUp])).toEqual([]);
});

test.each<[string, Happened[]]>([
  ['an execution that follows a crash', [began(0, 3), stop('crashed'), began(0, 4, { process: 'w2' })]],
  ['an execution beside one that is suspended', [began(0, 3), stop('stopped'), began(0, 4, { process: 'w2' }), stop('resumed')]],
  ['the same grant again to the same session', [granted(7, 'x'), granted(7, 'x')]],
  ['a first number before any commit', [sent(1)]],
  ['what runs one after the other under a limit', [...limited.slice(3), ...narrow.slice(3), began(0, 3), ended(0, 3), beside]],
  ['what runs where another one crashed', [...limited.slice(3), began(0, 3), stop('crashed'), beside]],
  ['what runs beside a process that is suspended', [...limited.slice(3), began(0, 3), stop('stopped'), beside, stop('resumed')]],
  ['what runs beside what Redis forgot', [...limited.slice(3), began(0, 3), cutOff, { kind: 'fault', fault: 'redis forgets', target: '' }, beside]],
])('%s is none', (_name, more) => {
  expect(rulesOf([...clean, ...more])).toEqual([]);
});
