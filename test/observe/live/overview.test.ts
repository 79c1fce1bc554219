/** The figures of several schedulers, summed by any of them. */
import Ajv2020 from 'ajv/dist/2020';
import document from '../../../docs/openapi.json';
import { createMemoryFigures } from '../../../src/adapters/memory/live';
import { failure } from '../../../src/core/failure';
import { createEmitter } from '../../../src/lifecycle/emitter';
import { createCounting } from '../../../src/observe/live/counting';
import { createOverview } from '../../../src/observe/live/overview';
import type { Happenings } from '../../../src/ports/happenings';
import type { Curve, Overview } from '../../../src/sdk';
import { createVirtualClock } from '../../lifecycle/virtualClock';

const BUSY = { slots: 8, freeSlots: 3, draining: false } as never;

const open = () => {
  const clock = createVirtualClock();
  const board = createMemoryFigures(clock);
  const states = { away: false, kafkaUp: true };
  const scheduler = (name: string) => {
    const { announce, listen } = createEmitter<Happenings>(() => undefined);
    const counting = createCounting({
      listen,
      clock,
      queue: { sizes: () => [{ priority: 5, type: 'A', size: 2 }] },
      workers: () => [BUSY],
      dags: () => 3,
    });
    const reach = <T>(answer: Promise<T>): Promise<T> => (states.away ? Promise.reject(failure('LEASES_UNAVAILABLE', 'away')) : answer);
    const overview = createOverview({
      scheduler: name,
      clock,
      counting,
      board: { publish: (...told) => reach(board.publish(...told)), figures: (...asked) => reach(board.figures(...asked)) },
      health: () =>
        Promise.resolve({ status: 'UP', components: { kafka: { status: name === 'a' && !states.kafkaUp ? 'DOWN' : 'UP', latencyMs: 1 } } }),
      letters: { letters: () => Promise.resolve([]) },
    });
    const end = (outcome: 'COMPLETED' | 'FAILED', count: number): void => {
      for (let i = 0; i < count; i++) announce('task.finished', { type: 'A', outcome, attempts: 1 });
    };
    return { overview, end, read: async () => JSON.parse(await overview.withHistory()) as Overview };
  };
  return { clock, states, a: scheduler('a'), b: scheduler('b') };
};
type World = ReturnType<typeof open>;

const go = async ({ clock, a, b }: World, seconds: number, alive: readonly World['a'][] = [a, b]): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    await clock.advance(1000);
    for (const { overview } of alive) await overview.tellOnce().catch(() => undefined);
  }
};
const sum = (curve: Curve): number => curve.reduce<number>((all, count) => all + (count ?? 0), 0);

test('any scheduler sums up what all tell, as the document says', async () => {
  const world = open();
  await go(world, 1);
  world.a.end('COMPLETED', 20);
  world.b.end('COMPLETED', 10);
  world.b.end('FAILED', 10);
  await go(world, 2);
  const shown = await world.a.read();
  const ajv = new Ajv2020({ strict: false, allowUnionTypes: true, validateFormats: false });
  ajv.addSchema({ $id: 'api', ...document });
  expect([ajv.validate('api#/components/schemas/Overview', shown), ajv.errors]).toEqual([true, null]);
  expect(Object.keys(shown).sort()).toEqual(Object.keys(document.components.schemas.Overview.properties).sort());
  expect(shown).toMatchObject({
    schedulers: ['a', 'b'],
    perSecond: { finished: 8, completed: 6, failed: 2 },
    queued: { total: 4, byPriority: { 5: 4 } },
    liveDags: 6,
    workers: { active: 1, draining: 0, slots: 8, slotsTaken: 5 },
  });
  await go(world, 5);
  for (const { recent, history } of [await world.a.read(), await world.b.read()]) {
    expect(recent).toMatchObject({ completed: 30, failed: 10, successRate: 75 });
    expect([history.completed.length, sum(history.completed), sum(history.failed)]).toEqual([180, 30, 10]);
  }
  // What ends a slot isn't lost where nobody said it before the slot was over.
  world.a.end('COMPLETED', 5);
  await world.clock.advance(6000);
  await go(world, 1);
  expect(sum((await world.b.read()).history.completed)).toBe(35);
});

test('a scheduler that dies leaves its curve behind; its queue and DAGs are gone after a moment', async () => {
  const world = open();
  const { a, b, states } = world;
  states.kafkaUp = false;
  b.end('COMPLETED', 7);
  await go(world, 7);
  states.kafkaUp = true;
  await go(world, 20, [a]);
  const { schedulers, liveDags, history } = await a.read();
  expect([schedulers, liveDags, sum(history.completed)]).toEqual([['a'], 3, 7]);
  expect([history.health['kafka']!.includes(false), history.health['kafka']!.at(-1)]).toEqual([true, true]);
  await go(world, 900, [a]);
  expect(sum((await a.read()).history.completed)).toBe(0);
});

test('while Redis is away each knows its own, and what it counted meanwhile is told afterwards', async () => {
  const world = open();
  await go(world, 6);
  world.states.away = true;
  world.b.end('COMPLETED', 5);
  await go(world, 30);
  expect(sum((await world.b.read()).history.completed)).toBe(5);
  expect(sum((await world.a.read()).history.completed)).toBe(0);
  world.states.away = false;
  await go(world, 2);
  expect(sum((await world.a.read()).history.completed)).toBe(5);
});
