/** Notifications: who is told of what, as typed calls. */
import type { ApiRequest } from './requests';
import type { Page } from './responses';

export type NoticeEvent = 'DAG_COMPLETED' | 'DAG_FAILED' | 'DAG_CANCELLED' | 'DAG_LATE' | 'DEAD_LETTER';

export interface SubscriptionFields {
  readonly name: string;
  readonly events: readonly NoticeEvent[];
  /** Of a webhook. */
  readonly url?: string | null;
  /** Of e-mail. */
  readonly addresses?: readonly string[] | null;
  /** Only DAGs of this name, `*` standing for any characters; null for all. */
  readonly dagName?: string | null;
  /** Only DAGs that have one of these. */
  readonly tags?: readonly string[] | null;
  readonly enabled?: boolean;
  /** Who asks. */
  readonly by?: string;
}

export interface NewSubscription extends SubscriptionFields {
  readonly channel: 'webhook' | 'email';
  /** `whsec_` and 24 to 64 bytes in base64; one is made where none is given. */
  readonly secret?: string;
}

export interface Subscription {
  readonly subscriptionId: string;
  readonly name: string;
  readonly channel: 'webhook' | 'email';
  /** Without what may be secret in it. */
  readonly url: string | null;
  readonly addresses: readonly string[];
  readonly events: readonly NoticeEvent[];
  readonly dagName: string | null;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  /** Why the scheduler switched it off. */
  readonly disabledReason: string | null;
  readonly by: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The secret is told this once; null for e-mail. */
export interface SubscriptionSecret {
  readonly subscription: Subscription;
  readonly secret: string | null;
}

export interface Delivery {
  /** What a receiver sees as webhook-id, the same at every attempt. */
  readonly deliveryId: string;
  readonly subscriptionId: string;
  readonly event: NoticeEvent | 'TEST';
  readonly title: string;
  readonly state: 'PENDING' | 'DELIVERED' | 'FAILED';
  readonly attempts: number;
  readonly createdAt: string;
  /** When it is tried next; null once it is over. */
  readonly nextAt: string | null;
  readonly triedAt: string | null;
  readonly endedAt: string | null;
  readonly status: number | null;
  readonly answer: string | null;
}

export interface NotificationCalls {
  /** Oldest first. */
  subscriptions(): Promise<Subscription[]>;
  subscription(subscriptionId: string): Promise<Subscription>;
  addSubscription(subscription: NewSubscription): Promise<SubscriptionSecret>;
  changeSubscription(subscriptionId: string, change: Partial<SubscriptionFields>): Promise<Subscription>;
  /** Signs with a new secret from now on. */
  renewSecret(subscriptionId: string, options?: { readonly by?: string }): Promise<SubscriptionSecret>;
  /** With its deliveries. */
  removeSubscription(subscriptionId: string): Promise<void>;
  /** Sends something that says that it is a test. */
  testSubscription(subscriptionId: string): Promise<Delivery>;
  /** Newest first. */
  deliveries(subscriptionId: string, page?: { readonly limit?: number; readonly cursor?: string }): Promise<Page<Delivery>>;
  /** Sends it again, under the same id. */
  redeliver(subscriptionId: string, deliveryId: string): Promise<Delivery>;
}

const PATH = 'api/v1/subscriptions';
const part = encodeURIComponent;

/** The calls, over whatever sends requests. */
export const notificationCalls = (call: <T>(request: ApiRequest) => Promise<T>): NotificationCalls => {
  const of = (id: string, rest = ''): string => `${PATH}/${part(id)}${rest}`;
  return {
    subscriptions: () => call({ path: PATH }),
    subscription: (id) => call({ path: of(id) }),
    addSubscription: (subscription) => call({ method: 'POST', path: PATH, body: subscription, once: true }),
    changeSubscription: (id, change) => call({ method: 'PATCH', path: of(id), body: change }),
    renewSecret: (id, options = {}) => call({ method: 'POST', path: of(id, '/secret'), body: options, once: true }),
    removeSubscription: (id) => call({ method: 'DELETE', path: of(id) }),
    testSubscription: (id) => call({ method: 'POST', path: of(id, '/test'), once: true }),
    deliveries: (id, page = {}) => call({ path: of(id, '/deliveries'), query: { ...page } }),
    redeliver: (id, delivery) => call({ method: 'POST', path: of(id, `/deliveries/${part(delivery)}/redeliver`) }),
  };
};
