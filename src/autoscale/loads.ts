/** What a scheduler has to say of its own work, and what all of them said together. */
import type { Listen } from '../ports/happenings';
import type { Load } from '../ports/scaling';

export interface LoadMeterNeeds {
  readonly listen: Listen;
  /** Ready tasks of this scheduler that wait for room at a worker. */
  readonly waiting: () => number;
}

/** Counts from what the stages announce. */
export const createLoadMeter = ({ listen, waiting }: LoadMeterNeeds): (() => Load) => {
  let sent = 0;
  let ended = 0;
  listen('dispatch.sent', ({ count }) => {
    sent += count;
  });
  listen('task.finished', ({ outcome }) => {
    if (outcome === 'COMPLETED' || outcome === 'FAILED') ended += 1;
  });
  listen('task.retrying', () => {
    ended += 1;
  });
  return () => ({ waiting: waiting(), sent, ended });
};

export type Loads = ReadonlyMap<string, Load>;

const waitingIn = (loads: Loads): number => [...loads.values()].reduce((sum, { waiting }) => sum + waiting, 0);

/** What happened between two looks: of schedulers that are in both; one that began anew counts from 0. */
export const between = (before: Loads, now: Loads): { waiting: number; arrived: number; ended: number } => {
  let sent = 0;
  let ended = 0;
  for (const [scheduler, load] of now) {
    const known = before.get(scheduler);
    if (known === undefined) continue;
    sent += Math.max(0, load.sent - known.sent);
    ended += Math.max(0, load.ended - known.ended);
  }
  const waiting = waitingIn(now);
  // What waits now and didn't, and what was sent meanwhile, became ready. Shards that change hands leave one sum for the other.
  return { waiting, arrived: waiting - waitingIn(before) + sent, ended };
};
