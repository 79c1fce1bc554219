/**
 * Circumstances that chance alone brings about too seldom: some seeds have one more DAG, and faults that befall just that. All
 * other seeds are left as they are, and what a seed draws otherwise doesn't depend on this.
 */
import { TRIGGER_RULES, type PlannedTask } from '../../src/core/dag';
import { TYPES } from './cluster';
import { ABSENT_MS, type Fault } from './faults';
import type { Random } from './random';
import type { Planned } from './workload';

export interface Circumstances {
  readonly dags: readonly Planned[];
  readonly faults: readonly Fault[];
  /** When the user approves something. */
  readonly approvals?: readonly number[];
}

/** How long the tasks of such a DAG take, by their names: milliseconds of each of their steps. */
export const STEPS: Readonly<Record<string, readonly [low: number, high: number]>> = {
  brief: [10, 120],
  failing: [10, 80],
  some: [100, 500],
  slow: [500, 1400],
};

/** A worker is sent as many tasks of each priority as it may hold: with few of them, most of a backlog waits. */
const PRIORITIES = [1, 8];

interface Wide {
  readonly kind: keyof typeof STEPS;
  readonly tasks: number;
  readonly atMs: number;
  readonly withinMs?: number | null;
  /** Whether the first task comes before all others. */
  readonly root?: boolean;
}

/** A DAG of tasks that wait for nothing but a worker, and perhaps for its first. */
const wide = (random: Random, { kind, tasks, atMs, withinMs = null, root = false }: Wide): Planned => ({
  atMs,
  withinMs,
  dag: {
    name: kind,
    description: null,
    tags: [],
    tasks: Array.from({ length: tasks }, (_, i): PlannedTask => ({
      name: `${kind} ${String(i)}`,
      type: random.pick(TYPES),
      dependencies: root && i > 0 ? [0] : [],
      priority: random.pick(PRIORITIES),
      tags: [],
      retry: { maxRetries: 3, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } },
      timeoutSeconds: null,
      payload: null,
      simulate: null,
      options: null,
    })),
  },
});

/** Far more than the workers take at once, before anything goes wrong. */
const backlog = (random: Random): Circumstances => ({ dags: [wide(random, { kind: 'brief', tasks: 160, atMs: 0, root: true })], faults: [] });

/** Long tasks whose worker is cut off from Redis alone: it lives by its word in the log for longer than a lease. */
const silence = (random: Random): Circumstances => {
  const atMs = random.between(0, 1500);
  const [fromMs, forMs] = [atMs + random.between(200, 500), random.between(2500, 4500)];
  return {
    dags: [wide(random, { kind: 'slow', tasks: 16, atMs })],
    faults: [{ kind: 'worker is cut off', atMs: fromMs, forMs, target: 5 }],
  };
};

/** The topics are made again while schedulers don't look, and have grown beyond the old positions when they do. */
const newLogs = (random: Random): Circumstances => {
  const atMs = random.between(0, 500);
  const fromMs = atMs + random.between(100, 400);
  const stops = [0, 1, 2].map((target): Fault => ({ kind: 'scheduler stops briefly', atMs: fromMs, forMs: 1500, target }));
  return {
    dags: [wide(random, { kind: 'some', tasks: 40, atMs })],
    faults: [...stops, { kind: 'topics are made again', atMs: fromMs + random.between(10, 100), forMs: ABSENT_MS, target: 0 }],
  };
};

/** A large DAG ends early, one task after another, while many of them are on their way and fail. */
const earlyEnd = (random: Random): Circumstances => {
  const [atMs, withinMs] = [random.between(0, 2500), random.between(50, 400)];
  return { dags: [wide(random, { kind: 'failing', tasks: 120, atMs, withinMs })], faults: [] };
};

/** A worker with more than it has slots for sleeps past its lease, and wakes with claims of its own. */
const sleep = (random: Random): Circumstances => {
  const atMs = random.between(0, 1500);
  const asleep = { atMs: atMs + random.between(100, 400), forMs: random.between(3500, 5000) };
  return {
    dags: [wide(random, { kind: 'some', tasks: 60, atMs })],
    faults: [{ kind: 'worker stops past its lease', ...asleep, target: random.whole(0, 2) }],
  };
};

/** The time of a DAG is over while most of it waits for a worker. */
const overdue = (random: Random): Circumstances => ({
  dags: [wide(random, { kind: 'brief', tasks: 80, atMs: random.between(0, 2500), withinMs: random.between(100, 600) })],
  faults: [],
});

/** Tasks in a few rows, half of which wait for a person. */
const approvals = (random: Random): Circumstances => {
  const atMs = random.between(0, 500);
  const { dag, ...planned } = wide(random, { kind: 'brief', tasks: 24, atMs });
  const tasks = dag.tasks.map((task, i) => ({
    ...task,
    dependencies: i < 6 ? [] : [...new Set([i - 6, i - 6 + random.whole(0, 5 - (i % 6))])],
    options: random.chance(0.5) ? { requiresApproval: true, ...(random.chance(0.5) ? { triggerRule: random.pick(TRIGGER_RULES) } : {}) } : null,
  }));
  return { dags: [{ ...planned, dag: { ...dag, tasks } }], faults: [], approvals: Array.from({ length: 30 }, () => atMs + random.between(50, 6000)) };
};

/** Of each 32 seeds these have circumstances of their own. */
const OF_SEED: Readonly<Record<number, (random: Random) => Circumstances>> = {
  4: backlog,
  7: earlyEnd,
  9: sleep,
  12: approvals,
  15: silence,
  19: newLogs,
  20: earlyEnd,
  25: overdue,
};

export const circumstancesOf = (seed: number, random: Random): Circumstances => OF_SEED[seed % 32]?.(random) ?? { dags: [], faults: [] };
