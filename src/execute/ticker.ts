/** The beat of a worker's main loop. Each costs a process that sleeps in between a wake-up, so that it is slower while there is nothing to do. */
import { every } from '../lifecycle/every';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';

export interface TickerNeeds {
  readonly clock: Pick<Clock, 'after'>;
  readonly announce: Announce;
  readonly isIdle: () => boolean;
  once(): void;
}

export interface Ticker extends Service {
  /** It is idle no more: the beat is quick from now on, and the first comes at once. */
  readonly roused: () => void;
}

/** What runs is held to its limits by it. The heartbeat's thread counts on it where a lease is about to end. */
const BUSY_MS = 100;
/** Within the time in which a loop that stands still is noticed (2 s), and what an operator asks for begins. */
const IDLE_MS = 250;

const NAME = 'execution ticker';

export const createTicker = ({ clock, announce, isIdle, once }: TickerNeeds): Ticker => {
  let isSlow = false;
  const loop = every({
    name: NAME,
    ms: () => {
      isSlow = isIdle();
      return isSlow ? IDLE_MS : BUSY_MS;
    },
    clock,
    once,
    onError: (error) => {
      announce('loop.failed', { loop: NAME, error });
    },
  });
  return {
    name: NAME,
    start: loop.start,
    stop: loop.stop,
    roused: () => {
      if (isSlow) loop.nudge();
    },
  };
};
