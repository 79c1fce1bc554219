/** Bounded retry for remote calls. */
import { pause, type Timing } from './timing';

export interface RetryNeeds {
  readonly clock: Pick<Timing, 'after' | 'random'>;
  /** Calls in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first wait; it doubles each time up to `maxMs`. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Whether another try may help; always, by default. */
  retryable?(error: unknown): boolean;
  /** Ends the waiting: no further try is made. */
  readonly signal?: AbortSignal;
}

/** The wait before try n + 1, n counted from 1: exponential with full jitter, so that callers don't come back together. */
export const backoffMs = (
  { clock, firstMs, maxMs }: Pick<RetryNeeds, 'firstMs' | 'maxMs'> & { readonly clock: Pick<Timing, 'random'> },
  failed: number,
): number => clock.random() * Math.min(maxMs, firstMs * 2 ** Math.min(failed - 1, 30));

/** Calls until it succeeds; rejects with the last error when tries are used up, the error isn't retryable or the signal aborts. */
export const retrying = async <T>(needs: RetryNeeds, call: (attempt: number) => Promise<T>): Promise<T> => {
  const { clock, attempts, signal, retryable = () => true } = needs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      if (attempt >= attempts || !retryable(error) || signal?.aborted === true) throw error;
      await pause(clock, backoffMs(needs, attempt), signal);
      // Asked anew: the signal may have aborted during the wait.
      if (signal !== undefined && isAborted(signal)) throw error;
    }
  }
};

const isAborted = (signal: AbortSignal): boolean => signal.aborted;
