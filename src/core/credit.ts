/**
 * What is entitled to a part of all hand-outs, whatever else waits: of 1 / share of them, one. It earns only while it has something ready,
 * and hardly saves: a long wait is not paid back by as long a run.
 */
export interface Credit {
  /** So many tasks were handed out, by anybody, in one go. */
  earn(handedOut: number): void;
  isEnough(): boolean;
  /** One of them was its own. */
  spend(): void;
}

const MOST_SAVED = 2;
/** What is heard of others after a long silence isn't made up for. */
const MOST_AT_ONCE = 2000;
/** Parts add up to a little less than one. */
const ALMOST_ONE = 1 - 1e-9;

export const createCredit = (share: () => number): Credit => {
  let saved = 0;
  return {
    earn: (handedOut) => {
      const earned = share() * Math.min(handedOut, MOST_AT_ONCE);
      saved = Math.max(saved, Math.min(saved + earned, Math.max(MOST_SAVED, earned)));
    },
    isEnough: () => saved > ALMOST_ONE,
    spend: () => {
      saved = Math.max(0, saved - 1);
    },
  };
};
