import { createMemoryStore } from '../../src/adapters/memory/store';
import type { Wait } from '../../src/advance/advancer';
import { createSweeper } from '../../src/advance/sweeper';
import type { Event } from '../../src/core/event';
import { createVirtualClock } from '../lifecycle/virtualClock';
import { DAG, planOf, plannedTask } from '../core/model';

const nothing = (): void => undefined;

/** A sweeper whose clock may be ahead of whatever else there is, over the store in memory. */
const start = async () => {
  const clock = createVirtualClock();
  const memory = createMemoryStore({ now: clock.now });
  const told: Event[] = [];
  const state: { wait: Wait | undefined } = { wait: undefined };
  const sweeper = createSweeper({
    work: memory.work,
    store: memory.store,
    commands: memory.commands,
    log: {
      append: (events) => {
        told.push(...[...events.values()].flat());
        return Promise.resolve();
      },
    },
    clock,
    advancer: {
      owned: () => [{ shard: 0, epoch: 1 }],
      isKnown: () => true,
      discover: () => Promise.resolve(),
      writeWaiting: nothing,
      goOnAgain: nothing,
      waitOf: () => state.wait,
    },
    gates: { lastShut: () => undefined },
  });
  const dag = {
    ...planOf([plannedTask('a', [], { options: { totalTimeoutSeconds: 10 } })]),
    createdAt: clock.now(),
    dueAt: clock.now() + 10_000,
  };
  await memory.store.admit([{ dag, idempotency: null }]);
  return { clock, sweeper, told, state };
};

test.each([
  ['a task', 'dueOnce', { type: 'due', tasks: [{ dag: DAG, task: 0, dispatch: 0 }] }],
  ['a DAG', 'dueDagsOnce', { type: 'dagDue', dag: DAG }],
] as const)('the time of %s is told once it is over by a clock that is a little behind, too, and then once', async (_what, look, event) => {
  const { clock, sweeper, told } = await start();
  await clock.advance(10_050);
  await sweeper[look]();
  expect(told).toEqual([]);
  await clock.advance(50);
  await sweeper[look]();
  await sweeper[look]();
  expect(told).toEqual([event]);
});

test('a wait for a worker is told though the wait for a retry before it, under the same number, was', async () => {
  const { clock, sweeper, told, state } = await start();
  await clock.advance(10_100);
  await sweeper.dueOnce();
  state.wait = { type: 'API_CALL', pool: undefined, since: clock.now() };
  await sweeper.dueOnce();
  await sweeper.dueOnce();
  expect(told).toHaveLength(2);
});
