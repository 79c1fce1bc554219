/** What waits at each scheduler, and what the leader makes of it, within one process. */
import type { Clock } from '../../ports/clock';
import type { Judgement, Load, LoadBoard } from '../../ports/scaling';

const FORGOTTEN_AFTER_MS = 3000;

export interface MemoryLoadBoard extends LoadBoard {
  forget(): void;
}

export const createMemoryLoadBoard = (clock: Pick<Clock, 'monotonic'>): MemoryLoadBoard => {
  const published = new Map<string, { readonly load: Load; readonly until: number }>();
  let judged: { readonly judgement: Judgement; readonly until: number } | undefined;
  const present = (): Map<string, Load> => {
    for (const [name, { until }] of published) if (until <= clock.monotonic()) published.delete(name);
    return new Map([...published].map(([name, { load }]) => [name, load]));
  };
  return {
    publish: (scheduler, load) => {
      published.set(scheduler, { load, until: clock.monotonic() + FORGOTTEN_AFTER_MS });
      return Promise.resolve();
    },
    withdraw: (scheduler) => {
      published.delete(scheduler);
      return Promise.resolve([...present().keys()]);
    },
    loads: () => Promise.resolve(present()),
    judge: (judgement, ms) => {
      judged = { judgement, until: clock.monotonic() + ms };
      return Promise.resolve();
    },
    judgement: () => Promise.resolve(judged !== undefined && judged.until > clock.monotonic() ? judged.judgement : undefined),
    forget: () => {
      published.clear();
      judged = undefined;
    },
  };
};
