/** Turns what happened into deliveries: one for each subscription that wants to hear of it. */
import { isWanted, type Subscription } from '../core/notices';
import type { NewDelivery, NoticeStore, SubscriptionStore, WaitingNotice } from '../ports/notices';
import { deliveryOf } from './told';

export interface FanOutNeeds {
  readonly notices: NoticeStore;
  readonly subscriptions: Pick<SubscriptionStore, 'subscriptions'>;
  /** Where the page answers, for links. */
  readonly origin: () => string;
  readonly mayGoOn: () => boolean;
}

const AT_ONCE = 500;
/** By which the clocks of brokers, of the database and of schedulers may differ. */
const CLOCKS_DIFFER_MS = 60_000;

const deliveriesOf = ({ subject, notice }: WaitingNotice, subscriptions: readonly Subscription[], origin: string): NewDelivery[] => {
  if (notice === undefined) return [];
  // Of what happened long before somebody asked to be told, nothing is told.
  const those = subscriptions.filter((each) => each.enabled && each.createdAt - CLOCKS_DIFFER_MS <= notice.at && isWanted(each, notice));
  return those.map(({ id }) => deliveryOf(notice, id, subject, origin));
};

/** Makes a run: everything that waits, page by page; answers how many deliveries were written. After a crash it begins again, and writes none twice. */
export const createFanOut =
  ({ notices, subscriptions, origin, mayGoOn }: FanOutNeeds) =>
  async (): Promise<number> => {
    for (let looked = AT_ONCE; looked === AT_ONCE && mayGoOn();) looked = await notices.noteLate(AT_ONCE);
    let written = 0;
    for (let looked = AT_ONCE; looked === AT_ONCE && mayGoOn();) {
      const waiting = await notices.waiting(AT_ONCE);
      looked = waiting.length;
      if (looked === 0) break;
      const all = await subscriptions.subscriptions();
      const address = origin();
      const deliveries = waiting.flatMap((each) => deliveriesOf(each, all, address));
      written += await notices.settle(
        waiting.map(({ id }) => id),
        deliveries,
      );
    }
    return written;
  };
