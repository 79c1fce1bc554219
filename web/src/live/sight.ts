/** What nobody sees asks for nothing, and gives up what it holds. */

export interface Sight {
  /** Whether nobody can see the page. */
  readonly isHidden: () => boolean;
  /** Calls back whenever that changes, until the function that it returns is called. */
  readonly onHiding: (changed: () => void) => () => void;
}

/** A browser has six connections to a server for all of its tabs together: one that is out of sight gives its own back after a while. */
export const HIDDEN_MS = 20_000;

/** Calls every `ms` while the page is seen, and at once when it is seen again; until the function that it returns is called. */
export const everyWhileSeen = ({ isHidden, onHiding }: Sight, ms: number, due: () => void): (() => void) => {
  const whereSeen = (): void => {
    if (!isHidden()) due();
  };
  const timer = setInterval(whereSeen, ms);
  const deafen = onHiding(whereSeen);
  return () => {
    clearInterval(timer);
    deafen();
  };
};

/** Calls once: after `ms`, or where nobody sees the page then, when it is seen again. */
export const onceWhileSeen = (sight: Sight, ms: number, due: () => void): (() => void) => {
  const stop = everyWhileSeen(sight, ms, () => {
    stop();
    due();
  });
  return stop;
};
