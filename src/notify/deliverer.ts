/** Makes the deliveries that are due: so many at a time, each within its time, again with growing waits until it is given up. */
import type { Channel } from '../core/notices';
import { retryDelayMs } from '../core/retry';
import { every, type Loop } from '../lifecycle/every';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { ChannelPort, DeliveryEnd, DeliveryStore, SendAnswer, TakenDelivery } from '../ports/notices';

export interface DeliverySettings {
  /** Attempts under way at once, and of one subscription. */
  readonly concurrency: number;
  readonly ofOne: number;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

export interface DelivererNeeds {
  readonly store: DeliveryStore;
  readonly channels: Readonly<Record<Channel, ChannelPort>>;
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'random'>;
  readonly announce: Announce;
  readonly settings: DeliverySettings;
  /** Whether deliveries are this process's business at this moment. */
  readonly mayGoOn: () => boolean;
}

const LOOK_EVERY_MS = 1000;
/** Until somebody else takes a delivery whose process says nothing more. */
const SPARE_MS = 5_000;
/** A receiver that asks for more gets this. */
const LONGEST_WAIT_MS = 86_400_000;

/** When a delivery is tried again: later each time, by half of it by chance, and no earlier than its receiver asks. */
export const nextWaitMs = (
  { retryBaseMs, retryMaxMs }: Pick<DeliverySettings, 'retryBaseMs' | 'retryMaxMs'>,
  attempt: number,
  retryAfterMs: number | null,
  draw: number,
): number => {
  const own = retryDelayMs({ type: 'exponential', initialMs: retryBaseMs, factor: 2, maxMs: retryMaxMs, jitter: 0.5 }, attempt, draw);
  return Math.max(own, Math.min(retryAfterMs ?? 0, LONGEST_WAIT_MS));
};

/** What an answer means for the delivery. */
export const endOf = (delivery: Pick<TakenDelivery, 'attempt'>, answer: SendAnswer, settings: DeliverySettings, draw: number): DeliveryEnd => {
  const told = { status: answer.status, answer: answer.answer };
  if (answer.outcome === 'delivered') return { kind: 'delivered', ...told };
  if (answer.outcome === 'gone' || delivery.attempt >= settings.attempts) return { kind: 'failed', ...told };
  return { kind: 'again', inMs: nextWaitMs(settings, delivery.attempt, answer.retryAfterMs, draw), ...told };
};

const VANISHED: SendAnswer = { outcome: 'failed', status: null, answer: 'each process that sent it ended before it could tell', retryAfterMs: null };

/** Makes it; a nudge makes it look at once. */
export const createDeliverer = ({ store, channels, clock, announce, settings, mayGoOn }: DelivererNeeds): Loop => {
  const underWay = new Map<string, { readonly subscription: string; readonly done: Promise<void> }>();
  let leaving = new AbortController();
  const failed = (error: unknown): void => {
    announce('loop.failed', { loop: 'deliveries', error });
  };

  const tell = ({ id, ...delivery }: TakenDelivery, end: DeliveryEnd, { status, answer }: SendAnswer, tookMs: number): void => {
    const { subscription, channel, event, attempt: number } = delivery;
    const outcome = end.kind === 'given back' ? 'again' : end.kind;
    announce('delivery.ended', { delivery: id, subscription, channel, event, attempt: number, outcome, status, answer, tookMs });
    if (outcome === 'failed') announce('delivery.givenUp', { delivery: id, subscription, attempts: number, status, answer });
  };
  const attempt = async (delivery: TakenDelivery): Promise<void> => {
    const began = clock.monotonic();
    // One whose attempts all vanished with their processes is given up, too.
    const vanished = delivery.attempt > settings.attempts;
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(settings.timeoutMs)]);
    const answer = vanished ? VANISHED : await channels[delivery.channel].send(delivery, signal);
    if (leaving.signal.aborted && answer.outcome === 'failed') {
      await store.end(delivery, { kind: 'given back' });
      return;
    }
    const end = endOf(delivery, answer, settings, clock.random());
    const isCurrent = await store.end(delivery, end);
    if (!isCurrent) return;
    tell(delivery, end, answer, clock.monotonic() - began);
    if (answer.outcome !== 'gone') return;
    const reason = `the receiver answered ${String(answer.status ?? '')}: it is gone`;
    await store.disable(delivery.subscription, reason);
    announce('subscription.disabled', { subscription: delivery.subscription, reason });
  };
  const start = (delivery: TakenDelivery): void => {
    const done = attempt(delivery)
      // Its end isn't known to the store: it is due again when its lease is over.
      .catch(failed)
      .finally(() => {
        underWay.delete(delivery.id);
        loop.nudge();
      });
    underWay.set(delivery.id, { subscription: delivery.subscription, done });
  };
  const busy = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { subscription } of underWay.values()) counts.set(subscription, (counts.get(subscription) ?? 0) + 1);
    return counts;
  };
  const fill = async (): Promise<void> => {
    while (mayGoOn() && !leaving.signal.aborted) {
      const total = settings.concurrency - underWay.size;
      if (total <= 0) return;
      const taken = await store.take(settings.timeoutMs + SPARE_MS, { total, ofOne: settings.ofOne, busy: busy() });
      for (const delivery of taken) start(delivery);
      if (taken.length === 0) return;
    }
  };
  const loop = every({ name: 'deliveries', ms: LOOK_EVERY_MS, clock, once: fill, onError: failed });
  return {
    name: loop.name,
    nudge: loop.nudge,
    start: () => {
      leaving = new AbortController();
      return loop.start();
    },
    // What is under way is ended and given back, so that another process sends it at once.
    stop: async () => {
      leaving.abort();
      await loop.stop();
      await Promise.all([...underWay.values()].map(({ done }) => done));
    },
  };
};
