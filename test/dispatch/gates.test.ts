/** What gates keep from being sent, and what the breaker makes of failures. */
import type { Outcome } from '../../src/core/breaker';
import type { DagId } from '../../src/core/ids';
import { runOfPlan, type Run } from '../../src/core/run';
import { applyAll, completed, planOf, plannedTask } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { othersWaitWith, startStage, worker } from './stage';

const TYPES = ['API_CALL', 'NOTIFICATION'];
const wide = { types: TYPES, slots: 50, freeSlots: 50 };
const pause = { reason: null, by: 'ada', until: null, now: 0 };
const run = (): Run =>
  runOfPlan(
    planOf([
      plannedTask('call', [], { type: 'API_CALL', priority: 9 }),
      plannedTask('note', [], { type: 'NOTIFICATION' }),
      plannedTask('nightly', [], { type: 'NOTIFICATION', options: { pool: 'night' } }),
    ]),
  );
const names = (sent: readonly string[]): string[] => sent.map((line) => line.split('#')[0]!);

test('nothing is sent before the gates were read', async () => {
  const stage = startStage([worker('w1', wide)]);
  await stage.losses.lookOnce();
  await stage.enqueue(run(), 0, 1);
  expect(stage.sent).toEqual([]);
  await stage.lookAtGates();
  expect(names(stage.sent)).toEqual(['call', 'note']);
});

test.each([
  [{ scope: 'type', name: 'API_CALL' }, ['note', 'nightly'], 5],
  [{ scope: 'pool', name: 'night' }, ['call', 'note'], null],
  [{ scope: 'all', name: '' }, [], null],
] as const)('what is paused waits, the rest goes: %o', async (key, goes, highest) => {
  const stage = startStage([worker('w1', wide)]);
  await stage.store.pause({ ...pause, ...key });
  await stage.look();
  const held = run();
  // A floor keeps everything here, to see what counts as waiting for other schedulers.
  if (highest !== null) {
    stage.dispatcher.hear(othersWaitWith(99, TYPES));
    await stage.enqueue(held, 0, 1, 2);
    expect(stage.dispatcher.standing().highest).toBe(highest);
    stage.dispatcher.hear(othersWaitWith(null));
    await turns();
  } else await stage.enqueue(held, 0, 1, 2);
  expect(names(stage.sent)).toEqual(goes);
  expect(stage.dispatcher.standing().highest).toBeNull();
  await stage.store.end({ ...key, state: 'PAUSED', now: 1 });
  await stage.lookAtGates();
  expect(names(stage.sent).sort()).toEqual(['call', 'nightly', 'note']);
});

test('a pause with an end ends by itself', async () => {
  const stage = startStage([worker('w1', wide)]);
  const until = stage.clock.now() + 5000;
  await stage.store.pause({ ...pause, scope: 'all', name: '', until });
  await stage.look();
  await stage.enqueue(run(), 1);
  await stage.clock.advance(4999);
  await stage.lookAtGates();
  expect(stage.sent).toEqual([]);
  expect(stage.gates.list()).toHaveLength(1);
  await stage.clock.advance(1);
  await stage.lookAtGates();
  expect(names(stage.sent)).toEqual(['note']);
  expect(stage.gates.list()).toEqual([]);
  await stage.clock.advance(1000);
  expect(stage.gates.lastShut({ type: 'NOTIFICATION', pool: undefined })).toBe(until);
});

test('200,000 paused tasks cost nothing while others are chosen', async () => {
  const stage = startStage([worker('w1', wide)]);
  await stage.store.pause({ ...pause, scope: 'type', name: 'API_CALL' });
  await stage.look();
  const many = runOfPlan(planOf(Array.from({ length: 100_000 }, (_, i) => plannedTask(`t${String(i)}`, [], { type: 'API_CALL', priority: 9 }))));
  let looks = 0;
  const counted = new Proxy(many.dispatch, {
    get: (target, key) => {
      looks += 1;
      return Reflect.get(target, key, target) as unknown;
    },
  });
  for (let i = 0; i < 2; i++) for (let task = 0; task < 100_000; task++) stage.dispatcher.ready.push({ ...many, dispatch: counted }, task);
  looks = 0;
  await stage.enqueue(run(), 1, 2);
  expect(names(stage.sent)).toEqual(['note', 'nightly']);
  expect(looks).toBeLessThan(100);
});

describe('a type that fails everywhere', () => {
  const dag = (n: number): DagId => `018bcfe5-6800-8000-8000-${String(n).padStart(12, '0')}` as DagId;
  const of = (n: number, message: string | null): Outcome => ({
    ...{ dag: dag(n), task: 0, dispatch: 1, type: 'API_CALL', worker: `w${String(n % 2)}` },
    error: message === null ? null : { kind: 'HANDLER', message },
  });
  const calls = (count: number): Run[] =>
    Array.from({ length: count }, (_, n) => runOfPlan({ ...planOf([plannedTask(`c${String(n)}`, [], { type: 'API_CALL' })]), dagId: dag(n) }));
  const quarantined = async () => {
    const stage = startStage([worker('w1', wide), worker('w2', wide)]);
    await stage.look();
    expect(stage.gates.judge(Array.from({ length: 20 }, (_, n) => of(100 + n, 'it broke')))).toBe(true);
    await stage.lookAtGates();
    const runs = calls(10);
    for (const each of runs) await stage.enqueue(each, 0);
    return { ...stage, runs };
  };

  test('is quarantined, and said to be; then three probes go, and one that completes frees the rest', async () => {
    const stage = await quarantined();
    expect(stage.sent).toEqual([]);
    expect(stage.happened.filter(([name]) => name === 'gate.shut')).toEqual([
      ['gate.shut', expect.objectContaining({ scope: 'type', name: 'API_CALL', state: 'QUARANTINED', reason: 'it broke', trips: 1 })],
    ]);
    await stage.clock.advance(1000);
    await stage.lookAtGates();
    expect(names(stage.sent).sort()).toEqual(['c0', 'c1', 'c2']);
    stage.dispatcher.over(applyAll(stage.runs[1]!, [completed(0, 1, { dag: dag(1) })], 0).over);
    expect(stage.gates.judge([of(1, null)])).toBe(true);
    await stage.lookAtGates();
    expect(stage.sent).toHaveLength(10);
    expect(stage.happened.at(-1)).toEqual(['gate.opened', { scope: 'type', name: 'API_CALL', state: 'QUARANTINED', by: null }]);
  });

  test('is quarantined for longer where the probes fail', async () => {
    const stage = await quarantined();
    await stage.clock.advance(1000);
    await stage.lookAtGates();
    expect(stage.gates.judge([of(0, 'still'), of(1, 'still'), of(2, 'still')])).toBe(true);
    await stage.lookAtGates();
    expect((await stage.store.gates())[0]).toMatchObject({ trips: 2, reason: 'still', until: stage.clock.now() + 2000 });
    await stage.clock.advance(1000);
    await stage.lookAtGates();
    expect(stage.sent).toHaveLength(3);
  });

  test('is freed by hand, and judged anew from then on', async () => {
    const stage = await quarantined();
    await stage.store.end({ scope: 'type', name: 'API_CALL', state: 'QUARANTINED', now: stage.clock.now() });
    await stage.lookAtGates();
    expect(stage.sent).toHaveLength(10);
    expect(stage.gates.judge(Array.from({ length: 19 }, (_, n) => of(200 + n, 'it broke')))).toBe(false);
  });

  test('a decision that could not be written is written at the next look', async () => {
    const stage = startStage([worker('w1', wide), worker('w2', wide)]);
    await stage.look();
    const { quarantine } = stage.store;
    Object.assign(stage.store, { quarantine: () => Promise.reject(new Error('away')) });
    stage.gates.judge(Array.from({ length: 20 }, (_, n) => of(100 + n, 'it broke')));
    await expect(stage.gates.lookOnce()).rejects.toThrow('away');
    Object.assign(stage.store, { quarantine });
    await stage.lookAtGates();
    expect(stage.gates.list()).toHaveLength(1);
  });
});
