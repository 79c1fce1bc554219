import { copyOf } from '../../src/core/copies';
import { runOfPlan, type Run } from '../../src/core/run';
import { CODE } from '../../src/core/states';
import { applyAll, changesOf, commanded, completed, DAG, failed, lost, planOf, plannedTask, released, started, T0, withdrawn } from './model';

const COPY = copyOf(0);
const first = { session: 's1', worker: 'w1', fence: '10' } as const;
const second = { session: 's2', worker: 'w2', fence: '20' } as const;

/** The first of two tasks runs since a while. */
const running = (): Run => {
  const retry = { maxRetries: 1, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } } as const;
  const run = runOfPlan(planOf([plannedTask('slow', [], { retry }), plannedTask('after', [0])]));
  applyAll(run, [started(0, 1, first)], T0);
  return run;
};

test("a copy's result is the task's where it comes first: who was overtaken is told to end, and is refused afterwards", () => {
  const run = running();
  const step = applyAll(run, [completed(COPY, 1, { ...second, at: T0 + 900, result: '"from the copy"' })], T0 + 1000);
  expect([run.state[0], run.completed]).toEqual([CODE.COMPLETED, 1]);
  expect(step.ready).toMatchObject([{ task: 1 }]);
  expect(step.givenUp).toMatchObject([{ session: 's1', task: 0, dispatch: 1 }]);
  expect(step.over).toEqual([
    { dag: DAG, task: COPY, dispatch: 1 },
    { dag: DAG, task: 0, dispatch: 1 },
  ]);
  expect(changesOf(step).tasks).toMatchObject([
    { task: 0, status: 'COMPLETED', session: 's2', worker: 'w2', fence: '20', result: '"from the copy"' },
  ]);
  const late = applyAll(run, [completed(0, 1, { ...first, at: T0 + 1100 })], T0 + 1200);
  expect([late.refused.length, run.completed, late.ready]).toEqual([1, 1, []]);
});

test('where the first execution ends first the copy is refused, though its fence is larger', () => {
  const run = running();
  applyAll(run, [started(COPY, 1, second)], T0);
  const step = applyAll(run, [completed(0, 1, { ...first, at: T0 + 900, result: '1' })], T0 + 1000);
  expect(changesOf(step).tasks).toMatchObject([{ task: 0, status: 'COMPLETED', session: 's1', result: '1' }]);
  const late = applyAll(run, [completed(COPY, 1, { ...second, result: '2' })], T0 + 1100);
  expect(late.refused).toEqual([{ type: 'completed', reason: 'a copy that was overtaken' }]);
  expect([late.over, changesOf(late).tasks, run.completed]).toEqual([[{ dag: DAG, task: COPY, dispatch: 1 }], [], 1]);
});

test('whatever else a copy comes to changes nothing of its task, and frees its seat', () => {
  const over = [{ dag: DAG, task: COPY, dispatch: 1 }];
  for (const event of [failed(COPY, 1, second), lost(COPY, 1, 's2'), released(COPY, 1, 's2'), withdrawn(COPY, 1, 's2')]) {
    const run = running();
    const step = applyAll(run, [event], T0 + 500);
    expect([event.type, step.over, step.touched.size]).toEqual([event.type, over, 0]);
    expect([run.state[0], run.failures[0], run.losses[0], run.running.get(0)?.session]).toEqual([CODE.RUNNING, 0, 0, 's1']);
  }
});

test('its checkpoints are acknowledged and not kept', () => {
  const run = running();
  const step = applyAll(run, [{ ...started(COPY, 1, second), type: 'checkpointed', sequence: 3, state: '{}' } as never], T0);
  expect(step.acknowledged).toMatchObject([{ session: 's2', sequence: 3, dispatch: { task: COPY } }]);
  expect([step.touched.size, run.withCheckpoint.size]).toEqual([0, 0]);
});

test.each([
  ['a retry', failed(0, 1, first)],
  ['a loss', lost(0, 1, 's1')],
  ['a cancel', commanded({ kind: 'cancel', tasks: null })],
])('after %s of its task it counts no more, and is told to end', (_what, event) => {
  const run = running();
  applyAll(run, [event], T0 + 100);
  const state = run.state[0];
  const said = applyAll(run, [started(COPY, 1, second)], T0 + 200);
  expect(said.givenUp).toMatchObject([{ session: 's2', task: COPY }]);
  const step = applyAll(run, [completed(COPY, 1, second)], T0 + 300);
  expect([run.state[0], run.completed, step.refused.length]).toEqual([state, 0, 1]);
});

test('it belongs to one dispatch: its result is none of the next one, which runs by then', () => {
  const run = running();
  applyAll(run, [lost(0, 1, 's1'), started(0, 2, { session: 's3', worker: 'w3', fence: '30' })], T0 + 100);
  expect([run.state[0], run.dispatch[0]]).toEqual([CODE.RUNNING, 2]);
  expect(applyAll(run, [completed(COPY, 1, second)], T0 + 200).refused).toHaveLength(1);
  expect(run.completed).toBe(0);
});
