import type { Command } from '../../src/core/command';
import { commanded, completed, DAG, failed, lost, planOf, plannedTask, started, withdrawn } from '../core/model';
import { createMemoryStore } from '../harness/memoryStore';
import { turns } from '../lifecycle/virtualClock';
import { sentNames, startScheduler, type TestScheduler } from './scheduler';

let scheduler: TestScheduler;
afterEach(() => scheduler.stop());

const pair = planOf([plannedTask('a', []), plannedTask('b', [0])]);
const RETRY: Command = { kind: 'retry', tasks: null, downstream: true };
const CANCEL: Command = { kind: 'cancel', tasks: null };
const statuses = (): string[] =>
  scheduler.store
    .rows(DAG)
    .record()
    .tasks.map(({ status }) => status);

/** Stores a command and tells it to the log, as the API does; the answer is its id. */
const ask = async (command: Command): Promise<string> => {
  const [stored] = await scheduler.store.request([{ dag: DAG, command, by: 'me', reason: null, notBefore: null, key: null }]);
  await scheduler.tell(commanded(command, { id: stored!.id }));
  await turns();
  return stored!.id;
};
const outcome = (id: string) => scheduler.store.commandOutcome(id);

test('what a command takes away is revoked once that is stored, and its outcome with it', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  scheduler.store.meet('held');
  const id = await ask(CANCEL);
  expect(scheduler.revoked).toEqual([]);
  scheduler.store.release();
  await turns();
  expect(scheduler.revoked).toEqual(['a']);
  expect(await outcome(id)).toMatchObject({ outcome: 'APPLIED', affected: 2 });
  await scheduler.tell(withdrawn(0));
  expect(statuses()).toEqual(['CANCELLED', 'CANCELLED']);
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(false);
});

test('a command on a final DAG brings it back, once, however often it is told', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  await scheduler.tell(failed(0));
  expect(statuses()).toEqual(['FAILED', 'SKIPPED']);
  const id = await ask(RETRY);
  expect(await outcome(id)).toMatchObject({ outcome: 'APPLIED' });
  expect(sentNames(scheduler)).toEqual(['a#1', 'a#2']);
  await scheduler.tell(failed(0, 2));
  await scheduler.tell(commanded(RETRY, { id }));
  expect(statuses()).toEqual(['FAILED', 'SKIPPED']);
  expect(sentNames(scheduler)).toEqual(['a#1', 'a#2']);
});

test('a command that a final DAG refuses leaves it out of memory', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  await scheduler.tell(completed(0), completed(1));
  expect(await outcome(await ask(CANCEL))).toMatchObject({ outcome: 'REFUSED' });
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(false);
});

test('a command on a DAG that is gone is refused', async () => {
  scheduler = await startScheduler();
  expect(await outcome(await ask(CANCEL))).toMatchObject({ outcome: 'REFUSED', detail: 'there is no such DAG any more' });
});

test('a command whose commit failed is applied by whoever takes the shard; one that was settled before is not applied again', async () => {
  const store = createMemoryStore();
  scheduler = await startScheduler({ store });
  await scheduler.admit(pair);
  store.meet('fails');
  const id = await ask(CANCEL);
  expect(await outcome(id)).toBeUndefined();
  await scheduler.retake();
  expect(await outcome(id)).toMatchObject({ outcome: 'APPLIED' });
  await scheduler.tell(withdrawn(0));
  await scheduler.stop();

  scheduler = await startScheduler({ store });
  const before = store.commits.flatMap(({ commands }) => commands).length;
  await scheduler.tell(commanded(CANCEL, { id }));
  await turns();
  expect(store.commits.flatMap(({ commands }) => commands)).toHaveLength(before);
});

test('a takeover asks again about what was being cancelled', async () => {
  const store = createMemoryStore();
  scheduler = await startScheduler({ store });
  await scheduler.admit(pair);
  await scheduler.tell(started(0));
  await ask(CANCEL);
  await scheduler.stop();
  scheduler = await startScheduler({ store });
  expect(scheduler.revoked).toEqual(['a']);
});

test('a session that speaks in the log loses nothing, until it was silent for a lease', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  await scheduler.tell({ type: 'alive', session: 's1' } as never);
  await scheduler.tell(lost(0));
  expect(sentNames(scheduler)).toEqual(['a#1']);
  await scheduler.clock.advance(2000);
  await scheduler.tell(lost(0));
  expect(sentNames(scheduler)).toEqual(['a#1', 'a#2']);
});

test('a session that spoke in the log before a takeover is believed for a lease after it', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  await scheduler.tell({ type: 'alive', session: 's1' } as never);
  scheduler.store.meet('fails');
  await scheduler.tell(started(0));
  await scheduler.retake();
  await scheduler.tell(lost(0));
  expect(sentNames(scheduler)).toEqual(['a#1']);
  await scheduler.clock.advance(2000);
  await scheduler.tell(lost(0));
  expect(sentNames(scheduler)).toEqual(['a#1', 'a#2']);
});

test('a DAG that was brought back, ran and ended while a slower read of it was under way is not put back to what it was', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', [])]));
  await scheduler.tell(failed(0));
  let goOn: () => void = () => undefined;
  const reads = [new Promise<void>((resolve) => (goOn = resolve)), Promise.resolve()];
  scheduler.store.beforeRead = () => reads.shift() ?? Promise.resolve();
  const retries = [await ask(RETRY), await ask(RETRY)];
  // The second read is answered first, if there are two: its command sets the DAG in motion, which comes to its end.
  await scheduler.tell(completed(0, 2));
  goOn();
  await turns();
  await turns();
  await scheduler.tell(completed(0, 2));
  await turns();
  for (const id of retries) expect(await outcome(id)).toBeDefined();
  expect(sentNames(scheduler)).toEqual(['a#1', 'a#2']);
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ status: 'COMPLETED', completedTasks: 1, failedTasks: 0 });
});

test('a DAG whose end is not committed yet stays in memory when a command on it is: read now, it would go on from before its end', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(planOf([plannedTask('a', [])]));
  scheduler.store.meet('held', 'held');
  await ask({ kind: 'drain' });
  await scheduler.tell(started(0), completed(0));
  scheduler.store.release();
  await turns();
  expect(scheduler.store.commits).toHaveLength(1);
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(true);
  scheduler.store.release();
  await turns();
  expect(statuses()).toEqual(['COMPLETED']);
  expect(scheduler.advancer.isKnown(DAG, 0)).toBe(false);
  expect(scheduler.happened.filter(({ name }) => name === 'dag.finished')).toHaveLength(1);
});

test('commands on DAGs that are not in memory read each of them once, and few at a time', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  await scheduler.tell(failed(0));
  let [reading, most, reads] = [0, 0, 0];
  scheduler.store.beforeRead = async () => {
    reads += 1;
    most = Math.max(most, (reading += 1));
    await turns();
    reading -= 1;
  };
  const stored = await scheduler.store.request(
    Array.from({ length: 50 }, () => ({ dag: DAG, command: CANCEL, by: null, reason: null, notBefore: null, key: null })),
  );
  await scheduler.tell(...stored.map(({ id }) => commanded(CANCEL, { id })));
  for (let i = 0; i < 10; i++) await turns();
  for (const { id } of stored) expect(await outcome(id)).toMatchObject({ outcome: 'REFUSED' });
  expect([reads, most]).toEqual([1, 1]);
});

test('a command is not applied again by whoever takes the shard long after it was settled', async () => {
  scheduler = await startScheduler();
  await scheduler.admit(pair);
  const id = await ask({ kind: 'pause' });
  await ask({ kind: 'resume' });
  await scheduler.advancer.drop(0, 'everything was away');
  // The log stood still meanwhile; in it the command is told once more, as its hint seemed lost.
  await scheduler.clock.advance(3_600_000);
  await scheduler.advancer.take(scheduler.store.acquire(0));
  await scheduler.tell(commanded({ kind: 'pause' }, { id }));
  expect(scheduler.store.rows(DAG).record().status).not.toBe('PAUSED');
});

test('what is reported of a DAG whose hint is late counts once the DAG is in memory', async () => {
  scheduler = await startScheduler();
  // Stored and begun by a scheduler that took itself for the owner.
  await scheduler.store.admit([{ dag: pair, idempotency: null }]);
  await scheduler.tell(started(0), completed(0));
  await turns();
  expect(scheduler.store.rows(DAG).record()).toMatchObject({ completedTasks: 1 });
  expect(sentNames(scheduler)).toContain('b#1');
});

test('what is reported of a DAG that is over, or was never there, is refused and counted', async () => {
  scheduler = await startScheduler();
  await scheduler.tell(completed(0));
  await turns();
  expect(scheduler.happened).toContainEqual({ name: 'event.refused', what: { type: 'completed', reason: 'no such live DAG' } });
  expect(scheduler.givenUp).toEqual([]);
});

test('an execution of a DAG that is over is ended: nobody would ever answer its checkpoint', async () => {
  scheduler = await startScheduler();
  await scheduler.tell(started(0, 1, { session: 's7' }));
  await turns();
  expect(scheduler.givenUp).toEqual([`${DAG}/0#1 in s7`]);
});
