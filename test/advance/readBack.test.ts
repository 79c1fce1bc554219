import { createReadBack } from '../../src/advance/readBack';
import type { Marked } from '../../src/core/event';
import { runOfPlan, type Run } from '../../src/core/run';
import { planOf, plannedTask } from '../core/model';
import { createVirtualClock } from '../lifecycle/virtualClock';

const start = () => {
  const clock = createVirtualClock();
  const state = { fails: false };
  const [marks, handedOut] = [[] as Marked[], [] as Run[]];
  const readBack = createReadBack({
    clock,
    announce: () => undefined,
    isCurrent: () => true,
    outlet: {
      ready: (ready) => {
        handedOut.push(...ready.map(({ run }) => run));
      },
    },
    log: {
      append: (events) => {
        if (state.fails) return Promise.reject(new Error('away'));
        marks.push(...([...events.values()].flat() as Marked[]));
        return Promise.resolve();
      },
    },
  });
  const bring = (): Run => {
    const run = runOfPlan(planOf([plannedTask('a', [])]));
    readBack.hold(run);
    readBack.pass([{ run, task: 0, dispatch: 1 }]);
    return run;
  };
  readBack.shardTaken(0, 7);
  return { clock, state, marks, handedOut, readBack, bring };
};

const marked = (mark: number, epoch = 7): Marked => ({ type: 'marked', epoch, mark });

test('what was read from the store goes when the mark has come back, what was not goes at once', () => {
  const { marks, handedOut, readBack, bring } = start();
  const run = bring();
  const own = runOfPlan(planOf([plannedTask('a', [])]));
  readBack.pass([{ run: own, task: 0, dispatch: 1 }]);
  readBack.markAll(0);
  expect(marks).toEqual([marked(1)]);
  expect(handedOut).toEqual([own]);
  readBack.read(0, marked(1));
  expect(handedOut).toEqual([own, run]);
});

test('the mark of an earlier owner tells nothing', () => {
  const { handedOut, readBack, bring } = start();
  bring();
  readBack.markAll(0);
  readBack.read(0, marked(1, 6));
  expect(handedOut).toEqual([]);
});

test('what was read from the store while a mark was under way waits for the next one', () => {
  const { marks, handedOut, readBack, bring } = start();
  const first = bring();
  readBack.markAll(0);
  const [second, third] = [bring(), bring()];
  readBack.mark(second);
  expect(marks).toEqual([marked(1)]);
  readBack.read(0, marked(1));
  expect(handedOut).toEqual([first]);
  expect(marks).toEqual([marked(1), marked(2)]);
  readBack.read(0, marked(2));
  expect(handedOut).toEqual([first, second]);
  expect(marks).toHaveLength(2);
  readBack.mark(third);
  readBack.read(0, marked(3));
  expect(handedOut).toEqual([first, second, third]);
});

test('a mark that got lost is set again; whichever comes back counts', async () => {
  const { clock, state, marks, handedOut, readBack, bring } = start();
  const run = bring();
  state.fails = true;
  readBack.markAll(0);
  state.fails = false;
  await clock.advance(999);
  readBack.markAgain();
  expect(marks).toEqual([]);
  await clock.advance(1);
  readBack.markAgain();
  readBack.markAgain();
  expect(marks).toEqual([marked(2)]);
  readBack.read(0, marked(2));
  expect(handedOut).toEqual([run]);
  await clock.advance(5000);
  readBack.markAgain();
  expect(marks).toHaveLength(1);
});

test('a shard that was given up hands out nothing', () => {
  const { handedOut, readBack, bring } = start();
  bring();
  readBack.markAll(0);
  readBack.shardDropped(0);
  readBack.read(0, marked(1));
  readBack.shardTaken(0, 8);
  readBack.read(0, marked(1, 8));
  expect(handedOut).toEqual([]);
});
