/** What many seeds come to: sums, and what is missing. */
import { COMMAND_KINDS } from '../../src/core/command';
import { DAG_MOVES, TASK_MOVES } from '../../src/core/states';
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

const movesOf = <S extends string>(what: 'dag' | 'task', moves: Readonly<Record<S, readonly S[]>>): string[] =>
  (Object.entries(moves) as [S, readonly S[]][]).flatMap(([from, all]) => all.map((to) => `move: ${what}: ${from} → ${to}`));

/** Every legal move of tasks and DAGs, and every kind of command. */
const EXPECTED = [
  ...FAULTS.map((kind) => `fault: ${kind}`),
  ...COMMAND_KINDS.map((kind) => `command: ${kind}`),
  ...movesOf('task', TASK_MOVES),
  ...movesOf('dag', DAG_MOVES),
];

/** What a seed must have on average. */
const LEAST = { schedulers: 2, workers: 3, tasks: 100, faults: 5 } as const;

/** What a thousand seeds have too little of, in words; of fewer nothing is expected. */
export const tooLittle = ({ seeds, averages }: Report): string[] => {
  if (seeds < 1000) return [];
  const short = Object.entries(LEAST).filter(([what, least]) => averages[what as keyof typeof LEAST] < least);
  return short.map(([what, least]) => `${averages[what as keyof typeof LEAST].toFixed(1)} ${what} on average, and not ${String(least)}`);
};

/** What a thousand seeds must show at least a hundred times, and didn't; for fewer seeds nothing is expected. */
export const missing = ({ seeds, counts }: Report): string[] => {
  if (seeds < 1000) return [];
  const least = (100 * seeds) / 1000;
  return EXPECTED.filter((what) => (counts[what] ?? 0) < least);
};
