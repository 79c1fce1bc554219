/** Gives back what a session was handed and won't finish: nobody has to wait for its end, and no attempt is used up. */
import type { Dispatched, Event } from '../core/event';
import { groupBy } from '../core/groupBy';
import { shardOf } from '../core/ids';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Claims } from '../ports/leases';
import { dispatchedOf } from './attempt';
import type { Held } from './prefetch';

export interface ReturnsNeeds {
  readonly session: string;
  readonly claims: Pick<Claims, 'release' | 'raiseFloor'>;
  /** Resolves when the event is durable in its shard's log. */
  readonly report: (shard: number, event: Event) => Promise<void>;
  readonly clock: Pick<Clock, 'after'>;
  readonly announce: Announce;
}

export interface Returns {
  /** Gives back what was claimed. `leaving` says that the session takes nothing any more. Never rejects: the end of the session tells, too. */
  giveBack(back: readonly Held[], leaving: boolean): Promise<void>;
  /** Gives back what was never claimed. */
  tell(back: readonly Dispatched[], leaving: boolean): Promise<void>;
  /**
   * Answers the revocation of what doesn't run here. Its claims, where there are any, are given back first, and nobody can claim it any
   * more: the same number may have been sent to another worker, too. What that one has is for it to answer.
   */
  withdraw(revoked: readonly Dispatched[]): Promise<void>;
}

const RELEASE_AGAIN_MS = 1000;

/** Makes the returns of one session. */
export const createReturns = ({ session, claims, report, clock, announce }: ReturnsNeeds): Returns => {
  let unreleased: Dispatched[] = [];
  /** Rejects where the leases are away; it is tried until it works then: as long as this session lives, its slots of limits would be taken. */
  const release = async (back: readonly Dispatched[]): Promise<void> => {
    try {
      await claims.release(session, back);
    } catch (error) {
      if (unreleased.length === 0)
        clock.after(RELEASE_AGAIN_MS, () => {
          const all = unreleased;
          unreleased = [];
          void telling(() => release(all));
        });
      unreleased.push(...back);
      throw error;
    }
  };
  const telling = async (what: () => Promise<unknown>): Promise<void> => {
    try {
      await what();
    } catch (error) {
      announce('loop.failed', { loop: 'give back', error });
    }
  };
  const tell = async (back: readonly Dispatched[], leaving: boolean): Promise<void> => {
    const flag = leaving ? ({ leaving: true } as const) : {};
    await Promise.all(back.map((each) => report(shardOf(each.dag), { type: 'released', session, ...flag, tasks: [dispatchedOf(each)] })));
  };
  /** Answers what nobody can start any more; all of it where the leases are away: a cancellation waits for nobody's claim. */
  const shutOut = async (revoked: readonly Dispatched[]): Promise<readonly Dispatched[]> => {
    try {
      await release(revoked);
      const answers = await claims.raiseFloor(revoked.map((each) => ({ ...each, dispatch: each.dispatch + 1 })));
      // An older number may have stayed with this session, whose release got lost: that keeps others off as well.
      return revoked.filter((_, i) => {
        const answer = answers[i];
        return answer?.kind !== 'held' || answer.session === session;
      });
    } catch (error) {
      announce('loop.failed', { loop: 'give back', error });
      return revoked;
    }
  };
  return {
    // Claims first, so that whoever gets the task next isn't refused for ours.
    giveBack: async (back, leaving) => {
      const dispatches = back.map(({ dispatch }) => dispatchedOf(dispatch));
      await telling(() => release(dispatches));
      // Also where the leases are away: nobody would ever ask for what a living session seems to hold.
      await telling(() => tell(dispatches, leaving));
    },
    withdraw: async (revoked) => {
      const tasks = await shutOut(revoked.map(dispatchedOf));
      await telling(() =>
        Promise.all(
          [...groupBy(tasks, ({ dag }) => shardOf(dag))].map(([shard, ofShard]) => report(shard, { type: 'withdrawn', session, tasks: ofShard })),
        ),
      );
    },
    tell: (back, leaving) => telling(() => tell(back, leaving)),
  };
};
