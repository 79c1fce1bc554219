/** The paths and shapes of notifications, as subscriptions.ts writes them. */
import { CHANNELS, NOTICE_EVENTS } from '../core/notices';
import { count, list, object, page, text, textOrNull, time, timeOrNull, uuid } from './openapiShapes';
import { away, cursor, get, inPath, json, limit, missing, problem, ref, sending, wrong, type Json } from './openapiWords';

const subscription = object({
  subscriptionId: uuid,
  name: text,
  channel: { enum: CHANNELS },
  url: { ...textOrNull, description: 'Of a webhook, without what may be secret in it; null for e-mail.' },
  addresses: list(text),
  events: list({ enum: NOTICE_EVENTS }),
  dagName: { ...textOrNull, description: 'Only DAGs of this name, * standing for any characters; null for all.' },
  tags: { ...list(text), description: 'Only DAGs that have one of these; all where there are none.' },
  enabled: { type: 'boolean' },
  disabledReason: { ...textOrNull, description: 'Why the scheduler switched it off.' },
  by: textOrNull,
  createdAt: time,
  updatedAt: time,
});

const delivery = object({
  deliveryId: { ...uuid, description: 'What a receiver sees as webhook-id, the same at every attempt.' },
  subscriptionId: uuid,
  event: { enum: [...NOTICE_EVENTS, 'TEST'] },
  title: text,
  state: { enum: ['PENDING', 'DELIVERED', 'FAILED'] },
  attempts: count,
  createdAt: time,
  nextAt: { ...timeOrNull, description: 'When it is tried next, or was taken up again if nobody told how the attempt ended; null once it is over.' },
  triedAt: timeOrNull,
  endedAt: timeOrNull,
  status: { type: ['integer', 'null'], description: 'What the receiver answered last: the HTTP status, or the reply code of SMTP.' },
  answer: { ...textOrNull, description: 'How its answer begins, or why there was none.' },
});

export const notificationSchemas = (): Readonly<Record<string, Json>> => ({
  Subscription: subscription,
  SubscriptionSecret: object({
    subscription: ref('Subscription'),
    secret: { ...textOrNull, description: 'Signs what is sent; it is told this once. Null for e-mail.' },
  }),
  Delivery: delivery,
  DeliveryPage: page('Delivery'),
});

const one = inPath('subscriptionId');
const tag = 'Notifications';
const path = '/api/v1/subscriptions/{subscriptionId}';
const gone = missing('subscription');

const plain = (operationId: string, summary: string, parameters: readonly Json[], responses: Readonly<Record<number, Json>>): Json => ({
  operationId,
  summary,
  tags: [tag],
  parameters,
  responses: { ...responses, 400: wrong, 503: away },
});

const ofAll: Json = {
  ...get({
    operationId: 'listSubscriptions',
    summary: 'List who is told of what',
    tag,
    answers: { 200: json('All of them, oldest first.', list(ref('Subscription'))), 400: wrong, 503: away },
  }),
  post: sending({
    operationId: 'addSubscription',
    summary: 'Have a webhook or addresses told of ends of DAGs, of lateness and of dead letters',
    tag,
    body: 'SubscriptionBody',
    answers: {
      201: json('It is told of what happens from now on. Its secret is shown this once.', ref('SubscriptionSecret')),
      409: problem('The name is taken, there are as many as there may be, or no e-mail can be sent.'),
    },
  }),
};

const ofOne: Json = {
  ...get({
    operationId: 'getSubscription',
    summary: 'Get one subscription',
    tag,
    parameters: [one],
    answers: { 200: json('The subscription.', ref('Subscription')), 400: wrong, 404: gone, 503: away },
  }),
  patch: sending({
    operationId: 'changeSubscription',
    summary: 'Change a subscription, or switch it on or off',
    tag,
    parameters: [one],
    body: 'SubscriptionChangeBody',
    answers: { 200: json('As it is now.', ref('Subscription')), 404: gone, 409: problem('The name is taken.') },
  }),
  delete: plain('removeSubscription', 'Remove a subscription, with its deliveries', [one], { 204: { description: 'It is gone.' }, 404: gone }),
};

/** All paths of notifications. */
export const notificationPaths = (): Readonly<Record<string, Json>> => ({
  '/api/v1/subscriptions': ofAll,
  [path]: ofOne,
  [`${path}/secret`]: {
    post: sending({
      operationId: 'renewSecret',
      summary: 'Sign with a new secret from now on',
      tag,
      parameters: [one],
      body: 'CommandBody',
      answers: { 200: json('The new secret, shown this once; the old one is void.', ref('SubscriptionSecret')), 404: gone },
    }),
  },
  [`${path}/test`]: {
    post: plain('testSubscription', 'Send something that says that it is a test', [one], {
      202: json('It is being sent.', ref('Delivery')),
      404: gone,
    }),
  },
  [`${path}/deliveries`]: get({
    operationId: 'listDeliveries',
    summary: 'List what was told to a subscription, and how that ended, newest first',
    tag,
    parameters: [one, limit, cursor],
    answers: { 200: json('A page; the header Link has the next one.', ref('DeliveryPage')), 400: wrong, 404: gone, 503: away },
  }),
  [`${path}/deliveries/{deliveryId}/redeliver`]: {
    post: plain('redeliver', 'Send it again, under the same id', [one, inPath('deliveryId')], {
      202: json('It is being sent.', ref('Delivery')),
      404: missing('subscription or delivery'),
    }),
  },
});
