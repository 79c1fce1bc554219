/** What is written of tasks that wait, or run, without anything having happened to them. */
import type { DagId } from '../../src/core/ids';
import { completed, DAG, planOf, plannedTask, started, T0 } from '../core/model';
import { turns } from '../lifecycle/virtualClock';
import { startScheduler, type TestScheduler } from './scheduler';

let scheduler: TestScheduler;
afterEach(() => scheduler.stop());

const statuses = (dag: DagId = DAG): string[] =>
  scheduler.store
    .rows(dag)
    .record()
    .tasks.map(({ status }) => status);

test('what has waited for a while is written as QUEUED, however much came and went before it', async () => {
  scheduler = await startScheduler();
  const pairs = Array.from({ length: 2500 }, (_, i) => [plannedTask(`p${String(i)}`, []), plannedTask(`c${String(i)}`, [2 * i])]).flat();
  await scheduler.admit(planOf(pairs));
  await scheduler.tell(
    ...pairs
      .map((_, task) => task)
      .filter((task) => task % 2 === 0)
      .map((task) => completed(task)),
  );
  await scheduler.tell(
    ...pairs
      .map((_, task) => task)
      .filter((task) => task % 2 === 1 && task < 4998)
      .map((task) => completed(task)),
  );
  await scheduler.clock.advance(1000);
  scheduler.advancer.writeWaiting();
  await turns();
  expect(statuses()[4999]).toBe('QUEUED');
});

test('what a takeover finds ready that no row says so of is written, too, once it has waited', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  await scheduler.tell(completed(0));
  await scheduler.advancer.drop(0, 'another scheduler takes it');
  await scheduler.advancer.take(scheduler.store.acquire(0));
  await turns();
  expect(statuses()).toEqual(['COMPLETED', 'PENDING']);
  await scheduler.clock.advance(1000);
  scheduler.advancer.writeWaiting();
  await turns();
  expect(statuses()).toEqual(['COMPLETED', 'QUEUED']);
});

test('what waits at its worker is written with the time at which it was sent, also where its readiness was written before', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', []), plannedTask('b', [0])]));
  await scheduler.tell(completed(0));
  await scheduler.clock.advance(1000);
  const rowOf = async (task: number) => (await scheduler.store.liveDag(DAG))!.tasks[task]!;
  const show = async (): Promise<void> => {
    scheduler.advancer.writeWaiting();
    await turns();
  };
  await show();
  expect(await rowOf(1)).toMatchObject({ status: 'QUEUED', queuedAt: T0, dispatchedAt: null });
  scheduler.sentAt.set('b', T0 + 900);
  scheduler.waitingAtWorkers.push({ run: scheduler.sent.find(({ task }) => task === 'b')!.run, task: 1 });
  await show();
  expect(await rowOf(1)).toMatchObject({ status: 'QUEUED', queuedAt: T0, dispatchedAt: T0 + 900, session: null });
  await scheduler.tell(started(1));
  await show();
  expect(await rowOf(1)).toMatchObject({ status: 'RUNNING', session: 's1' });
});

test('what is reported to run is watched over, also where an earlier owner of the shard had sent it', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', [])]));
  await scheduler.tell(started(0, 1, { session: 's9' }));
  expect(scheduler.adopted).toEqual(['a in s9']);
});
