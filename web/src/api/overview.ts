/** The figures of the whole system, as GET /api/v1/overview and the topic `overview` tell them. */
import type { DeadLetter } from '../../../src/sdk/responses';
import { ask, type Health } from './client';

export type Curve = readonly (number | null)[];

export interface Standing {
  readonly at: string;
  readonly schedulers: readonly string[];
  readonly perSecond: Readonly<Record<'finished' | 'completed' | 'failed' | 'skipped' | 'cancelled', number>>;
  readonly recent: {
    readonly seconds: number;
    readonly completed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly cancelled: number;
    /** Percent of what was completed or failed; null where nothing was. */
    readonly successRate: number | null;
  };
  readonly queued: { readonly total: number; readonly byPriority: Readonly<Record<string, number>> };
  readonly liveDags: number;
  readonly workers: { readonly active: number; readonly draining: number; readonly slots: number; readonly slotsTaken: number };
  readonly health: Health;
  readonly failures: readonly DeadLetter[];
}

/** Curves with a value for each step; counts are of the step. */
export interface History {
  readonly stepSeconds: number;
  readonly from: string;
  readonly completed: Curve;
  readonly failed: Curve;
  readonly skipped: Curve;
  readonly cancelled: Curve;
  readonly queued: Curve;
  readonly queuedByPriority: Readonly<Record<string, Curve>>;
  readonly liveDags: Curve;
  readonly workers: Curve;
  readonly slots: Curve;
  readonly slotsTaken: Curve;
}

export interface Overview extends Standing {
  readonly history: History;
}

export const overview = (signal?: AbortSignal): Promise<Overview> => ask<Overview>('/api/v1/overview', { signal });

/** Seconds since 1970 of each step. */
export const timesOf = ({ from, stepSeconds, completed }: Pick<History, 'from' | 'stepSeconds' | 'completed'>): number[] => {
  const first = Date.parse(from) / 1_000;
  return completed.map((_value, i) => first + i * stepSeconds);
};

/** Counts of steps as counts of a second. */
export const perSecond = (curve: Curve, stepSeconds: number): Curve => curve.map((value) => (value === null ? null : value / stepSeconds));

/** How much of the slots is taken, in percent. */
export const utilisation = (taken: Curve, slots: Curve): Curve =>
  taken.map((value, i) => {
    const all = slots[i] ?? null;
    return value === null || all === null || all === 0 ? null : (100 * value) / all;
  });

/** At each step what it and those before it come to, `steps` in all; nothing where none of them is known. */
export const rolling = (curve: Curve, steps: number): Curve =>
  curve.map((_, i) => {
    const known = curve.slice(Math.max(0, i + 1 - steps), i + 1).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });

/** How much of the one and the other together is the one, in percent; nothing where there was neither. */
export const shareOf = (one: Curve, other: Curve): Curve =>
  one.map((value, i) => {
    const rest = other[i] ?? null;
    return value === null || rest === null || value + rest === 0 ? null : (100 * value) / (value + rest);
  });

/** The last value that is known. */
export const lastOf = (curve: Curve): number | null => curve.findLast((value) => value !== null) ?? null;

/** Steps that are shown at the least, known or not. */
const FEWEST_STEPS = 24;

/** Without the time before anything was known: a system that began a minute ago has a minute to show, not a sliver of a quarter of an hour. */
export const sinceKnown = (history: History): History => {
  const first = history.completed.findIndex((value) => value !== null);
  const steps = history.completed.length;
  const skipped = Math.max(0, Math.min(first === -1 ? steps : first, steps - FEWEST_STEPS));
  if (skipped === 0) return history;
  const cut = (curve: Curve): Curve => curve.slice(skipped);
  return {
    stepSeconds: history.stepSeconds,
    from: new Date(Date.parse(history.from) + skipped * history.stepSeconds * 1_000).toISOString(),
    completed: cut(history.completed),
    failed: cut(history.failed),
    skipped: cut(history.skipped),
    cancelled: cut(history.cancelled),
    queued: cut(history.queued),
    queuedByPriority: Object.fromEntries(Object.entries(history.queuedByPriority).map(([name, curve]) => [name, cut(curve)])),
    liveDags: cut(history.liveDags),
    workers: cut(history.workers),
    slots: cut(history.slots),
    slotsTaken: cut(history.slotsTaken),
  };
};
