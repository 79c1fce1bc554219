/** Time and chance as the system gives them. */
import type { Clock } from '../../ports/clock';

/** The longest wait that Node's timers can do in one go; they run at once beyond it. */
const LONGEST_MS = 2 ** 31 - 1;

/** A timer of 0 ms is one of 1 ms to Node: what shall come next comes by the event loop's own turn. */
const nextTurn = (then: () => void): (() => void) => {
  const turn = setImmediate(then);
  turn.unref();
  return () => {
    clearImmediate(turn);
  };
};

const after = (ms: number, then: () => void): (() => void) => {
  if (ms === 0) return nextTurn(then);
  let timer: NodeJS.Timeout;
  const arm = (left: number): void => {
    const part = Math.min(left, LONGEST_MS);
    timer = setTimeout(() => {
      if (left > part) arm(left - part);
      else then();
    }, part);
    timer.unref();
  };
  arm(ms);
  return () => {
    clearTimeout(timer);
  };
};

/** The system's clock and random numbers; timers are unref'ed. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
  random: () => Math.random(),
};
