/** Subscriptions over HTTP, on a real database. */
import { gzipSync } from 'node:zlib';
import { createDeliveryStore, createDeliveryViews } from '../../src/adapters/postgres/deliveries';
import { createSubscriptionStore } from '../../src/adapters/postgres/subscriptions';
import { subscriptionRoutes } from '../../src/control/routes';
import { createSubscriptionControl } from '../../src/control/subscriptions';
import supertest from 'supertest';
import { systemClock } from '../../src/adapters/system/clock';
import type { Database } from '../../src/adapters/postgres/database';
import { createApp } from '../../src/edge/app';
import { testDelivery } from '../../src/notify/told';
import { subscriptionListRoutes } from '../../src/observe/routes/subscriptions';
import { deliveryJson, subscriptionJson } from '../../src/observe/subscriptions';
import type { Happenings } from '../../src/ports/happenings';
import { migrated } from '../adapters/postgres/opened';
import { freshDatabase } from '../harness/services';

let database: Database;
let http: ReturnType<typeof supertest>;
const announced: Happenings['subscription.changed'][] = [];
let nudges = 0;

const serve = (over: { hasEmail?: boolean; allowedHosts?: readonly string[]; most?: number } = {}): ReturnType<typeof supertest> => {
  const store = createSubscriptionStore(database);
  const views = createDeliveryViews(database);
  const control = createSubscriptionControl({
    ...{ store, views, deliveries: createDeliveryStore(database), clock: systemClock },
    announce: (name, what) => {
      if (name === 'subscription.changed') announced.push(what as Happenings['subscription.changed']);
    },
    ...{ most: 3, hasEmail: true, allowedHosts: [], ...over },
    testDelivery: (id) => testDelivery(id, Date.now(), 'http://here'),
    changed: () => (nudges += 1),
  });
  const present = { subscription: subscriptionJson, delivery: deliveryJson };
  const app = createApp({
    routers: [subscriptionRoutes({ control, bodyBytes: 67_108_864, present }), subscriptionListRoutes({ subscriptions: store, views })],
    answered: () => undefined,
    unexpected: (error) => {
      throw error;
    },
    monotonic: () => performance.now(),
  });
  return supertest(app);
};

beforeAll(async () => {
  database = await migrated((await freshDatabase()).url);
  http = serve();
});
beforeEach(async () => {
  announced.length = 0;
  nudges = 0;
  for (const table of ['subscriptions', 'deliveries']) await database.engine.query(`DELETE FROM ${table}`);
});

const HOOK = { name: 'hook', channel: 'webhook', url: 'https://Hooks.example.com/T01/a-very-long-secret-word?token=abc', events: ['DAG_FAILED'] };
const MAIL = { name: 'mail', channel: 'email', addresses: ['ops@example.com'], events: ['DEAD_LETTER', 'DEAD_LETTER'] };
const path = '/api/v1/subscriptions';
interface Added {
  readonly subscription: { readonly subscriptionId: string };
  readonly secret: string | null;
}
const add = async (body: object): Promise<Added> => (await http.post(path).send(body).expect(201)).body as Added;

test('of a command two megabytes are read, however little they were on their way', async () => {
  const packed = gzipSync(`[${'0,'.repeat(1_500_000)}`) as unknown as string;
  const answer = await http
    .post(path)
    .set({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
    .serialize((body: unknown) => body as string)
    .send(packed);
  expect([answer.status, answer.body]).toEqual([413, expect.objectContaining({ code: 'BODY_TOO_LARGE' })]);
});

test('one is added, shown without its secrets, changed and removed', async () => {
  const answer = await http
    .post(path)
    .send({ ...HOOK, tags: ['a'], dagName: 'x*', by: 'ada' })
    .expect(201);
  const { subscription, secret } = answer.body as Added;
  const at = `${path}/${subscription.subscriptionId}`;
  expect(answer.headers['location']).toBe(at);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const shown = { ...subscription, url: 'https://hooks.example.com/T01/***?token=***', enabled: true, tags: ['a'], dagName: 'x*', by: 'ada' };
  expect((await http.get(at).expect(200)).body).toEqual(shown);
  expect((await http.get(path).expect(200)).body).toEqual([shown]);
  expect(JSON.stringify([answer.headers, shown])).not.toMatch(/whsec_|abc|very-long/);
  const changed = await http
    .patch(at)
    .send({ name: 'other', events: ['DAG_LATE'], dagName: null, tags: null, enabled: false })
    .expect(200);
  expect(changed.body).toMatchObject({ name: 'other', events: ['DAG_LATE'], dagName: null, tags: [], enabled: false, url: shown.url });
  const renewed = (await http.post(`${at}/secret`).send({}).expect(200)).body as Added;
  expect(renewed.secret).not.toBe(secret);
  await http.delete(at).expect(204);
  await http.delete(at).expect(404);
  expect((await http.get(at).expect(404)).body).toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
  expect(announced.map(({ change }) => change)).toEqual(['added', 'changed', 'new secret', 'removed']);
  expect(nudges).toBe(4);
});

test('a secret of one’s own is taken where it is long enough; e-mail has none', async () => {
  const own = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  expect(await add({ ...HOOK, secret: own })).toMatchObject({ secret: own });
  const { rows } = await database.engine.query('SELECT secret FROM subscriptions');
  expect(rows).toEqual([{ secret: own }]);
  expect(await add(MAIL)).toMatchObject({
    secret: null,
    subscription: { channel: 'email', addresses: ['ops@example.com'], events: ['DEAD_LETTER'] },
  });
});

test.each<[object, string]>([
  [{ ...HOOK, url: undefined }, 'url'],
  [{ ...HOOK, url: 'ftp://example.com' }, 'url'],
  [{ ...HOOK, url: 'https://me:secret@example.com' }, 'url'],
  [{ ...HOOK, addresses: ['a@b.c'] }, 'addresses'],
  [{ ...HOOK, events: [] }, 'events'],
  [{ ...HOOK, events: ['DAG_STARTED'] }, 'events[0]'],
  [{ ...HOOK, name: 'nul\0' }, 'name'],
  [{ ...HOOK, strange: 1 }, 'strange'],
  [{ ...HOOK, secret: 'whsec_c2hvcnQ=' }, 'secret'],
  [{ ...MAIL, addresses: ['Ada <ada@example.com>'] }, 'addresses[0]'],
  [{ ...MAIL, addresses: ['ada@example.com\r\nBcc: eve@example.com'] }, 'addresses[0]'],
  [{ ...MAIL, addresses: [] }, 'addresses'],
  [{ ...MAIL, url: 'https://example.com' }, 'url'],
])('%j is refused at %s', async (body, at) => {
  const { body: problem } = await http.post(path).send(body).expect(400);
  expect(problem).toMatchObject({ code: 'WRONG_SHAPE', errors: [{ path: at }] });
  expect(JSON.stringify(problem)).not.toContain('me:secret');
});

test('names are unique, there are so many and no more, and the settings say where to', async () => {
  const first = await add(HOOK);
  expect((await http.post(path).send(HOOK).expect(409)).body).toMatchObject({ code: 'SUBSCRIPTION_EXISTS' });
  await add({ ...HOOK, name: 'second' });
  const rename = http.patch(`${path}/${first.subscription.subscriptionId}`).send({ name: 'second' });
  expect((await rename.expect(409)).body).toMatchObject({ code: 'SUBSCRIPTION_EXISTS' });
  await add(MAIL);
  expect(
    (
      await http
        .post(path)
        .send({ ...HOOK, name: 'fourth' })
        .expect(409)
    ).body,
  ).toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
  const strict = serve({ hasEmail: false, allowedHosts: ['*.example.org'], most: 100 });
  expect(
    (
      await strict
        .post(path)
        .send({ ...MAIL, name: 'x' })
        .expect(409)
    ).body,
  ).toMatchObject({ code: 'NO_EMAIL' });
  expect(
    (
      await strict
        .post(path)
        .send({ ...HOOK, name: 'x' })
        .expect(400)
    ).body,
  ).toMatchObject({ errors: [{ path: 'url' }] });
  await strict
    .post(path)
    .send({ ...HOOK, name: 'x', url: 'http://a.example.org' })
    .expect(201);
});

test('a test is a delivery, shown page by page, and made again', async () => {
  const { subscription } = await add(HOOK);
  const at = `${path}/${subscription.subscriptionId}`;
  const made: string[] = [];
  for (let i = 0; i < 3; i++) made.unshift(((await http.post(`${at}/test`).expect(202)).body as { deliveryId: string }).deliveryId);
  const first = (await http.get(`${at}/deliveries?limit=2`).expect(200)).body as { items: { deliveryId: string }[]; nextCursor: string };
  const rest = (await http.get(`${at}/deliveries?limit=2&cursor=${first.nextCursor}`).expect(200)).body as typeof first;
  expect([...first.items, ...rest.items].map(({ deliveryId }) => deliveryId)).toEqual(made);
  expect(rest).toMatchObject({ items: [{ event: 'TEST', state: 'PENDING', attempts: 0, title: 'A test of notifications' }], nextCursor: null });
  await database.engine.query(`UPDATE deliveries SET state = 'FAILED', attempt = 20, due_at = NULL, ended_at = now()`);
  const again = await http.post(`${at}/deliveries/${made[0]!}/redeliver`).expect(202);
  expect(again.body).toMatchObject({ deliveryId: made[0], state: 'PENDING', attempts: 0, endedAt: null });
  expect((await http.post(`${at}/deliveries/${subscription.subscriptionId}/redeliver`).expect(404)).body).toMatchObject({
    code: 'DELIVERY_NOT_FOUND',
  });
  expect((await http.get(`${path}/nothing`).expect(400)).body).toMatchObject({ code: 'WRONG_ID' });
  expect((await http.post(`${path}/nothing/test`).expect(400)).body).toMatchObject({ code: 'WRONG_ID' });
});
