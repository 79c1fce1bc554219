import { createReporter } from '../../src/report/reporter';
import type { Event } from '../../src/core/event';
import { failure } from '../../src/core/failure';
import { DAG } from '../core/model';
import { createVirtualClock, turns } from '../lifecycle/virtualClock';

const event = (n: number): Event => ({ type: 'due', tasks: [{ dag: DAG, task: n, dispatch: 1 }] });

const startStage = () => {
  const clock = createVirtualClock();
  const appended: ReadonlyMap<number, readonly Event[]>[] = [];
  const state = { append: (): Promise<void> => Promise.resolve() };
  const reporter = createReporter({
    clock,
    announce: () => undefined,
    log: {
      append: async (events) => {
        await state.append();
        appended.push(events);
      },
    },
  });
  return { clock, appended, state, reporter };
};

test('what is told in one turn leaves together, by shard and in order', async () => {
  const { reporter, appended } = startStage();
  await Promise.all([reporter.report(1, event(1)), reporter.report(2, event(2)), reporter.report(1, event(3))]);
  expect(appended).toEqual([
    new Map([
      [1, [event(1), event(3)]],
      [2, [event(2)]],
    ]),
  ]);
});

test('a report is told again until the log takes it, and those after it wait their turn', async () => {
  const { reporter, appended, state, clock } = startStage();
  let tries = 0;
  state.append = () => (++tries < 4 ? Promise.reject(failure('BROKER_UNAVAILABLE', 'away')) : Promise.resolve());
  const first = reporter.report(0, event(1));
  await turns();
  const second = reporter.report(0, event(2));
  await clock.advance(5000);
  await Promise.all([first, second]);
  expect(appended.map((each) => each.get(0))).toEqual([[event(1)], [event(2)]]);
  expect(tries).toBe(5);
});

test('a reporter that stops waits for the log a moment, then rejects what is left', async () => {
  const { reporter, state, clock } = startStage();
  state.append = () => Promise.reject(failure('BROKER_UNAVAILABLE', 'away'));
  const told = reporter.report(0, event(1));
  const outcome = expect(told).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  const stopping = reporter.stop();
  await clock.advance(2000);
  await stopping;
  await outcome;
});
