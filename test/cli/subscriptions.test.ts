/** `dts subscriptions` against a server that says what the test wants to hear. */
import { answering, type Answering } from './answering';

let server: Answering;
beforeEach(async () => {
  server = await answering();
});
afterEach(() => server.close());
const dts: Answering['dts'] = (...args) => server.dts(...args);

const ID = '6e0d9a52-7b5f-4a1c-9d3c-2f1f6c1a0b11';
const hook = {
  ...{ subscriptionId: ID, name: 'ops', channel: 'webhook', url: 'https://example.com/***', addresses: [], events: ['DAG_FAILED', 'DAG_LATE'] },
  ...{ dagName: 'import-*', tags: ['a', 'b'], enabled: true, disabledReason: null, by: null },
  ...{ createdAt: '2026-01-31T12:00:00.000Z', updatedAt: '2026-01-31T12:00:00.000Z' },
};
const mail = {
  ...hook,
  name: 'mail',
  channel: 'email',
  url: null,
  addresses: ['a@b.c', 'd@e.f'],
  events: ['DEAD_LETTER'],
  dagName: null,
  tags: [],
  enabled: false,
};
const delivery = {
  ...{ deliveryId: ID, subscriptionId: ID, event: 'DAG_FAILED', title: 'DAG x failed', state: 'PENDING', attempts: 2, status: 503, answer: 'no' },
  ...{ createdAt: '2026-01-31T12:00:00.000Z', nextAt: '2026-01-31T12:05:00.000Z', triedAt: null, endedAt: null },
};

test('they are listed, as text and as JSON', async () => {
  server.answers.set('GET /api/v1/subscriptions', { body: [hook, mail] });
  const { out } = await dts('subscriptions');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['NAME', 'STATE', 'CHANNEL', 'EVENTS', 'DAGS', 'WHERE'],
    ['ops', 'on', 'webhook', 'DAG_FAILED DAG_LATE', 'name import-*, tag a or b', 'https://example.com/***'],
    ['mail', 'off', 'email', 'DEAD_LETTER', 'all', 'a@b.c, d@e.f'],
    [''],
  ]);
  expect(JSON.parse((await dts('subscriptions', 'list', '--json')).out)).toHaveLength(2);
  server.answers.set('GET /api/v1/subscriptions', { body: [] });
  expect((await dts('subscriptions')).err).toBe('nobody is told of anything\n');
});

test('a webhook and addresses are added, and the secret is shown', async () => {
  server.answers.set('POST /api/v1/subscriptions', { status: 201, body: { subscription: hook, secret: 'whsec_x' } });
  const added = await dts('subscriptions', 'add', 'ops', '--webhook', 'https://example.com/x', '--on', 'failed', 'late', '--dag-name', 'import-*');
  expect(added.out).toBe('ops is told of DAG_FAILED, DAG_LATE\nsecret: whsec_x\n');
  await dts('subscriptions', 'add', 'mail', '--email', 'a@b.c', 'd@e.f', '--on', 'dead-letter', '--tag', 'a', 'b', '--by', 'ada');
  expect(server.heard.map(({ body }) => body)).toEqual([
    { url: 'https://example.com/x', events: ['DAG_FAILED', 'DAG_LATE'], dagName: 'import-*', name: 'ops', channel: 'webhook' },
    { addresses: ['a@b.c', 'd@e.f'], events: ['DEAD_LETTER'], tags: ['a', 'b'], by: 'ada', name: 'mail', channel: 'email' },
  ]);
});

test('one is found by its name, changed, tried and removed', async () => {
  server.answers.set('GET /api/v1/subscriptions', { body: [hook] });
  server.answers.set(`PATCH /api/v1/subscriptions/${ID}`, { body: hook });
  server.answers.set(`POST /api/v1/subscriptions/${ID}/test`, { status: 202, body: delivery });
  server.answers.set(`POST /api/v1/subscriptions/${ID}/secret`, { body: { subscription: hook, secret: 'whsec_y' } });
  server.answers.set(`POST /api/v1/subscriptions/${ID}/deliveries/${ID}/redeliver`, { status: 202, body: delivery });
  server.answers.set(`GET /api/v1/subscriptions/${ID}/deliveries?limit=20`, { body: { items: [delivery], nextCursor: null } });
  server.answers.set(`GET /api/v1/subscriptions/${ID}/deliveries`, { body: { items: [delivery], nextCursor: null } });
  server.answers.set(`DELETE /api/v1/subscriptions/${ID}`, { status: 204, body: undefined });
  expect((await dts('subscriptions', 'disable', 'ops')).out).toBe('ops is off\n');
  expect((await dts('subscriptions', 'change', 'ops', '--on', 'completed')).out).toBe('ops was changed\n');
  expect((await dts('subscriptions', 'secret', 'ops')).out).toBe('ops has a new secret\nsecret: whsec_y\n');
  expect((await dts('subscriptions', 'test', 'ops')).out).toBe(`it is being sent as ${ID}\n`);
  expect((await dts('subscriptions', 'redeliver', 'ops', ID)).out).toBe(`it is being sent as ${ID}\n`);
  expect((await dts('subscriptions', 'deliveries', 'ops')).out).toContain(
    `${ID}  PENDING  DAG_FAILED  2      503     2026-01-31T12:05:00.000Z  DAG x failed: no`,
  );
  expect((await dts('subscriptions', 'remove', ID)).out).toBe('ops is told nothing any more\n'.replace('ops', ID));
  expect((await dts('subscriptions', 'remove', 'nobody')).code).toBe(2);
});

test('it must be said where to and of what', async () => {
  for (const args of [
    ['x', '--on', 'failed'],
    ['x', '--webhook', 'https://example.com'],
    ['x', '--webhook', 'https://example.com', '--email', 'a@b.c', '--on', 'failed'],
    ['x', '--webhook', 'https://example.com', '--on', 'strange'],
  ])
    expect([args, (await dts('subscriptions', 'add', ...args)).code]).toEqual([args, 2]);
  expect(server.heard).toEqual([]);
});
