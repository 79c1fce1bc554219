/** How busy this process is, by Node's own count of the time that its event loop waits for something to do. */
import { performance } from 'node:perf_hooks';

/** Long enough that a single request or collection of garbage isn't taken for load. */
const WINDOW_MS = 100;

/** Gives the part of its time, in [0, 1], that the event loop was busy in the last tenth of a second or since it was last asked. */
export const createLoad = (): (() => number) => {
  let [from, since, load] = [performance.eventLoopUtilization(), performance.now(), 0];
  return () => {
    const now = performance.now();
    if (now - since >= WINDOW_MS) {
      const current = performance.eventLoopUtilization();
      load = performance.eventLoopUtilization(current, from).utilization;
      [from, since] = [current, now];
    }
    return load;
  };
};
