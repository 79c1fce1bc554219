/** What many seeds come to: sums, and what is missing. */
import { FAULTS } from './faults';
import type { Violation } from './checker';
import type { Outcome } from './run';

export interface Failed {
  readonly seed: number;
  readonly violations: readonly Violation[];
}

export interface Report {
  readonly seeds: number;
  readonly failed: readonly Failed[];
  /** Seeds that couldn't be run to their end. */
  readonly counts: Readonly<Record<string, number>>;
  readonly averages: {
    readonly schedulers: number;
    readonly workers: number;
    readonly tasks: number;
    readonly faults: number;
    readonly virtualSeconds: number;
  };
}

export interface Summed {
  seeds: number;
  failed: Failed[];
  counts: Record<string, number>;
  totals: { schedulers: number; workers: number; tasks: number; faults: number; virtualMs: number };
}

export const nothingYet = (): Summed => ({
  seeds: 0,
  failed: [],
  counts: {},
  totals: { schedulers: 0, workers: 0, tasks: 0, faults: 0, virtualMs: 0 },
});

export const addOutcome = (sum: Summed, { seed, violations, counts, shape, virtualMs }: Outcome): void => {
  sum.seeds += 1;
  if (violations.length > 0) sum.failed.push({ seed, violations: violations.slice(0, 5) });
  for (const [what, count] of Object.entries(counts)) sum.counts[what] = (sum.counts[what] ?? 0) + count;
  sum.totals.schedulers += shape.schedulers;
  sum.totals.workers += shape.workers;
  sum.totals.tasks += shape.tasks;
  sum.totals.faults += shape.faults;
  sum.totals.virtualMs += virtualMs;
};

export const merge = (into: Summed, other: Summed): void => {
  into.seeds += other.seeds;
  into.failed.push(...other.failed);
  for (const [what, count] of Object.entries(other.counts)) into.counts[what] = (into.counts[what] ?? 0) + count;
  for (const key of Object.keys(into.totals) as (keyof Summed['totals'])[]) into.totals[key] += other.totals[key];
};

export const reportOf = ({ seeds, failed, counts, totals }: Summed): Report => ({
  seeds,
  failed: [...failed].sort((a, b) => a.seed - b.seed),
  counts,
  averages: {
    schedulers: totals.schedulers / seeds,
    workers: totals.workers / seeds,
    tasks: totals.tasks / seeds,
    faults: totals.faults / seeds,
    virtualSeconds: totals.virtualMs / seeds / 1000,
  },
});

/** Moves that a law under these loads and faults makes; each must be seen. */
const EXPECTED_MOVES = [
  'PENDING → QUEUED',
  'PENDING → SKIPPED',
  'QUEUED → RUNNING',
  'QUEUED → COMPLETED',
  'QUEUED → FAILED',
  'QUEUED → RETRYING',
  'QUEUED → QUEUED',
  'RUNNING → COMPLETED',
  'RUNNING → FAILED',
  'RUNNING → RETRYING',
  'RUNNING → QUEUED',
  'RETRYING → QUEUED',
];

/** What a thousand seeds must show at least a hundred times, and didn't; for fewer seeds nothing is expected. */
export const missing = ({ seeds, counts }: Report): string[] => {
  if (seeds < 1000) return [];
  const least = (100 * seeds) / 1000;
  return [...FAULTS.map((kind) => `fault: ${kind}`), ...EXPECTED_MOVES.map((move) => `move: ${move}`)].filter((what) => (counts[what] ?? 0) < least);
};
