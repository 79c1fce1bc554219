/** The autoscaler on a virtual clock, over real leases in memory; real processes are in test/integration/autoscaling.test.ts. */
import type { Load } from '../../src/ports/scaling';
import { scaling } from '../contract/scalings';
import { createWorld, type World } from './world';

let world: World;
beforeEach(() => {
  world = createWorld();
});

const REST = (): Load => ({ waiting: 0, sent: 0, ended: 0 });
const BUSY = (second: number): Load => ({ waiting: 200, sent: 2 * second, ended: 2 * second });
const rows = async () => (await world.history.scalings(100)).reverse();
const steps = async () => (await rows()).map(({ before, wanted, done }) => `${String(before)} → ${String(wanted)}: ${done ?? '-'}`);

test('min workers at rest, max for a burst, and back, with each decision in the history', async () => {
  const autoscaler = world.autoscaler('s');
  await world.live(autoscaler, 5, REST);
  expect(await steps()).toEqual(['0 → 1: started auto-1']);
  const busy = await world.open('auto-2', 2);
  await world.live(autoscaler, 3, BUSY);
  expect(await world.active()).toEqual(['auto-1', 'auto-2', 'auto-3', 'auto-4']);
  await busy.close();
  await world.live(autoscaler, 200, REST);
  expect(await world.active()).toEqual(['auto-1']);
  expect((await steps()).slice(1)).toEqual(['2 → 4: started auto-3, auto-4', '3 → 2: asked auto-4 to leave', '2 → 1: asked auto-3 to leave']);
  expect(await rows()).toMatchObject([
    { at: expect.any(Number), scheduler: 's', driver: 'local', dryRun: false, direction: 'out', error: null },
    {},
    {},
    {},
  ]);
});

test('what it thinks is told to whoever asks, and to the metrics', async () => {
  const wanted: number[] = [];
  const decided: unknown[] = [];
  world.events.listen('scaling.judged', (what) => wanted.push(what.wanted));
  world.events.listen('scaling.decided', (what) => decided.push(what));
  await world.open('by-hand', 2);
  await world.live(world.autoscaler('s'), 3, BUSY);
  expect(await world.leases.board.judgement()).toMatchObject({ scheduler: 's', waiting: 200, running: 2, slots: 2, active: 4, wanted: 4 });
  expect(wanted).toEqual([4, 4]);
  expect(decided).toEqual([expect.objectContaining({ direction: 'out', driver: 'local', dryRun: false, before: 1, wanted: 4, error: null })]);
});

test('a dry run says once what it would do, and does nothing', async () => {
  const autoscaler = world.autoscaler('s', { dryRun: true });
  await world.open('by-hand', 2);
  await world.live(autoscaler, 30, BUSY);
  expect(world.done).toEqual([]);
  expect(await steps()).toEqual(['1 → 4: would start auto-1, auto-2, auto-3: 3 in all then']);
  expect((await rows())[0]).toMatchObject({ dryRun: true, error: null });
  // Somebody else follows it: what it wants stays the same until they do, also on the way back.
  for (const id of ['auto-1', 'auto-2', 'auto-3']) await world.open(id);
  await world.live(autoscaler, 100, REST);
  const wanted: number[] = [];
  world.events.listen('scaling.judged', (what) => wanted.push(what.wanted));
  await world.live(autoscaler, 10, REST);
  expect(new Set(wanted)).toEqual(new Set([3]));
  expect((await steps()).slice(1)).toEqual(['4 → 3: would let go auto-3: 2 in all then']);
});

test('whoever was followed by another leader does nothing', async () => {
  await world.history.note(scaling({ fence: '2' }));
  await world.live(world.autoscaler('s'), 5, REST);
  expect([world.done, await rows()]).toEqual([[], [expect.objectContaining({ scheduler: 'scheduler-1' })]]);
});

test('a lead that ends while a decision is written is no leave to act', async () => {
  const note = world.history.note;
  world.history.note = async (given) => {
    const id = await note(given);
    world.fence = undefined;
    return id;
  };
  await world.live(world.autoscaler('s'), 5, REST);
  expect([world.done, await steps()]).toEqual([[], ['0 → 1: -']]);
});

test('the next leader counts what is there, and starts nothing twice', async () => {
  await world.live(world.autoscaler('one'), 3, BUSY);
  await world.open('auto-2', 2);
  world.fence = '2';
  const two = world.autoscaler('two');
  await world.live(two, 5, BUSY);
  expect((await world.active()).length).toBe(4);
  world.fence = '3';
  await world.live(world.autoscaler('three'), 5, BUSY);
  const started = world.done.flatMap((what) => (what.startsWith('start') ? what.split(' ').slice(1) : []));
  expect(new Set(started).size).toBe(started.length);
  expect((await world.active()).length).toBe(4);
});

test('workers that were started and don’t come count for half a minute, then others are started', async () => {
  world.stillborn = true;
  const autoscaler = world.autoscaler('s');
  await world.live(autoscaler, 30, REST);
  expect(world.done).toEqual(['start auto-1']);
  await world.live(autoscaler, 5, REST);
  expect(world.done).toEqual(['start auto-1', 'start auto-1']);
});

test('where tasks outlast a drain it waits for who has none, and says so', async () => {
  const decided: string[][] = [];
  world.events.listen('scaling.decided', ({ cause, outcome }) => decided.push([cause, outcome]));
  const autoscaler = world.autoscaler('s', { min: 0 });
  const busy = await world.open('auto-1', 1);
  const RUNS = (second: number): Load => ({ waiting: 0, sent: Math.floor(second / 60), ended: Math.floor(second / 60) });
  for (const id of ['auto-2', 'auto-3']) await world.open(id, 1);
  await world.live(autoscaler, 300, RUNS);
  expect(world.done).toEqual([]);
  expect((await world.leases.board.judgement())?.reason).toMatch(/; none of its workers may leave now: /);
  // Once, as long as it stays so.
  expect((await rows()).map(({ direction, done, error }) => [direction, done, error])).toEqual([
    ['in', null, expect.stringMatching(/^none of its workers may leave now: /)],
  ]);
  expect(decided).toEqual([['load', 'stuck']]);
  await busy.close();
  await world.open('auto-1');
  await world.live(autoscaler, 2, RUNS);
  expect(world.done).toEqual(['leave auto-1']);
});

test('from none to one and back where there may be none', async () => {
  const autoscaler = world.autoscaler('s', { min: 0 });
  await world.live(autoscaler, 10, REST);
  expect(world.done).toEqual([]);
  await world.live(autoscaler, 3, () => ({ waiting: 3, sent: 0, ended: 0 }));
  expect(world.done).toEqual(['start auto-1']);
  await world.live(autoscaler, 60, REST);
  expect(world.done).toEqual(['start auto-1', 'leave auto-1']);
});

test('a step that fails is told, and tried again no earlier than ten seconds later', async () => {
  world.fail = new Error('no room');
  const failures: string[] = [];
  world.events.listen('loop.failed', ({ loop }) => failures.push(loop));
  const autoscaler = world.autoscaler('s');
  await world.live(autoscaler, 10, REST);
  expect([failures, (await rows()).map(({ done, error }) => [done, error])]).toEqual([['autoscaling'], [[null, 'no room']]]);
  world.fail = undefined;
  await world.live(autoscaler, 4, REST);
  expect(world.done).toEqual(['start auto-1']);
});

test('while Redis has just lost its memory absence proves nothing', async () => {
  const autoscaler = world.autoscaler('s');
  await world.live(autoscaler, 3, REST);
  world.leases.forget();
  const { workers, trusted } = await world.leases.roster.read();
  expect([workers, trusted]).toEqual([[], false]);
  await autoscaler.lookOnce('1');
  expect(world.done).toEqual(['start auto-1']);
});

test('with the last scheduler its own workers are asked to leave, and no others', async () => {
  const autoscaler = world.autoscaler('s');
  await world.open('by-hand');
  await world.open('auto-3');
  await world.live(autoscaler, 2, REST);
  await world.leases.board.publish('t', REST());
  await autoscaler.leave();
  expect(world.done).toEqual([]);
  await world.leases.board.withdraw('t');
  await autoscaler.leave();
  expect(world.done).toEqual(['leave auto-3']);
  const dry = world.autoscaler('s', { dryRun: true });
  await dry.leave();
  expect(world.done).toHaveLength(1);
});
