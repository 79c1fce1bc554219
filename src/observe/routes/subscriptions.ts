/** Who is told of what, and what became of it. */
import { Router, type Request } from 'express';
import type { Subscription } from '../../core/notices';
import { refusal } from '../../core/refusal';
import { param, sendJson } from '../../edge/requests';
import type { DeliveryViews, SubscriptionStore } from '../../ports/notices';
import { onlyKnown, uuidIn } from '../query';
import { listDeliveries, subscriptionJson } from '../subscriptions';
import { queryOf, sendPage } from './answers';

export interface SubscriptionListRoutesNeeds {
  readonly subscriptions: Pick<SubscriptionStore, 'subscriptions' | 'subscription'>;
  readonly views: Pick<DeliveryViews, 'deliveries'>;
}

/** Who is told of what, as a plain array, one of them, and what became of its deliveries. */
export const subscriptionListRoutes = ({ subscriptions, views }: SubscriptionListRoutesNeeds): Router => {
  const router = Router();
  const one = async (request: Request): Promise<Subscription> => {
    const id = uuidIn(param(request, 'subscriptionId'), 'subscriptionId');
    const found = await subscriptions.subscription(id);
    if (found === undefined) throw refusal('SUBSCRIPTION_NOT_FOUND', `no subscription ${id}`);
    return found;
  };
  router.get('/api/v1/subscriptions', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, `[${(await subscriptions.subscriptions()).map(subscriptionJson).join(',')}]`);
  });
  router.get('/api/v1/subscriptions/:subscriptionId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, subscriptionJson(await one(request)));
  });
  router.get('/api/v1/subscriptions/:subscriptionId/deliveries', async (request, response) => {
    sendPage(request, response, await listDeliveries(views, (await one(request)).id, queryOf(request)));
  });
  return router;
};
