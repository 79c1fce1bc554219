/** Notifications as the leader makes them, on a real database, without the rest of a scheduler. */
import { randomUUID } from 'node:crypto';
import { createWebhookChannel } from '../../src/adapters/channels/webhook';
import type { Database } from '../../src/adapters/postgres/database';
import { createDeliveryStore, createDeliveryViews } from '../../src/adapters/postgres/deliveries';
import { createNoticeStore } from '../../src/adapters/postgres/notices';
import { createSubscriptionStore } from '../../src/adapters/postgres/subscriptions';
import { systemClock } from '../../src/adapters/system/clock';
import type { Subscription } from '../../src/core/notices';
import { createEmitter } from '../../src/lifecycle/emitter';
import { createDeliverer, type DeliverySettings } from '../../src/notify/deliverer';
import { createFanOut } from '../../src/notify/fanOut';
import { testDelivery } from '../../src/notify/told';
import type { Happenings } from '../../src/ports/happenings';
import type { ChannelPort, DeliveryView, NewSubscription } from '../../src/ports/notices';
import { until } from '../harness/until';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const SETTINGS: DeliverySettings = { concurrency: 4, ofOne: 2, timeoutMs: 2_000, attempts: 4, retryBaseMs: 40, retryMaxMs: 200 };

const NO_EMAIL: ChannelPort = { send: () => Promise.reject(new Error('nobody sends mail here')) };

/** What stands on a migrated database. */
export const openSending = (database: Database) => {
  const subscriptions = createSubscriptionStore(database);
  const notices = createNoticeStore(database);
  const store = createDeliveryStore(database);
  const views = createDeliveryViews(database);
  const events = createEmitter<Happenings>(() => undefined);
  const told: Happenings['delivery.ended'][] = [];
  const failures: unknown[] = [];
  events.listen('delivery.ended', (what) => told.push(what));
  events.listen('loop.failed', ({ error }) => failures.push(error));

  const subscribe = async (url: string, more: Partial<NewSubscription> = {}): Promise<Subscription> => {
    const now = Date.now() - 60_000;
    const subscription: NewSubscription = {
      ...{ id: randomUUID(), name: randomUUID(), channel: 'webhook', url, addresses: [], secret: SECRET },
      ...{ events: ['DAG_COMPLETED', 'DAG_FAILED', 'DAG_CANCELLED', 'DAG_LATE', 'DEAD_LETTER'], dagName: null, tags: [] },
      ...{ enabled: true, disabledReason: null, by: null, createdAt: now, updatedAt: now, ...more },
    };
    expect(await subscriptions.add(subscription, 100)).toBe('added');
    return subscription;
  };
  const deliverer = (over: Partial<DeliverySettings> = {}) =>
    createDeliverer({
      store,
      channels: { webhook: createWebhookChannel({ allowedHosts: [], agent: 'test', now: Date.now }), email: NO_EMAIL },
      clock: systemClock,
      announce: events.announce,
      settings: { ...SETTINGS, ...over },
      mayGoOn: () => true,
    });
  const deliveries = ({ id }: Pick<Subscription, 'id'>): Promise<DeliveryView[]> => views.deliveries(id, 100);
  return {
    ...{ subscriptions, notices, store, views, told, failures, subscribe, deliverer, deliveries },
    fanOut: createFanOut({ notices, subscriptions, origin: () => 'http://here', mayGoOn: () => true }),
    /** Puts something there that is due. */
    put: ({ id }: Pick<Subscription, 'id'>) => store.add(testDelivery(id, Date.now(), 'http://here')),
    ended: (subscription: Pick<Subscription, 'id'>, count = 1): Promise<DeliveryView[]> =>
      until(
        async () => {
          const all = await deliveries(subscription);
          return all.length >= count && all.every(({ state }) => state !== 'PENDING') ? all : undefined;
        },
        { what: `${String(count)} deliveries to be over` },
      ),
  };
};
