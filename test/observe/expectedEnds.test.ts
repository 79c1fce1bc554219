import type { LiveWorker } from '../../src/ports/leases';
import type { DagView } from '../../src/ports/views';
import { runOfPlan } from '../../src/core/run';
import { createExpectedEnds } from '../../src/observe/expectedEnds';
import { DAG, plannedTask, planOf, T0 } from '../core/model';

const TASKS = 30_000;
const dag: Pick<DagView, 'dagId' | 'status' | 'totalTasks'> = { dagId: DAG, status: 'RUNNING', totalTasks: TASKS };
const worker: LiveWorker = {
  workerId: 'w',
  session: 's',
  inbox: 0,
  host: 'here',
  port: 8081,
  version: '1',
  region: 'local',
  tags: [],
  types: ['API_CALL'],
  slots: 10,
  freeSlots: 10,
  held: 0,
  draining: false,
  lastHeartbeatAt: T0,
};

test('whoever asks while a large DAG is looked at gets the same answer, and the event loop goes on meanwhile', async () => {
  const run = runOfPlan(planOf(Array.from({ length: TASKS }, (_, i) => plannedTask(String(i), []))));
  let looks = 0;
  const expectedEnd = createExpectedEnds({
    runOf: () => run,
    store: { liveDag: () => Promise.reject(new Error('it is in memory')) },
    expectationIn: () => {
      looks += 1;
      return () => 10;
    },
    workers: () => [worker],
    clock: { now: () => T0, monotonic: () => 0 },
  });
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const ends = await Promise.all([expectedEnd(dag), expectedEnd(dag)]);
  isOver = true;
  expect(ends).toEqual([T0 + (TASKS / 10) * 10, T0 + (TASKS / 10) * 10]);
  expect(looks).toBe(1);
  expect(turns).toBeGreaterThanOrEqual(5);
  // The answer is kept.
  await expect(expectedEnd(dag)).resolves.toBe(ends[0]);
  expect(looks).toBe(1);
});

test('a look that failed is not kept', async () => {
  const failures = [new Error('the database is away')];
  const expectedEnd = createExpectedEnds({
    runOf: () => undefined,
    store: { liveDag: () => (failures.length > 0 ? Promise.reject(failures.pop()!) : Promise.resolve(undefined)) },
    expectationIn: () => () => 10,
    workers: () => [],
    clock: { now: () => T0, monotonic: () => 0 },
  });
  const small = { ...dag, totalTasks: 1 };
  await expect(Promise.all([expectedEnd(small), expectedEnd(small)])).rejects.toThrow('away');
  await expect(expectedEnd(small)).resolves.toBeNull();
});
