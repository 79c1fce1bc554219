import { failure } from '../../src/core/failure';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { applyAll, completed, planOf, plannedTask, started } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { othersWaitWith, startStage, tasks, worker } from './stage';

const notifications = (count: number) => Array.from({ length: count }, (_, i) => plannedTask(`n${String(i)}`, [], { type: 'NOTIFICATION' }));

const under = (run: Run, task: number, dispatch: number): void => {
  run.dispatch[task] = dispatch;
};

test('what is ready goes to the least loaded worker, up to its window, and on when something ends', async () => {
  const stage = startStage([worker('w1'), worker('w2')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(8)));
  await stage.enqueue(run, 0, 1, 2, 3, 4, 5, 6, 7);
  expect([stage.sent.length, stage.load()]).toEqual([
    6,
    [
      ['s-w1', 3],
      ['s-w2', 3],
    ],
  ]);
  stage.dispatcher.over(applyAll(run, [completed(0)], 0).over);
  await turns();
  expect(stage.sent.at(-1)).toBe('t6#1 to s-w1');
});

test('a worker that runs ten tasks in a slot gets as many for each of its slots, and one such batch more for each that waits', async () => {
  const stage = startStage([worker('w1', { slots: 2, perSlot: { API_CALL: 10 } })]);
  await stage.look();
  const all = Array.from({ length: 45 }, (_, i) => i);
  const run = runOfPlan(planOf(tasks(45)));
  await stage.enqueue(run, ...all);
  // Of a window of three slots.
  expect([stage.sent.length, stage.load()]).toEqual([30, [['s-w1', 3]]]);
  stage.dispatcher.over(
    applyAll(
      run,
      all.slice(0, 4).map((task) => completed(task)),
      0,
    ).over,
  );
  await turns();
  expect([stage.sent.length, stage.load()]).toEqual([34, [['s-w1', 3]]]);
  stage.dispatcher.reconcile();
  expect(stage.load()).toEqual([['s-w1', 3]]);
});

test('a later and more important task passes a full window', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  await stage.enqueue(runOfPlan(planOf(tasks(20))), ...Array.from({ length: 20 }, (_, i) => i));
  const urgent = runOfPlan({ ...planOf(tasks(1, 9)), dagId: '018bcfe5-6800-8000-8000-000001000000' as never });
  await stage.enqueue(urgent, 0);
  expect(stage.sent.slice(3)).toEqual(['t0#1 to s-w1']);
});

test('while another scheduler has something more important, nothing lower is sent', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  stage.dispatcher.hear(othersWaitWith(8));
  await stage.enqueue(runOfPlan(planOf(tasks(1))), 0);
  expect(stage.sent).toEqual([]);
  stage.dispatcher.hear(othersWaitWith(null));
  await turns();
  expect(stage.sent).toHaveLength(1);
});

test('workers that run nothing of what waits elsewhere are sent whatever there is', async () => {
  const stage = startStage([worker('w1'), worker('w2', { types: ['NOTIFICATION'] }), worker('w3', { types: ['API_CALL', 'NOTIFICATION'] })]);
  await stage.look();
  stage.dispatcher.hear(othersWaitWith(8));
  const run = runOfPlan(planOf([...tasks(2), ...notifications(6)]));
  await stage.enqueue(run, 0, 1, 2, 3, 4, 5, 6, 7);
  expect(stage.sent).toEqual(['n0#1 to s-w2', 'n1#1 to s-w2', 'n2#1 to s-w2']);
  expect(stage.dispatcher.standing()).toMatchObject({ highest: 5, highestOf: { API_CALL: 5, NOTIFICATION: 5 } });
  // The other one has less of one type than before, and more of another.
  stage.dispatcher.hear(othersWaitWith(9, ['NOTIFICATION']));
  await turns();
  expect(stage.sent.slice(3)).toEqual(['t0#1 to s-w1', 't1#1 to s-w1']);
});

test('what waits for room is counted, by its types; nothing where the leases of the shards are over', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  await stage.enqueue(runOfPlan(planOf(tasks(8))), 0, 1, 2, 3, 4, 5, 6, 7);
  expect(stage.sent).toHaveLength(3);
  const waiting = (type: string): number => stage.dispatcher.waiting((one) => one === type);
  expect([waiting('API_CALL'), waiting('NOTIFICATION')]).toEqual([5, 0]);
  await stage.store.pause({ scope: 'type', name: 'API_CALL', reason: null, by: null, until: null, now: 0 });
  await stage.lookAtGates();
  expect(waiting('API_CALL')).toBe(0);
  await stage.store.end({ scope: 'type', name: 'API_CALL', state: 'PAUSED', now: 0 });
  await stage.lookAtGates();
  expect(waiting('API_CALL')).toBe(5);
  stage.state.live = false;
  expect(waiting('API_CALL')).toBe(0);
});

test('nothing is sent once the leases of the shards are over by the own clock, and nobody waits for it', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  stage.state.live = false;
  const run = runOfPlan(planOf(tasks(2)));
  await stage.enqueue(run, 0);
  expect([stage.sent, stage.dispatcher.standing().highest]).toEqual([[], null]);
  stage.state.live = true;
  await stage.look();
  expect(stage.sent).toEqual(['t0#1 to s-w1']);
  // Over while the claims were asked.
  under(run, 1, 2);
  stage.state.raise = () => {
    stage.state.live = false;
    return { kind: 'raised' };
  };
  await stage.enqueue(run, 1);
  expect([stage.sent.length, stage.load()]).toEqual([1, [['s-w1', 1]]]);
  stage.state.live = true;
  stage.state.raise = () => ({ kind: 'raised' });
  await stage.clock.advance(200);
  expect(stage.sent.at(-1)).toBe('t1#2 to s-w1');
});

test('what a send failed to bring is sent again in its turn', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  stage.state.send = () => Promise.reject(failure('BROKER_UNAVAILABLE', 'away'));
  await stage.enqueue(runOfPlan(planOf(tasks(2))), 0, 1);
  expect([stage.sent, stage.load()]).toEqual([[], [['s-w1', 0]]]);
  stage.state.send = () => Promise.resolve();
  await stage.clock.advance(200);
  expect(stage.sent).toEqual(['t0#1 to s-w1', 't1#1 to s-w1']);
});

test('a send that fails after its shard was taken anew takes back nothing of the new books', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  let fail: (error: Error) => void = () => undefined;
  stage.state.send = () =>
    new Promise((_resolve, reject) => {
      fail = reject;
    });
  await stage.enqueue(runOfPlan(planOf(tasks(1))), 0);
  stage.dispatcher.shardDropped(0);
  stage.dispatcher.shardTaken(0, 2);
  stage.state.send = () => Promise.resolve();
  await stage.enqueue(runOfPlan(planOf(tasks(1))), 0);
  fail(failure('BROKER_UNAVAILABLE', 'away'));
  await stage.clock.advance(1000);
  expect([stage.sent, stage.load(), stage.dispatcher.assignments.size()]).toEqual([['t0#1 to s-w1'], [['s-w1', 1]], 1]);
});

test('a later number waits while a live session still holds an earlier one, which is told to end, and leaves when it is free', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  under(run, 0, 2);
  stage.state.raise = () => ({ kind: 'held', session: 's-w1', dispatch: 1 });
  await stage.enqueue(run, 0);
  expect([stage.sent, stage.load()]).toEqual([[], [['s-w1', 0]]]);
  expect(stage.revoked).toEqual(['#1 of s-w1']);
  stage.state.raise = () => ({ kind: 'raised' });
  await stage.clock.advance(500);
  expect(stage.sent).toEqual(['t0#2 to s-w1']);
});

test('a later number that a live session holds already is left to it', async () => {
  const stage = startStage([worker('w1'), worker('w2')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  under(run, 0, 2);
  stage.state.raise = () => ({ kind: 'held', session: 's-w2', dispatch: 2 });
  await stage.enqueue(run, 0);
  await stage.clock.advance(2000);
  expect([stage.sent, stage.load()]).toEqual([
    [],
    [
      ['s-w1', 0],
      ['s-w2', 1],
    ],
  ]);
});

test('what was adopted before its worker was seen counts from the first look on', async () => {
  const stage = startStage([worker('w1')]);
  const run = runOfPlan(planOf(tasks(8)));
  applyAll(run, [started(0, 1, { session: 's-w1' }), started(1, 1, { session: 's-w1' })], 0);
  for (const task of [0, 1]) stage.dispatcher.adopt(run, task, 's-w1');
  await stage.look();
  await stage.enqueue(run, 2, 3, 4, 5, 6, 7);
  expect([stage.load(), stage.sent.length]).toEqual([[['s-w1', 3]], 1]);
});

test('a session that is gone loses what it has; absence from an untrusted roster proves nothing', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  await stage.enqueue(runOfPlan(planOf(tasks(2))), 0, 1);
  await stage.clock.advance(10);
  Object.assign(stage.state, { workers: [], trusted: false });
  await stage.look();
  expect(stage.events).toEqual([]);
  stage.state.trusted = true;
  await stage.look();
  expect(stage.events).toMatchObject([
    {
      type: 'lost',
      session: 's-w1',
      tasks: [
        { task: 0, dispatch: 1 },
        { task: 1, dispatch: 1 },
      ],
    },
  ]);
  await stage.look();
  expect(stage.events).toHaveLength(1);
});

test('a task that another worker runs than it was sent to is lost with the one that runs it', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  await stage.enqueue(run, 0);
  // A former owner had sent it to w2, whose report comes first.
  stage.state.workers = [worker('w1'), worker('w2')];
  applyAll(run, [started(0, 1, { session: 's-w2' })], 0);
  await stage.look();
  await stage.clock.advance(10);
  stage.state.workers = [worker('w1')];
  await stage.look();
  expect(stage.events).toMatchObject([{ type: 'lost', session: 's-w2', tasks: [{ task: 0, dispatch: 1 }] }]);
  expect(run.state[0]).toBe(CODE.RUNNING);
});

test.each(['sent', 'running'])('a task that is %s, and that no live session holds, is reported as lost by the audit', async (how) => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  await stage.enqueue(run, 0);
  if (how === 'running') applyAll(run, [started(0, 1, { session: 's-w1' })], 0);
  stage.state.holder = () => ({ kind: 'held', session: 's-w1' });
  await stage.clock.advance(10_001);
  await stage.losses.auditOnce();
  expect(stage.events).toEqual([]);
  stage.state.holder = () => ({ kind: 'absent' });
  await stage.clock.advance(10_001);
  await stage.losses.auditOnce();
  expect(stage.events).toMatchObject([{ type: 'lost', session: 's-w1', evidence: 'nobody claimed the dispatch' }]);
});

test('a dispatch that ended in the leases, and whose report never comes, is reported as lost by the audit', async () => {
  const stage = startStage([worker('w1')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  await stage.enqueue(run, 0);
  stage.state.holder = () => ({ kind: 'finished' });
  await stage.clock.advance(9_000);
  await stage.losses.auditOnce();
  expect(stage.events).toEqual([]);
  await stage.clock.advance(1_001);
  await stage.losses.auditOnce();
  expect(stage.events).toMatchObject([{ type: 'lost', session: 's-w1', tasks: [{ task: 0, dispatch: 1 }] }]);
});

test('what ends while the leases are asked who holds it is nobody’s afterwards', async () => {
  const stage = startStage([worker('w1'), worker('w2')]);
  await stage.look();
  const run = runOfPlan(planOf(tasks(1)));
  await stage.enqueue(run, 0);
  stage.state.holder = () => {
    stage.dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
    return { kind: 'held', session: 's-w2' };
  };
  await stage.clock.advance(10_001);
  await stage.losses.auditOnce();
  expect([stage.dispatcher.assignments.size(), [...stage.dispatcher.assignments.sessions()]]).toEqual([0, []]);
  expect(stage.load()).toEqual([
    ['s-w1', 0],
    ['s-w2', 0],
  ]);
});

test('each dispatch that waits at its worker is told of once', async () => {
  const stage = startStage([worker('w1', { slots: 1 })]);
  await stage.look();
  await stage.enqueue(runOfPlan(planOf(tasks(3))), 0, 1, 2);
  const waiting = () => stage.dispatcher.assignments.waiting(stage.clock.monotonic() - 500).map(({ task }) => task);
  expect(waiting()).toEqual([]);
  await stage.clock.advance(501);
  expect(waiting()).toEqual([0, 1]);
  expect(waiting()).toEqual([]);
});
