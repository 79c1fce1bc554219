/** Waits for something outside that isn't there yet, and says so. */
import { pause, type Timing } from './timing';

export interface AwaitingNeeds {
  readonly name: string;
  /** Shown to the operator: without secrets. */
  readonly address: string;
  readonly clock: Timing;
  readonly timeoutMs: number;
  readonly stopping: AbortSignal;
  /** Whether waiting can help against this error; an error that says the settings are wrong is thrown at once. */
  readonly isAbsence: (error: unknown) => boolean;
  /** Called at the first failure, and again when the reason changes. */
  readonly waiting: (reason: string) => void;
  readonly ready: () => void;
}

const EVERY_MS = 500;
/** A service that accepts connections and says nothing is waited for as well, and that is told before its time is over. */
const SAY_AFTER_MS = 1000;

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && !error.message.includes(error.cause.message) ? `${error.message} (${error.cause.message})` : error.message;
};

/** Calls `attempt` until it succeeds; rejects when the time is over, naming what it waited for. */
export const awaiting = async <T>(needs: AwaitingNeeds, attempt: () => Promise<T>): Promise<T> => {
  const { clock, name, address, timeoutMs, stopping } = needs;
  const until = clock.monotonic() + timeoutMs;
  let told: string | undefined;
  const stopSaying = clock.after(SAY_AFTER_MS, () => {
    if (told === undefined) needs.waiting((told = 'no answer yet'));
  });
  for (;;) {
    try {
      const answer = await attempt().finally(stopSaying);
      needs.ready();
      return answer;
    } catch (error) {
      if (!needs.isAbsence(error)) throw error;
      const reason = reasonOf(error);
      if (reason !== told) needs.waiting((told = reason));
      if (clock.monotonic() >= until || stopping.aborted) {
        throw new Error(`${name} at ${address} did not answer within ${String(Math.round(timeoutMs / 1000))} s: ${reason}`, { cause: error });
      }
      await pause(clock, EVERY_MS, stopping);
    }
  }
};
