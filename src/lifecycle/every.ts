/** A loop is `once()` plus a ticker: tests call `once`, the ticker is the same for all. */
import type { Service } from './service';
import { doNothing, type Timing } from './timing';

export interface EveryNeeds {
  readonly name: string;
  /** Milliseconds from the end of a run to the start of the next; asked anew after each run where it isn't always the same. */
  readonly ms: number | (() => number);
  readonly clock: Pick<Timing, 'after'>;
  /** One run. It must not wait for the loop's own `stop`. */
  once(): Promise<void> | void;
  /** Told of a run that failed; the loop goes on. */
  onError(error: unknown): void;
}

export interface Loop extends Service {
  /** Runs at once; where a run is under way, once more right after it. Nothing happens while stopped. */
  nudge(): void;
}

/**
 * Runs `once` right after the start and then `ms` after each end, never twice at the same time, also across stops and
 * starts. `start` doesn't wait for the first run; `stop` waits for the run under way.
 */
export const every = ({ name, ms, clock, once, onError }: EveryNeeds): Loop => {
  let state: 'running' | 'stopped' = 'stopped';
  let underWay: Promise<void> | undefined;
  let again = false;
  let cancelTicker: () => void = doNothing;

  const safeRun = async (): Promise<void> => {
    try {
      await once();
    } catch (error) {
      onError(error);
    }
  };
  const turn = (): void => {
    cancelTicker();
    again = false;
    underWay = safeRun()
      .catch(doNothing)
      .then(() => {
        underWay = undefined;
        if (state === 'stopped') return;
        if (again) turn();
        else cancelTicker = clock.after(typeof ms === 'number' ? ms : ms(), turn);
      });
  };
  const nudge = (): void => {
    if (state === 'stopped') return;
    if (underWay === undefined) turn();
    else again = true;
  };
  return {
    name,
    nudge,
    start: () => {
      if (state === 'stopped') {
        state = 'running';
        nudge();
      }
      return Promise.resolve();
    },
    stop: async () => {
      state = 'stopped';
      cancelTicker();
      await underWay;
    },
  };
};
