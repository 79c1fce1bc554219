/** How much of what workers may hold is this scheduler's, where others have tasks of the same priority waiting for them. */
import { slotsFrom } from '../core/routing';
import type { Shares, Standing } from '../core/standing';
import type { Fleet } from './fleet';

export class Portions {
  private shares: Shares | undefined;
  private readonly known = new Map<string, number>();

  constructor(private readonly fleet: Pick<Fleet, 'seats'>) {}

  /** Answers whether it may be more than before. */
  learn(shares: Shares): boolean {
    const before = new Map(this.known);
    this.shares = shares;
    this.known.clear();
    for (const [type, share] of before) if (this.shareOf(type) > share) return true;
    return false;
  }

  /**
   * Whether another task of this type and priority may go. Each scheduler sends into windows of its own, and workers take what they have in
   * order of arrival: who is entitled to most may fill its windows, so that no slot is ever empty for this, and the others hold as much less.
   */
  isLeft(type: string, priority: number): boolean {
    const share = this.shareOf(type);
    if (share >= 1) return true;
    let [held, most] = [0, 0];
    for (const seat of this.fleet.seats()) {
      if (seat.draining || !seat.types.has(type)) continue;
      held += slotsFrom(seat, priority);
      most += seat.window;
    }
    return held < Math.max(1, Math.round(share * most));
  }

  private shareOf(type: string): number {
    let share = this.known.get(type);
    if (share === undefined) this.known.set(type, (share = this.shares?.of(this.rivalTypes(type)) ?? 1));
    return share;
  }

  /** All types that are run by workers which run this one. */
  private rivalTypes(type: string): Set<string> {
    const types = new Set<string>([type]);
    for (const seat of this.fleet.seats()) if (!seat.draining && seat.types.has(type)) for (const each of seat.types) types.add(each);
    return types;
  }
}

/** How many tasks the other schedulers have handed out since the last time that they were heard of. */
export const createHeard = (): ((others: ReadonlyMap<string, Standing>) => number) => {
  let last = new Map<string, number>();
  return (others) => {
    let sum = 0;
    const now = new Map<string, number>();
    for (const [scheduler, { handedOut }] of others) {
      now.set(scheduler, handedOut);
      // Of one that is new, or began anew, nobody knows since when.
      sum += Math.max(0, handedOut - (last.get(scheduler) ?? handedOut));
    }
    last = now;
    return sum;
  };
};
