import { createRevocations, type Revocation } from '../../src/dispatch/revocations';
import type { Event } from '../../src/core/event';
import { failure } from '../../src/core/failure';
import { runOfPlan } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import type { FloorAnswer, Wanted } from '../../src/ports/leases';
import { planOf, plannedTask } from '../core/model';

const start = (count: number) => {
  const run = runOfPlan(planOf(Array.from({ length: count }, (_, i) => plannedTask(`t${String(i)}`, []))));
  const [asked, events, told] = [[] as Wanted[][], [] as Event[], [] as string[]];
  const state = {
    sentTo: [] as (string | undefined)[],
    gone: '',
    answer: ({ task, sentTo }: Wanted & { readonly sentTo?: string | undefined }): FloorAnswer => {
      if (sentTo !== undefined && sentTo === state.gone) return { kind: 'gone' };
      return task % 2 === 0 ? { kind: 'raised' } : { kind: 'held', session: 's1', dispatch: 1 };
    },
  };
  const revocations = createRevocations({
    claims: {
      raiseFloor: (wanted) => {
        asked.push([...wanted]);
        return Promise.resolve().then(() => wanted.map(state.answer));
      },
    },
    log: {
      append: (all) => {
        for (const each of all.values()) events.push(...each);
        return Promise.resolve();
      },
    },
    sentTo: ({ task }) => state.sentTo[task],
    tell: (session, tasks) => {
      told.push(...tasks.map(({ task }) => `${session}: ${String(task)}`));
      return Promise.resolve();
    },
    announce: () => undefined,
  });
  const cancel = (task: number): Revocation => {
    run.state[task] = CODE.CANCELLING;
    return { run, task, dispatch: run.dispatch[task]! };
  };
  return { run, revocations, asked, events, told, state, cancel };
};

test('what nobody has is withdrawn under a floor above its number, what a session has is told to it', async () => {
  const { run, revocations, asked, events, told, cancel } = start(3);
  revocations.add([cancel(0), cancel(1), cancel(2)]);
  await revocations.once();
  expect(asked).toEqual([[0, 1, 2].map((task) => ({ dag: run.dag, task, dispatch: 2 }))]);
  expect(events).toEqual([{ type: 'withdrawn', session: null, tasks: [0, 2].map((task) => ({ dag: run.dag, task, dispatch: 1 })) }]);
  expect(told).toEqual(['s1: 1']);
});

test('whoever it was sent to hears of what nobody has: its message may come when the leases have forgotten that', async () => {
  const { revocations, told, state, cancel } = start(3);
  state.sentTo = ['s2', undefined, undefined];
  revocations.add([cancel(0), cancel(2)]);
  await revocations.once();
  expect(told).toEqual(['s2: 0']);
});

test('what was sent to a session that the leases know no more waits until its loss was told', async () => {
  const { revocations, events, told, state, cancel } = start(1);
  Object.assign(state, { sentTo: ['s2'], gone: 's2' });
  revocations.add([cancel(0)]);
  await revocations.once();
  expect([events, told]).toEqual([[], []]);
  state.sentTo = [];
  await revocations.once();
  expect(events).toHaveLength(1);
});

test('it asks again until the law has moved the task on', async () => {
  const { run, revocations, asked, told, cancel } = start(2);
  revocations.add([cancel(1)]);
  await revocations.once();
  await revocations.once();
  expect(told).toEqual(['s1: 1', 's1: 1']);
  run.state[1] = CODE.CANCELLED;
  await revocations.once();
  expect(asked).toHaveLength(2);
  expect(revocations.size()).toBe(0);
});

test('leases that are away, or forgot, lose no revocation', async () => {
  const { revocations, events, state, cancel } = start(1);
  const answer = state.answer;
  state.answer = () => {
    throw failure('LEASES_UNAVAILABLE', 'they just lost their memory');
  };
  revocations.add([cancel(0)]);
  await expect(revocations.once()).rejects.toThrow('memory');
  expect(events).toEqual([]);
  state.answer = answer;
  await revocations.once();
  expect(events).toHaveLength(1);
});

test('a task that moved on while the leases were asked is left alone', async () => {
  const { run, revocations, events, state, cancel } = start(1);
  state.answer = () => {
    run.state[0] = CODE.COMPLETED;
    return { kind: 'raised' };
  };
  revocations.add([cancel(0)]);
  await revocations.once();
  expect(events).toEqual([]);
});

test('many are asked about in portions, and a shard that was given up is not asked about', async () => {
  const { run, revocations, asked, cancel } = start(1200);
  revocations.add(Array.from({ length: 1200 }, (_, task) => cancel(task)));
  await revocations.once();
  expect(asked.map((portion) => portion.length)).toEqual([500, 500, 200]);
  revocations.dropShard(run.shard);
  await revocations.once();
  expect(asked).toHaveLength(3);
});
