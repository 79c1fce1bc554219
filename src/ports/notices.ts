/**
 * Subscriptions, what waits to be told, and deliveries, as rows. Every call rejects with `StoreUnavailable` (core/failure) where the
 * store can't be reached.
 */
import type { Notice, Subscription, ToldEvent } from '../core/notices';

/** With the secret that signs what is sent to a webhook; null for e-mail. */
export interface NewSubscription extends Subscription {
  readonly secret: string | null;
}

/** What of a subscription can be changed; what is absent stays. */
export type SubscriptionChange = Partial<Pick<NewSubscription, 'name' | 'url' | 'addresses' | 'events' | 'dagName' | 'tags' | 'enabled' | 'secret'>>;

export interface SubscriptionStore {
  /** All of them, oldest first: few, and read as a whole by every scheduler each second. */
  subscriptions(): Promise<Subscription[]>;
  subscription(id: string): Promise<Subscription | undefined>;
  /** Names are unique, and there are `most` subscriptions at most. */
  add(subscription: NewSubscription, most: number): Promise<'added' | 'named alike' | 'too many'>;
  /** Switched on again, it forgets why it was off. */
  change(id: string, change: SubscriptionChange, now: number): Promise<Subscription | 'named alike' | undefined>;
  /** Takes its deliveries along; answers what there was. */
  remove(id: string): Promise<Subscription | undefined>;
}

/** What happened and isn't yet turned into deliveries: rows that are written with what they tell of, in its transaction. */
export interface WaitingNotice {
  readonly id: string;
  /** What makes it this event and no other: a delivery of it to a subscription is written once. */
  readonly subject: string;
  /** Undefined where what it tells of was deleted meanwhile. */
  readonly notice: Notice | undefined;
}

export interface NewDelivery {
  readonly id: string;
  readonly subscription: string;
  readonly event: ToldEvent;
  readonly subject: string;
  /** In one line, for lists and as the subject of a mail. */
  readonly title: string;
  readonly body: string;
}

export interface NoticeStore {
  /** Oldest first. */
  waiting(limit: number): Promise<WaitingNotice[]>;
  /** Writes deliveries and forgets the notices, in one transaction; answers how many deliveries are new. */
  settle(ids: readonly string[], deliveries: readonly NewDelivery[]): Promise<number>;
  /** Looks once at each DAG whose `lateAt` has come, and notes those that weren't over by then; answers at how many it looked. */
  noteLate(limit: number): Promise<number>;
}

export type DeliveryState = 'PENDING' | 'DELIVERED' | 'FAILED';

/** Times in milliseconds since 1970. */
export interface DeliveryView {
  /** A UUID: receivers tell repetitions by it. */
  readonly id: string;
  /** Decimal text, growing: the order of lists. */
  readonly number: string;
  readonly subscription: string;
  readonly event: ToldEvent;
  readonly title: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly createdAt: number;
  /** When it is tried next; null once it is over. */
  readonly dueAt: number | null;
  readonly triedAt: number | null;
  readonly endedAt: number | null;
  /** The HTTP status, or the SMTP reply code, of the last attempt. */
  readonly status: number | null;
  /** How the last answer begins, or why there was none. */
  readonly answer: string | null;
}

/** A delivery that this process is to make now, with where it goes. */
export interface TakenDelivery extends Pick<DeliveryView, 'id' | 'subscription' | 'event' | 'title' | 'attempt'> {
  readonly body: string;
  readonly channel: Subscription['channel'];
  readonly url: string | null;
  readonly addresses: readonly string[];
  readonly secret: string | null;
}

export interface Room {
  /** How many deliveries are taken at most, in all and of one subscription. */
  readonly total: number;
  readonly ofOne: number;
  /** How many of a subscription are under way already. */
  readonly busy: ReadonlyMap<string, number>;
}

export type DeliveryEnd =
  | { readonly kind: 'delivered'; readonly status: number | null; readonly answer: string | null }
  | { readonly kind: 'again'; readonly inMs: number; readonly status: number | null; readonly answer: string | null }
  | { readonly kind: 'failed'; readonly status: number | null; readonly answer: string | null }
  /** Nothing came of the attempt, and it doesn't count: the process ends. */
  | { readonly kind: 'given back' };

export interface DeliveryStore {
  /**
   * Takes what is due, of enabled subscriptions; each counts one attempt more. Until `leaseMs` are over nobody else takes it: after that it
   * is due again, whatever became of who took it.
   */
  take(leaseMs: number, room: Room): Promise<TakenDelivery[]>;
  /** Answers false where that attempt isn't the current one any more: then nothing changes. */
  end(delivery: Pick<TakenDelivery, 'id' | 'attempt'>, end: DeliveryEnd): Promise<boolean>;
  add(delivery: NewDelivery): Promise<DeliveryView>;
  /** Switches a subscription off, and says why. */
  disable(subscription: string, reason: string): Promise<void>;
  /** Removes deliveries that were written before this time, whatever became of them; answers how many. */
  removeBefore(time: number, limit: number): Promise<number>;
}

export interface DeliveryViews {
  /** Newest first, older than the delivery of number `after`. */
  deliveries(subscription: string, limit: number, after?: string): Promise<DeliveryView[]>;
  /** Makes it due at once, as new; undefined where there is none. */
  redeliver(subscription: string, id: string): Promise<DeliveryView | undefined>;
  /** How many wait for an attempt, by channel. */
  waitingDeliveries(): Promise<{ readonly channel: Subscription['channel']; readonly count: number }[]>;
}

/** How an attempt ended. */
export interface SendAnswer {
  readonly outcome: 'delivered' | 'failed' | 'gone';
  readonly status: number | null;
  readonly answer: string | null;
  /** When the receiver wants to hear of it again at the earliest. */
  readonly retryAfterMs: number | null;
}

/** A way to the outside. Never rejects: what goes wrong is an answer. */
export interface ChannelPort {
  send(delivery: TakenDelivery, signal: AbortSignal): Promise<SendAnswer>;
}
