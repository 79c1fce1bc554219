/** Times in which processes stood still, and what they can't know because of that. */
import type { Entry } from './history';

export interface Interval {
  readonly process: string;
  readonly from: number;
  to: number;
}

/** Times in which a process was stopped. */
export const stopsOf = (entries: readonly Entry[]): Map<string, Interval[]> => {
  const stops = new Map<string, Interval[]>();
  for (const entry of entries) {
    if (entry.kind !== 'process') continue;
    const own = stops.get(entry.process) ?? [];
    stops.set(entry.process, own);
    if (entry.what === 'stopped') own.push({ process: entry.process, from: entry.at, to: Infinity });
    const last = own.at(-1);
    if ((entry.what === 'resumed' || entry.what === 'crashed') && last?.to === Infinity) last.to = entry.at;
  }
  return stops;
};

const ABORT_MS = 600;

/** Whoever was stopped when its lease ended can't have known; it has a moment to notice once it goes on. */
export const mayNotKnow = (stops: ReadonlyMap<string, readonly Interval[]>, { process, from }: Interval, at: number): boolean =>
  (stops.get(process) ?? []).some((stop) => stop.from < at && stop.to > from && at < stop.to + ABORT_MS);
