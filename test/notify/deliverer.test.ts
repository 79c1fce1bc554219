/** Deliveries between a real database and real receivers. */
import type { ServerResponse } from 'node:http';
import type { Database } from '../../src/adapters/postgres/database';
import { endOf, nextWaitMs } from '../../src/notify/deliverer';
import { migrated } from '../adapters/postgres/opened';
import { atEnd } from '../harness/cleanup';
import { isGenuine, startReceiver } from '../harness/receiver';
import { freshDatabase } from '../harness/services';
import { until } from '../harness/until';
import { openSending, SECRET, SETTINGS } from './sending';

let database: Database;
let world: ReturnType<typeof openSending>;
beforeAll(async () => {
  database = await migrated((await freshDatabase()).url);
  world = openSending(database);
});
afterEach(async () => {
  expect(world.failures).toEqual([]);
  await database.engine.query('DELETE FROM subscriptions');
  await database.engine.query('DELETE FROM deliveries');
});

const started = async (over: Parameters<typeof world.deliverer>[0] = {}) => {
  const deliverer = world.deliverer(over);
  atEnd(() => deliverer.stop());
  await deliverer.start();
  return deliverer;
};

test('a receiver that is away for some time gets it then, signed, under one id', async () => {
  const receiver = await startReceiver();
  let down = 2;
  receiver.answer = (response) => response.writeHead(down-- > 0 ? 503 : 200).end(down >= 0 ? 'not yet' : 'ok');
  const subscription = await world.subscribe(receiver.url);
  const { id } = await world.put(subscription);
  const deliverer = await started();
  const [delivery] = await world.ended(subscription);
  expect(delivery).toMatchObject({ id, state: 'DELIVERED', attempt: 3, status: 200, answer: 'ok', dueAt: null });
  expect(receiver.received.map((one) => one.id)).toEqual([id, id, id]);
  expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
  expect(receiver.received.every((one) => isGenuine(one, SECRET))).toBe(true);
  const mine = world.told.filter(({ delivery: of }) => of === id).map(({ outcome, status }) => [outcome, status]);
  expect(mine).toEqual([
    ['again', 503],
    ['again', 503],
    ['delivered', 200],
  ]);
  await deliverer.stop();
});

test('it comes no earlier than Retry-After says', async () => {
  const receiver = await startReceiver();
  receiver.answer = (response) => response.writeHead(429, { 'retry-after': '3600' }).end();
  const subscription = await world.subscribe(receiver.url);
  const { id } = await world.put(subscription);
  const deliverer = await started();
  await until(() => world.told.some(({ delivery }) => delivery === id), { what: 'an attempt' });
  const [delivery] = await world.deliveries(subscription);
  expect(delivery).toMatchObject({ state: 'PENDING', attempt: 1, status: 429 });
  expect(delivery!.dueAt! - delivery!.triedAt!).toBeGreaterThan(3_590_000);
  await deliverer.stop();
});

test('it is given up after its attempts, and made again by hand under the same id', async () => {
  const receiver = await startReceiver();
  receiver.answer = (response) => response.writeHead(500).end('broken');
  const subscription = await world.subscribe(receiver.url);
  const { id } = await world.put(subscription);
  const deliverer = await started();
  expect(await world.ended(subscription)).toMatchObject([{ id, state: 'FAILED', attempt: SETTINGS.attempts, status: 500, answer: 'broken' }]);
  expect(receiver.received).toHaveLength(SETTINGS.attempts);
  receiver.answer = (response) => response.writeHead(200).end();
  expect(await world.views.redeliver(subscription.id, id)).toMatchObject({ id, state: 'PENDING', attempt: 0 });
  deliverer.nudge();
  expect(await world.ended(subscription)).toMatchObject([{ id, state: 'DELIVERED', attempt: 1 }]);
  await deliverer.stop();
});

test('a receiver that is gone is asked once, and its subscription is off', async () => {
  const receiver = await startReceiver();
  receiver.answer = (response) => response.writeHead(410).end();
  const subscription = await world.subscribe(receiver.url);
  await world.put(subscription);
  const deliverer = await started();
  expect(await world.ended(subscription)).toMatchObject([{ state: 'FAILED', attempt: 1, status: 410 }]);
  await until(async () => (await world.subscriptions.subscription(subscription.id))?.enabled === false, { what: 'it to be off' });
  expect(await world.subscriptions.subscription(subscription.id)).toMatchObject({ disabledReason: 'the receiver answered 410: it is gone' });
  expect(await world.subscriptions.change(subscription.id, { enabled: true }, Date.now())).toMatchObject({ enabled: true, disabledReason: null });
  await deliverer.stop();
});

test('one that answers slowly keeps no other waiting, and has so many attempts under way and no more', async () => {
  const [slow, quick] = [await startReceiver(), await startReceiver()];
  const open: ServerResponse[] = [];
  slow.answer = (response) => open.push(response);
  const [first, second] = [await world.subscribe(slow.url), await world.subscribe(quick.url)];
  for (let i = 0; i < 6; i++) await world.put(first);
  const deliverer = await started();
  await until(() => open.length === 2, { what: 'two slow attempts' });
  await world.put(second);
  deliverer.nudge();
  await world.ended(second);
  expect(open).toHaveLength(2);
  slow.answer = (response) => response.writeHead(200).end();
  for (const response of open) response.writeHead(200).end();
  await world.ended(first, 6);
  expect(slow.received).toHaveLength(6);
  await deliverer.stop();
});

test('too slow is a failed attempt', async () => {
  const receiver = await startReceiver();
  receiver.answer = () => undefined;
  const subscription = await world.subscribe(receiver.url);
  await world.put(subscription);
  const deliverer = await started({ timeoutMs: 100, attempts: 2 });
  expect(await world.ended(subscription)).toMatchObject([{ state: 'FAILED', attempt: 2, status: null, answer: 'it took too long to answer' }]);
  await deliverer.stop();
});

test('what a process that leaves had under way is given back, and another one sends it under the same id', async () => {
  const receiver = await startReceiver();
  receiver.answer = () => undefined;
  const subscription = await world.subscribe(receiver.url);
  const { id } = await world.put(subscription);
  const first = await started();
  await until(() => receiver.received.length === 1, { what: 'the first attempt' });
  await first.stop();
  expect(await world.deliveries(subscription)).toMatchObject([{ state: 'PENDING', attempt: 0 }]);
  receiver.answer = (response) => response.writeHead(200).end();
  const next = await started();
  await world.ended(subscription);
  expect(receiver.received.map((one) => one.id)).toEqual([id, id]);
  await next.stop();
});

test('what a process that died had under way is due again when its time is over; late news of it changes nothing', async () => {
  const receiver = await startReceiver();
  const subscription = await world.subscribe(receiver.url);
  const { id } = await world.put(subscription);
  const room = { total: 10, ofOne: 10, busy: new Map<string, number>() };
  const [taken] = await world.store.take(0, room);
  expect(taken).toMatchObject({ id, attempt: 1, secret: SECRET });
  const [again] = await world.store.take(60_000, room);
  expect(again).toMatchObject({ id, attempt: 2 });
  expect(await world.store.take(60_000, room)).toEqual([]);
  expect(await world.store.end(taken!, { kind: 'failed', status: null, answer: null })).toBe(false);
  expect(await world.store.end(again!, { kind: 'delivered', status: 200, answer: 'nul\0' })).toBe(true);
  expect(await world.deliveries(subscription)).toMatchObject([{ state: 'DELIVERED', answer: 'nul' }]);
});

test('one whose attempts all vanished with their processes is given up without another', async () => {
  const receiver = await startReceiver();
  const subscription = await world.subscribe(receiver.url);
  await world.put(subscription);
  // The time of an attempt is rounded to milliseconds: it may be over a moment after it began.
  const take = async (): Promise<boolean> => (await world.store.take(0, { total: 1, ofOne: 1, busy: new Map() })).length === 1;
  for (let i = 0; i < SETTINGS.attempts; i++) await until(take, { what: 'the next attempt' });
  const deliverer = await started();
  expect(await world.ended(subscription)).toMatchObject([{ state: 'FAILED', answer: expect.stringContaining('before it could tell') as string }]);
  expect(receiver.received).toEqual([]);
  await deliverer.stop();
});

test('a subscription that is off gets a test and nothing else, and what waits once it is on again', async () => {
  const receiver = await startReceiver();
  const subscription = await world.subscribe(receiver.url, { enabled: false });
  const test = await world.put(subscription);
  const other = await world.put(subscription);
  await database.engine.query(`UPDATE deliveries SET event = 'DAG_FAILED' WHERE id = $1`, [other.id]);
  const deliverer = await started();
  await until(() => receiver.received.length === 1, { what: 'the test' });
  expect(receiver.received[0]?.id).toBe(test.id);
  expect(await world.deliveries(subscription)).toMatchObject([{ id: other.id, state: 'PENDING', attempt: 0 }, { id: test.id }]);
  await world.subscriptions.change(subscription.id, { enabled: true }, Date.now());
  deliverer.nudge();
  await world.ended(subscription, 2);
  await deliverer.stop();
});

test('removing a subscription takes its deliveries along, and old ones go with time', async () => {
  const [one, two] = [await world.subscribe('http://127.0.0.1:9'), await world.subscribe('http://127.0.0.1:9')];
  for (const subscription of [one, two]) for (let i = 0; i < 3; i++) await world.put(subscription);
  expect(await world.views.waitingDeliveries()).toEqual([{ channel: 'webhook', count: 6 }]);
  expect(await world.subscriptions.remove(one.id)).toMatchObject({ id: one.id });
  expect(await world.subscriptions.remove(one.id)).toBeUndefined();
  const count = async (): Promise<unknown> => (await database.engine.query('SELECT count(*)::int AS count FROM deliveries')).rows[0];
  expect(await count()).toEqual({ count: 3 });
  expect(await world.store.removeBefore(Date.now() - 60_000, 10)).toBe(0);
  expect(await world.store.removeBefore(Date.now() + 60_000, 2)).toBe(2);
  expect(await count()).toEqual({ count: 1 });
});

test('waits grow to a bound, by half of them by chance', () => {
  const settings = { retryBaseMs: 1000, retryMaxMs: 60_000 };
  expect([1, 2, 3, 7, 100].map((attempt) => nextWaitMs(settings, attempt, null, 0))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(nextWaitMs(settings, 3, null, 0.999)).toBeLessThan(2100);
  expect(nextWaitMs(settings, 1, 90_000, 0)).toBe(90_000);
  expect(nextWaitMs(settings, 1, 1e12, 0)).toBe(86_400_000);
  const answer = { outcome: 'failed', status: 500, answer: null, retryAfterMs: null } as const;
  expect(endOf({ attempt: 4 }, answer, SETTINGS, 0).kind).toBe('failed');
  expect(endOf({ attempt: 3 }, answer, SETTINGS, 0).kind).toBe('again');
});
