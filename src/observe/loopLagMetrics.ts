/**
 * How late the event loop comes to what is due. prom-client's own measure counts the pause between two looks as lag, so that it has to look often:
 * a hundred times a second by itself, which was most of what woke an idle process.
 */
import type { Clock } from '../ports/clock';
import type { Meters } from './meters';

const EVERY_MS = 500;
/** Looks that count: those of a minute. */
const LOOKS = 120;

const SHOWN = [
  ['p50', 'median', 0.5],
  ['p90', '90th percentile', 0.9],
  ['p99', '99th percentile', 0.99],
  ['max', 'longest', 1],
] as const;

/** Looks for as long as the process lives; answers milliseconds, the shortest first. */
const watchLag = ({ monotonic, after }: Pick<Clock, 'monotonic' | 'after'>): (() => readonly number[]) => {
  const looks: number[] = [];
  const look = (): void => {
    const due = monotonic() + EVERY_MS;
    after(EVERY_MS, () => {
      looks.push(Math.max(0, monotonic() - due));
      if (looks.length > LOOKS) looks.shift();
      look();
    });
  };
  look();
  return () => [...looks].sort((one, other) => one - other);
};

/** Adds them. */
export const loopLagMetrics = (meters: Meters, clock: Pick<Clock, 'monotonic' | 'after'>): void => {
  const lags = watchLag(clock);
  for (const [name, words, part] of SHOWN)
    meters.gauge({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `Seconds by which the event loop was late, looked at twice a second for a minute: the ${words}.`,
      unit: 'seconds',
      by: ['process'],
      read: () => {
        const sorted = lags();
        return sorted.length === 0 ? [] : [[sorted[Math.ceil(part * sorted.length) - 1]! / 1000]];
      },
    });
};
