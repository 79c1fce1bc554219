/** Time as the lifecycle parts need it: the shape of ports/clock.ts, so that a virtual clock can stand in. */
export interface Timing {
  /** Milliseconds on a clock that never goes back. */
  monotonic(): number;
  /** Calls `then` once after `ms`; the answer cancels it. */
  after(ms: number, then: () => void): () => void;
  /** A number in [0, 1). */
  random(): number;
}

export const doNothing = (): void => undefined;

/** Resolves after `ms`, or at once when `signal` is aborted; it never rejects. */
export const pause = (clock: Pick<Timing, 'after'>, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });

/**
 * Resolves when one of these is aborted. `AbortSignal.any` would keep whatever waits in memory for as long as none of them is, since a
 * composite signal with a listener is never collected.
 */
export const firstAborted = (signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    if (signals.some(({ aborted }) => aborted)) end();
    else for (const signal of signals) signal.addEventListener('abort', end, { once: true });
  });

/** Settles as `promise` does, or rejects with `late()` after `ms`; what comes too late is swallowed. */
export const within = <T>(clock: Pick<Timing, 'after'>, ms: number, promise: Promise<T>, late: () => Error): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      reject(late());
    });
    promise.then(resolve, reject).finally(cancel);
  });
