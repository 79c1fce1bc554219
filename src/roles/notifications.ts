/** Notifications, put together from their stage and the channels that lead outside. */
import { createWebhookChannel } from '../adapters/channels/webhook';
import type { Config } from '../config';
import { createSubscriptionControl } from '../control/subscriptions';
import { subscriptionRoutes } from '../control/routes';
import { every, type Loop } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import { createDeliverer } from '../notify/deliverer';
import { createFanOut } from '../notify/fanOut';
import { testDelivery } from '../notify/told';
import { createWanted, type Wanted } from '../notify/wanted';
import { subscriptionListRoutes } from '../observe/routes/subscriptions';
import { deliveryJson, subscriptionJson } from '../observe/subscriptions';
import type { ChannelPort, SendAnswer } from '../ports/notices';
import type { ProcessLife } from './processLife';
import type { Storage } from './storage';

type Life = Pick<ProcessLife, 'clock' | 'announce' | 'version'>;
type Rows = Pick<Storage, 'subscriptions' | 'notices' | 'deliveries' | 'deliveryViews'>;

const failing =
  ({ announce }: Pick<Life, 'announce'>, loop: string) =>
  (error: unknown): void => {
    announce('loop.failed', { loop, error });
  };

/** Which ends of DAGs this process notes when it commits them. */
export const createWantedEnds = (life: Life, { subscriptions }: Pick<Rows, 'subscriptions'>): Wanted =>
  createWanted({ store: subscriptions, clock: life.clock, onError: failing(life, 'subscriptions') });

export interface NotificationsNeeds {
  readonly config: Config;
  readonly life: Life;
  readonly lead: Pick<Leading, 'fence'>;
  readonly rows: Rows;
  readonly wanted: Wanted;
  readonly origin: () => string;
}

const NO_EMAIL: SendAnswer = { outcome: 'failed', status: null, answer: 'notifications.smtp.url is not set', retryAfterMs: null };

/** nodemailer is loaded where there is a server for it, and with the first mail. */
const emailOf = ({ smtp, timeoutMs }: Config['notifications']): ChannelPort => {
  const { url, from } = smtp;
  if (url === null || from === null) return { send: () => Promise.resolve(NO_EMAIL) };
  let loaded: Promise<ChannelPort> | undefined;
  const load = (): Promise<ChannelPort> =>
    (loaded ??= import('../adapters/channels/email.js').then(({ createEmailChannel }) => createEmailChannel({ url, from, timeoutMs })));
  return { send: async (...what) => (await load()).send(...what) };
};

const FAN_OUT_EVERY_MS = 1000;
const EXPIRE_EVERY_MS = 60_000;
const EXPIRED_AT_ONCE = 5_000;
const DAY_MS = 86_400_000;

const expiryOf = ({ config, life, lead, rows }: NotificationsNeeds): Service =>
  every({
    name: 'delivery retention',
    ms: EXPIRE_EVERY_MS,
    clock: life.clock,
    once: whileLeading(lead, async () => {
      const before = life.clock.now() - config.notifications.keepDays * DAY_MS;
      let removed = EXPIRED_AT_ONCE;
      while (removed === EXPIRED_AT_ONCE && lead.fence() !== undefined) removed = await rows.deliveries.removeBefore(before, EXPIRED_AT_ONCE);
    }),
    onError: failing(life, 'delivery retention'),
  });

/** The loops that lead from what happened to what is sent, and a nudge for both. */
const sendingOf = (needs: NotificationsNeeds): { readonly service: Service; readonly nudge: () => void } => {
  const { config, life, lead, rows, origin } = needs;
  const { concurrency, timeoutMs, attempts, retryBaseMs, retryMaxMs, allowedHosts } = config.notifications;
  const mayGoOn = (): boolean => lead.fence() !== undefined;
  const email = emailOf(config.notifications);
  const webhook = createWebhookChannel({ allowedHosts, agent: `task-scheduler/${life.version}`, now: life.clock.now });
  const deliverer = createDeliverer({
    store: rows.deliveries,
    channels: { webhook, email },
    ...life,
    settings: { concurrency, ofOne: Math.max(1, Math.floor(concurrency / 4)), timeoutMs, attempts, retryBaseMs, retryMaxMs },
    mayGoOn,
  });
  const fanOut = createFanOut({ ...rows, origin, mayGoOn });
  const telling: Loop = every({
    name: 'notices',
    ms: FAN_OUT_EVERY_MS,
    clock: life.clock,
    once: whileLeading(lead, async () => {
      if ((await fanOut()) > 0) deliverer.nudge();
    }),
    onError: failing(life, 'notices'),
  });
  return { service: together('sending', [telling, deliverer, expiryOf(needs)]), nudge: deliverer.nudge };
};

/** The service, and the routes of subscriptions. */
export const createNotifications = (
  needs: NotificationsNeeds,
): { readonly service: Service; readonly routes: ReturnType<typeof subscriptionRoutes>[] } => {
  const { config, life, rows, wanted, origin } = needs;
  const { smtp, allowedHosts, subscriptions: most } = config.notifications;
  const sending = sendingOf(needs);
  const control = createSubscriptionControl({
    store: rows.subscriptions,
    deliveries: rows.deliveries,
    views: rows.deliveryViews,
    ...life,
    ...{ most, hasEmail: smtp.url !== null, allowedHosts },
    testDelivery: (subscription) => testDelivery(subscription, life.clock.now(), origin()),
    changed: () => {
      wanted.service.nudge();
      sending.nudge();
    },
  });
  return {
    service: together('notifications', [wanted.service, sending.service]),
    routes: [
      subscriptionRoutes({ control, bodyBytes: config.limits.bodyBytes, present: { subscription: subscriptionJson, delivery: deliveryJson } }),
      subscriptionListRoutes({ subscriptions: rows.subscriptions, views: rows.deliveryViews }),
    ],
  };
};
