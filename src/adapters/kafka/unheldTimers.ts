/** Timers that keep no process alive. */
export const unheldTimers = {
  after: (ms: number, then: () => void): (() => void) => {
    const timer = setTimeout(then, ms);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
