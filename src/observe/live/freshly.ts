/** Asks at most once in a while, however many want to know. */
import type { Clock } from '../../ports/clock';

/** The answer of `ask`, `ms` old at the most. */
export const freshly = <T>(clock: Pick<Clock, 'monotonic'>, ms: number, ask: () => Promise<T>): (() => Promise<T>) => {
  let latest: { readonly answer: Promise<T>; readonly asOf: number } | undefined;
  return () => {
    if (latest === undefined || clock.monotonic() - latest.asOf >= ms) latest = { answer: ask(), asOf: clock.monotonic() };
    return latest.answer;
  };
};
