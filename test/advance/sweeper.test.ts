import { createMemoryStore } from '../../src/adapters/memory/store';
import { createSweeper } from '../../src/advance/sweeper';
import type { Event } from '../../src/core/event';
import { mintDagId } from '../../src/core/ids';
import { createVirtualClock } from '../lifecycle/virtualClock';
import { batch, taskChange } from '../contract/records';
import { DAG, planOf, plannedTask } from '../core/model';

const nothing = (): void => undefined;

/** A sweeper whose clock may be ahead of whatever else there is, over the store in memory. */
const start = async () => {
  const clock = createVirtualClock();
  const memory = createMemoryStore({ now: clock.now });
  const told: Event[] = [];
  const discovered: string[] = [];
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
      isKnown: (dag) => dag === DAG || discovered.includes(dag),
      discover: (dag) => {
        discovered.push(dag);
        return Promise.resolve();
      },
      writeWaiting: nothing,
      goOnAgain: nothing,
      waitOf: () => undefined,
    },
    gates: { lastShut: () => undefined },
  });
  const dag = {
    ...planOf([plannedTask('a', [], { options: { totalTimeoutSeconds: 10 } })]),
    createdAt: clock.now(),
    dueAt: clock.now() + 10_000,
  };
  await memory.store.admit([{ dag, idempotency: null }]);
  return { clock, sweeper, told, discovered, memory, dag };
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

test('a wait that follows another one under the same number is told by its own time, not seconds after the first', async () => {
  const { clock, sweeper, told, memory, dag } = await start();
  await memory.leases.define(1);
  const owned = await memory.leases.acquire('sweeper', 60_000, 1);
  const waitUntil = (status: 'RETRYING' | 'QUEUED', dueAt: number) =>
    memory.store.commit(batch(owned, { tasks: [taskChange(dag, 0, { status, dispatch: 2, dueAt })] }));
  await waitUntil('RETRYING', clock.now() + 100);
  await clock.advance(250);
  await sweeper.dueOnce();
  await waitUntil('QUEUED', clock.now() + 100);
  await clock.advance(250);
  await sweeper.dueOnce();
  await sweeper.dueOnce();
  expect(told).toEqual(Array.from({ length: 2 }, () => ({ type: 'due', tasks: [{ dag: DAG, task: 0, dispatch: 2 }] })));
});

test('a DAG that was stored with a time that was looked at long ago is found within half a minute', async () => {
  const { clock, sweeper, discovered, memory, dag } = await start();
  await clock.advance(60_000);
  await sweeper.missedOnce();
  const late = { ...dag, dagId: mintDagId(0, clock.now() - 7000, Math.random), createdAt: clock.now() - 7000, dueAt: null };
  await memory.store.admit([{ dag: late, idempotency: null }]);
  for (let i = 1; i < 30; i++) {
    await clock.advance(1000);
    await sweeper.missedOnce();
  }
  expect(discovered).toEqual([late.dagId]);
});
