/** Notifications of a whole system on the real services: what happens is told to whom it concerns, whatever dies meanwhile. */
import { type ServerResponse } from 'node:http';
import type { NewSubscription, NoticeEvent, SubscriptionSecret } from '../../src/sdk';
import { startMailbox } from '../harness/mailbox';
import { isGenuine, startReceiver } from '../harness/receiver';
import { clientOf, startRealStack } from '../harness/stacks';
import { until } from '../harness/until';

const QUICK = { durationMs: 1, failureRate: 0 };
const task = (taskName: string, more: object = {}) => ({ taskName, type: 'API_CALL', maxRetries: 0, simulate: QUICK, ...more });

test('ends, lateness and dead letters are told by filter, and what the leader had under way comes from the next one', async () => {
  const mailbox = await startMailbox();
  const env = {
    NOTIFICATIONS_TIMEOUT_MS: '1000',
    NOTIFICATIONS_RETRY_BASE_MS: '50',
    NOTIFICATIONS_SMTP_URL: mailbox.url,
    NOTIFICATIONS_SMTP_FROM: 'dts@example.com',
  };
  const { api, scheduler, startScheduler, sql } = await startRealStack({ workers: 1, env });
  const receiver = await startReceiver();
  const secrets = new Map<string, string>();
  const subscribe = async (name: string, events: readonly NoticeEvent[], more: Partial<NewSubscription> = {}): Promise<SubscriptionSecret> => {
    const added = await api.addSubscription({ name, channel: 'webhook', url: `${receiver.url}/${name}`, events, ...more });
    secrets.set(`/${name}`, added.secret ?? '');
    return added;
  };
  const everything: NoticeEvent[] = ['DAG_COMPLETED', 'DAG_FAILED', 'DAG_CANCELLED', 'DAG_LATE', 'DEAD_LETTER'];
  const all = await subscribe('all', everything);
  await subscribe('billing', everything, { tags: ['billing'] });
  await subscribe('failed-imports', ['DAG_FAILED'], { dagName: 'import-*' });
  const gone = await subscribe('gone', everything);
  await api.addSubscription({ name: 'mail', channel: 'email', addresses: ['ops@example.com'], events: ['DAG_FAILED'] });
  await api.removeSubscription(gone.subscription.subscriptionId);
  // The schedulers have read the subscriptions: the one that was asked reads them at once.
  const submit = (dagName: string, tasks: readonly object[], more: object = {}) => api.submit({ dagName, tasks: tasks as never, ...more });
  await submit('export', [task('a')], { tags: ['billing'] });
  await submit('import-a', [task('a', { simulate: { ...QUICK, failureRate: 1 } })], { tags: ['x'] });
  const slow = await submit('slow', [task('a', { simulate: { ...QUICK, durationMs: 60_000 } })], { lateAfterSeconds: 0.5 });
  const told = (): string[] =>
    receiver.received.map(({ path, body: { type, data } }) => `${path} ${type} ${data.dag?.dagName ?? ''} ${data.letter?.taskName ?? ''}`.trim());
  await until(() => told().includes('/all DAG_LATE slow'), { what: 'the slow one to be late', timeoutMs: 20_000 });
  await api.cancel(slow.dagId);
  const expected = [
    ...['/all DAG_COMPLETED export', '/all DAG_FAILED import-a', '/all DEAD_LETTER import-a a', '/all DAG_LATE slow', '/all DAG_CANCELLED slow'],
    ...['/billing DAG_COMPLETED export', '/failed-imports DAG_FAILED import-a'],
  ].sort();
  await until(() => told().length >= expected.length && mailbox.mails.length > 0, { what: 'all deliveries', timeoutMs: 20_000 });
  expect(told().sort()).toEqual(expected);
  expect(receiver.received.every((one) => isGenuine(one, secrets.get(one.path)!))).toBe(true);
  expect(mailbox.mails).toMatchObject([{ from: 'dts@example.com', to: ['ops@example.com'] }]);
  expect(mailbox.mails[0]?.text).toContain('Subject: DAG import-a failed');

  // The leader is killed while the receiver holds its request; the next one sends it again, under the same id.
  const next = await startScheduler();
  const held: ServerResponse[] = [];
  receiver.answer = (response) => held.push(response);
  receiver.received.length = 0;
  const subscriptionId = all.subscription.subscriptionId;
  const { deliveryId } = await api.testSubscription(subscriptionId);
  await until(() => held.length === 1, { what: 'the request to be held' });
  await scheduler.kill();
  receiver.answer = (response) => response.writeHead(200).end('at last');
  const other = clientOf(next.url);
  const delivered = await until(
    async () => (await other.deliveries(subscriptionId)).items.find((each) => each.deliveryId === deliveryId && each.state === 'DELIVERED'),
    { what: 'the next leader to deliver it', timeoutMs: 25_000 },
  );
  expect(delivered).toMatchObject({ event: 'TEST', status: 200, answer: 'at last', attempts: 2 });
  expect(receiver.received.map(({ id }) => id)).toEqual([deliveryId, deliveryId]);

  // And a new end is noted and told by it.
  await other.submit({ dagName: 'after', tasks: [task('a')] as never });
  await until(() => told().includes('/all DAG_COMPLETED after'), { what: 'a DAG after that', timeoutMs: 20_000 });
  expect(await sql('SELECT 1 FROM notices')).toEqual([]);
}, 120_000);
