/** Adds, changes and removes subscriptions, tries them, and makes deliveries again. */
import { randomBytes, randomUUID } from 'node:crypto';
import { parseUuid } from '../core/ids';
import { isHostAllowed, type Channel, type Subscription } from '../core/notices';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { DeliveryStore, DeliveryView, DeliveryViews, NewDelivery, SubscriptionChange, SubscriptionStore } from '../ports/notices';
import { wrongField, type Bodies } from './bodies';

export interface SubscriptionControlNeeds {
  readonly store: SubscriptionStore;
  readonly deliveries: Pick<DeliveryStore, 'add'>;
  readonly views: Pick<DeliveryViews, 'redeliver'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
  /** How many there may be. */
  readonly most: number;
  /** Whether anything can be sent by e-mail. */
  readonly hasEmail: boolean;
  /** Hosts that webhooks may go to; any where there are none. */
  readonly allowedHosts: readonly string[];
  /** Something to send that says that it is a test. */
  readonly testDelivery: (subscription: string) => NewDelivery;
  /** A row was changed, or something is to be sent: this process is to follow at once. */
  readonly changed: () => void;
}

/** With a secret that is told this once. */
export interface Subscribed {
  readonly subscription: Subscription;
  readonly secret: string | null;
}

export interface SubscriptionControl {
  add(body: Bodies['SubscriptionBody']): Promise<Subscribed>;
  change(id: string, body: Bodies['SubscriptionChangeBody']): Promise<Subscription>;
  /** The old one is void at once. */
  newSecret(id: string, body: Bodies['CommandBody']): Promise<Subscribed>;
  remove(id: string): Promise<void>;
  /** Sends something that says that it is a test. */
  test(id: string): Promise<DeliveryView>;
  redeliver(id: string, delivery: string): Promise<DeliveryView>;
}

const SECRET_BYTES = 32;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const ADDRESS = /^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\]{1,255}$/;

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

const secretIn = (given: string): string => {
  const bytes = Buffer.from(SECRET.exec(given)?.[1] ?? '', 'base64').length;
  if (bytes < 24 || bytes > 64) throw wrongField('secret', 'must be whsec_ and 24 to 64 bytes in base64');
  return given;
};

const urlIn = (given: string | null | undefined, allowedHosts: readonly string[]): string => {
  if (given === null || given === undefined) throw wrongField('url', 'is missing: where is the webhook?');
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw wrongField('url', 'must begin with http:// or https://');
  if (url.username !== '' || url.password !== '')
    throw wrongField('url', 'must have no user and no password: receivers know the sender by its signature');
  if (!isHostAllowed(url, allowedHosts))
    throw wrongField('url', `must lead to one of the hosts that notifications.allowedHosts has: ${allowedHosts.join(', ')}`);
  return url.href;
};

const addressesIn = (given: readonly string[] | null | undefined): readonly string[] => {
  if (given === null || given === undefined || given.length === 0) throw wrongField('addresses', 'is missing: to whom?');
  const wrong = given.findIndex((address) => !ADDRESS.test(address));
  if (wrong >= 0) throw wrongField(`addresses[${String(wrong)}]`, 'must be a plain address, like ops@example.com');
  return given;
};

type Where = Pick<Subscription, 'url' | 'addresses'>;

/** Where a channel leads, by what a body says of it. */
const whereOf = (
  channel: Channel,
  { url, addresses }: Pick<Bodies['SubscriptionChangeBody'], 'url' | 'addresses'>,
  { allowedHosts, hasEmail }: Pick<SubscriptionControlNeeds, 'allowedHosts' | 'hasEmail'>,
): Where => {
  if (channel === 'webhook') {
    if (addresses !== null && addresses !== undefined) throw wrongField('addresses', 'belongs to e-mail: a webhook has none');
    return { url: urlIn(url, allowedHosts), addresses: [] };
  }
  if (url !== null && url !== undefined) throw wrongField('url', 'belongs to a webhook: e-mail has none');
  if (!hasEmail) throw refusal('NO_EMAIL', 'no SMTP server is set');
  return { url: null, addresses: addressesIn(addresses) };
};

const uuidIn = (id: string): string => {
  const uuid = parseUuid(id);
  if (uuid === undefined) throw refusal('WRONG_ID', `${JSON.stringify(id.slice(0, 100))} is no UUID`);
  return uuid;
};

const unknown = (id: string): Error => refusal('SUBSCRIPTION_NOT_FOUND', `no subscription ${id}`);
const namedAlike = (name: string): Error => refusal('SUBSCRIPTION_EXISTS', `there is a subscription named ${JSON.stringify(name)} already`);

/** What a body changes: null means none of it. */
const changeIn = (body: Bodies['SubscriptionChangeBody'], before: Subscription, needs: SubscriptionControlNeeds): SubscriptionChange => {
  const { name, url, addresses, events, dagName, tags, enabled } = body;
  const leads = url !== undefined || addresses !== undefined;
  return {
    ...(name !== undefined && { name }),
    ...(leads && whereOf(before.channel, { url: url ?? null, addresses: addresses ?? null }, needs)),
    ...(events !== undefined && { events: [...new Set(events)] }),
    ...(dagName !== undefined && { dagName }),
    ...(tags !== undefined && { tags: tags ?? [] }),
    ...(enabled !== undefined && enabled !== null && { enabled }),
  };
};

/** Makes the commands on subscriptions. */
export const createSubscriptionControl = (needs: SubscriptionControlNeeds): SubscriptionControl => {
  const { store, deliveries, views, clock, announce, most, testDelivery, changed } = needs;
  const one = async (id: string): Promise<Subscription> => {
    const found = await store.subscription(uuidIn(id));
    if (found === undefined) throw unknown(id);
    return found;
  };
  const tell = ({ id, name }: Subscription, change: 'added' | 'changed' | 'removed' | 'new secret', by: string | null = null): void => {
    changed();
    announce('subscription.changed', { subscription: id, name, change, by });
  };
  const apply = async (id: string, change: SubscriptionChange, name = ''): Promise<Subscription> => {
    const after = await store.change(uuidIn(id), change, clock.now());
    if (after === undefined) throw unknown(id);
    if (after === 'named alike') throw namedAlike(name);
    return after;
  };
  return {
    add: async ({ name, channel, events, dagName, tags, enabled, by, secret, ...where }) => {
      if (channel === 'email' && typeof secret === 'string') throw wrongField('secret', 'belongs to a webhook: e-mail is not signed');
      const now = clock.now();
      const subscription: Subscription = {
        ...{ id: randomUUID(), name, channel, events: [...new Set(events)], dagName: dagName ?? null, tags: tags ?? [] },
        ...whereOf(channel, where, needs),
        ...{ enabled: enabled ?? true, disabledReason: null, by: by ?? null, createdAt: now, updatedAt: now },
      };
      const own = channel === 'email' ? null : typeof secret === 'string' ? secretIn(secret) : newSecret();
      const added = await store.add({ ...subscription, secret: own }, most);
      if (added === 'named alike') throw namedAlike(name);
      if (added === 'too many') throw refusal('TOO_MANY_SUBSCRIPTIONS', `there are ${String(most)} subscriptions already`);
      tell(subscription, 'added', subscription.by);
      return { subscription, secret: own };
    },
    change: async (id, body) => {
      const after = await apply(id, changeIn(body, await one(id), needs), body.name);
      tell(after, 'changed', body.by ?? null);
      return after;
    },
    newSecret: async (id, { by }) => {
      if ((await one(id)).channel === 'email') throw refusal('WRONG_PARAMETER', 'e-mail is not signed: it has no secret');
      const secret = newSecret();
      const subscription = await apply(id, { secret });
      tell(subscription, 'new secret', by ?? null);
      return { subscription, secret };
    },
    remove: async (id) => {
      const removed = await store.remove(uuidIn(id));
      if (removed === undefined) throw unknown(id);
      tell(removed, 'removed');
    },
    test: async (id) => {
      const { id: subscription } = await one(id);
      const view = await deliveries.add(testDelivery(subscription));
      changed();
      return view;
    },
    redeliver: async (id, delivery) => {
      const { id: subscription } = await one(id);
      const view = await views.redeliver(subscription, uuidIn(delivery));
      if (view === undefined) throw refusal('DELIVERY_NOT_FOUND', `the subscription has no delivery ${delivery}`);
      changed();
      return view;
    },
  };
};
