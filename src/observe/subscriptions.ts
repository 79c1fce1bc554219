/** Subscriptions and their deliveries as JSON. Secrets are never shown, and of URLs nothing that may be one. */
import type { Subscription } from '../core/notices';
import type { DeliveryView, DeliveryViews } from '../ports/notices';
import { cut, limitOf, type Page } from './lists';
import { isoTime } from './present';
import { numberCursorOf, numberCursorText, onlyKnown, type Query } from './query';

/** Services name a channel by a long word of the path, and that word is all that it takes to write there. */
const LONG_WORD = /[^/]{16,}/g;

/** A URL by which its owner knows it again: without values of its query, and without long words of its path. */
export const shownUrl = (given: string): string => {
  const url = new URL(given);
  const query = [...new Set(url.searchParams.keys())].map((key) => `${encodeURIComponent(key)}=***`).join('&');
  return `${url.origin}${url.pathname.replace(LONG_WORD, '***')}${query === '' ? '' : `?${query}`}`;
};

const subscriptionValue = ({ id, url, createdAt, updatedAt, ...rest }: Subscription): object => ({
  subscriptionId: id,
  name: rest.name,
  channel: rest.channel,
  url: url === null ? null : shownUrl(url),
  addresses: rest.addresses,
  events: rest.events,
  dagName: rest.dagName,
  tags: rest.tags,
  enabled: rest.enabled,
  disabledReason: rest.disabledReason,
  by: rest.by,
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});

/** JSON text of a subscription. */
export const subscriptionJson = (subscription: Subscription): string => JSON.stringify(subscriptionValue(subscription));

const deliveryValue = (delivery: DeliveryView): object => ({
  deliveryId: delivery.id,
  subscriptionId: delivery.subscription,
  event: delivery.event,
  title: delivery.title,
  state: delivery.state,
  attempts: delivery.attempt,
  createdAt: isoTime(delivery.createdAt),
  nextAt: isoTime(delivery.dueAt),
  triedAt: isoTime(delivery.triedAt),
  endedAt: isoTime(delivery.endedAt),
  status: delivery.status,
  answer: delivery.answer,
});

/** JSON text of a delivery. */
export const deliveryJson = (delivery: DeliveryView): string => JSON.stringify(deliveryValue(delivery));

/** GET /api/v1/subscriptions/{subscriptionId}/deliveries: newest first. */
export const listDeliveries = async (views: Pick<DeliveryViews, 'deliveries'>, subscription: string, query: Query): Promise<Page> => {
  onlyKnown(query, ['limit', 'cursor']);
  const limit = limitOf(query);
  const rows = await views.deliveries(subscription, limit + 1, numberCursorOf(query));
  const { page, nextCursor } = cut(rows, limit, ({ number }) => numberCursorText(number));
  return { json: `{"items":[${page.map(deliveryJson).join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor, limit };
};
