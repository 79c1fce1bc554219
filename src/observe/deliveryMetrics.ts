/** Metrics of notifications: deliveries are made by the process that leads. */
import type { Making, Sample } from './meters';

export interface DeliveryMetricsNeeds {
  /** How many deliveries wait for an attempt, by channel. */
  readonly deliveriesWaiting?: () => Promise<readonly { readonly channel: string; readonly count: number }[]>;
}

/** From a neighbour's answer to the longest that an attempt may take. */
const ATTEMPT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Adds them. */
export const deliveryMetrics = ({ meters, listen }: Making, { deliveriesWaiting }: DeliveryMetricsNeeds): void => {
  const by = ['leader'] as const;
  const attempts = meters.counter({
    name: 'delivery_attempts_total',
    help: 'Attempts to tell a subscription of an event, by channel and outcome (delivered, again, failed: given up).',
    unit: 'attempts',
    labels: ['channel', 'outcome'],
    by,
  });
  const seconds = meters.histogram({
    name: 'delivery_attempt_seconds',
    help: 'Seconds until a receiver answered, or the attempt was given up, by channel.',
    unit: 'seconds',
    labels: ['channel'],
    buckets: ATTEMPT_SECONDS,
    by,
  });
  let isLeading = false;
  listen('lead.changed', ({ fence }) => {
    isLeading = fence !== null;
  });
  meters.gauge({
    name: 'deliveries_waiting',
    help: 'Deliveries that wait for their next attempt, by channel. Told by the scheduler that leads alone.',
    unit: 'deliveries',
    labels: ['channel'],
    by,
    read: async () => {
      if (!isLeading || deliveriesWaiting === undefined) return [];
      const counts = new Map((await deliveriesWaiting()).map(({ channel, count }) => [channel, count]));
      return ['webhook', 'email'].map((channel): Sample => [counts.get(channel) ?? 0, { channel }]);
    },
  });
  listen('delivery.ended', ({ channel, outcome, tookMs }) => {
    attempts.of(channel, outcome).add();
    seconds.of(channel).observe(tookMs / 1000);
  });
};
