/** What operators ask of a worker, carried out once each. */
import type { Wish } from '../ports/leases';

export interface WishesNeeds {
  /** Finishes or gives back what the worker has, and lets it take nothing more. */
  drain(): Promise<void>;
  /** Begins a new session, which takes work again. */
  beginAnew(): Promise<void>;
  /** Whoever started the worker stops it. */
  leave(cause: string): void;
}

export interface Wishes {
  /** Called with the wish that the session last heard of, as often as one likes. */
  heed(wish: Wish | undefined): void;
  /** Whether the worker stays without taking anything. */
  isStaying(): boolean;
}

/** A worker that shall leave or be gone hears no other wish after that. */
export const createWishes = ({ drain, beginAnew, leave }: WishesNeeds): Wishes => {
  let mode: 'working' | 'staying' | 'leaving' = 'working';
  let drained: Promise<void> = Promise.resolve();

  const become = (next: typeof mode): void => {
    const before = mode;
    mode = next;
    if (next === 'leaving') leave('an operator asked for it');
    else if (next === 'staying') drained = drain();
    // What still runs from before comes to its end first. Where the leases can't be told of it the session is over all the same.
    else if (before === 'staying') drained.then(beginAnew).catch(() => undefined);
  };
  const modeFor = (wish: Wish): typeof mode => {
    if (wish === 'work') return 'working';
    return wish === 'stay' ? 'staying' : 'leaving';
  };
  return {
    heed: (wish) => {
      if (wish === undefined || mode === 'leaving') return;
      const next = modeFor(wish);
      if (next !== mode) become(next);
    },
    isStaying: () => mode === 'staying',
  };
};
