/** A clock that moves only when a test moves it. */
import type { Clock } from '../../src/ports/clock';

export interface VirtualClock extends Clock {
  /** Moves on by `ms`; what is due runs in order, and whatever it promised is carried on before the next. */
  advance(ms: number): Promise<void>;
}

/** Lets everything run that waits for nothing but its turn. */
export const turns = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Starts at `startMs` since 1970; `random` is a fixed sequence by a small generator with `seed`. */
export const createVirtualClock = (startMs = 1_700_000_000_000, seed = 1): VirtualClock => {
  let now = 0;
  let state = seed;
  let timers: { readonly at: number; readonly then: () => void }[] = [];
  return {
    now: () => startMs + now,
    monotonic: () => now,
    random: () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    },
    after: (ms, then) => {
      if (ms === 0) {
        const turn = setImmediate(then);
        return () => {
          clearImmediate(turn);
        };
      }
      const timer = { at: now + Math.max(0, ms), then };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: async (ms) => {
      const until = now + ms;
      for (;;) {
        await turns();
        const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.then();
      }
      now = until;
      await turns();
    },
  };
};
