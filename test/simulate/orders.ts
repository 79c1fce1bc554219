/** What becomes of an order on its way to a worker. */
import type { Random } from './random';

/** Shares of orders that are lost, doubled and late. */
export interface OrderFaults {
  lost: number;
  doubled: number;
  late: number;
}

interface FateNeeds {
  readonly orders: Readonly<OrderFaults>;
  readonly random: Random;
  readonly count: (what: string) => void;
}

/** Draws for each order after how many milliseconds it arrives, once, twice or never. */
export const fates =
  ({ orders, random, count }: FateNeeds) =>
  (): number[] => {
    const draw = random.next();
    if (draw < orders.lost) {
      count('order lost');
      return [];
    }
    if (draw < orders.lost + orders.doubled) {
      count('order doubled');
      return [0, random.between(1, 900)];
    }
    if (draw < orders.lost + orders.doubled + orders.late) {
      count('order late');
      return [random.between(50, 3000)];
    }
    return [0];
  };
