import { runOfPlan } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { takeCensus } from '../../src/dispatch/queueSize';
import { planOf, plannedTask } from '../core/model';
import { startStage, tasks, worker } from './stage';

const startWith = async (count: number) => {
  const stage = startStage([worker('w1', { slots: 1 }), worker('w2', { slots: 1 })]);
  const run = runOfPlan(planOf([...tasks(count), plannedTask('other', [], { priority: 9 })]));
  await stage.lookAtGates();
  await stage.limits.lookOnce();
  await stage.losses.lookOnce();
  stage.dispatcher.enqueue(Array.from({ length: count + 1 }, (_, task) => ({ run, task })));
  await stage.clock.advance(1);
  return { ...stage, run };
};

test('what was lost is recovered when it is sent again: the time counts from the last heartbeat that was seen', async () => {
  const { run, state, clock, losses, dispatcher, announced, sent } = await startWith(0);
  expect(sent.splice(0)).toEqual(['other#1 to s-w1']);
  await clock.advance(400);
  state.workers = [worker('w1', { lastHeartbeatAt: 1 }), worker('w2')];
  await losses.lookOnce();
  await clock.advance(1600);
  state.workers = [worker('w2')];
  // The law hears of it at once, and it is ready again.
  state.appended = () => {
    run.losses[0]! += 1;
    run.dispatch[0] = 2;
  };
  await losses.lookOnce();
  dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
  dispatcher.enqueue([{ run, task: 0 }]);
  await clock.advance(5);
  expect(sent).toEqual(['other#2 to s-w2']);
  const recovered = announced.filter(([name]) => name === 'task.recovered');
  expect(recovered).toEqual([['task.recovered', { tookMs: expect.any(Number) }]]);
  const { tookMs } = recovered[0]![1] as { tookMs: number };
  expect(tookMs).toBeGreaterThanOrEqual(1600);
  expect(tookMs).toBeLessThan(1610);
});

test('a loss that the law refused is no recovery, and a retry is none', async () => {
  const { run, state, clock, losses, dispatcher, announced, sent } = await startWith(0);
  state.workers = [worker('w2')];
  await clock.advance(100);
  await losses.lookOnce();
  run.dispatch[0] = 2;
  dispatcher.over([{ dag: run.dag, task: 0, dispatch: 1 }]);
  dispatcher.enqueue([{ run, task: 0 }]);
  await clock.advance(5);
  expect(sent).toContain('other#2 to s-w2');
  expect(announced.filter(([name]) => name === 'task.recovered')).toEqual([]);
});

test('waiting is what is ready and what was sent and not heard of, by type and priority; running what is known to run', async () => {
  const { run, dispatcher } = await startWith(9);
  const waiting = () => takeCensus(dispatcher).waiting.filter(({ size }) => size > 0);
  expect(waiting()).toEqual([
    { type: 'API_CALL', priority: 5, size: 9 },
    { type: 'API_CALL', priority: 9, size: 1 },
  ]);
  expect(dispatcher.assignments.size()).toBeGreaterThan(1);
  run.state[9] = CODE.RUNNING;
  expect(waiting()).toEqual([{ type: 'API_CALL', priority: 5, size: 9 }]);
  expect([...takeCensus(dispatcher).running]).toEqual([['API_CALL', 1]]);
  run.state[9] = CODE.COMPLETED;
  dispatcher.over([{ dag: run.dag, task: 9, dispatch: 1 }]);
  expect(takeCensus(dispatcher).running.size).toBe(0);
});
