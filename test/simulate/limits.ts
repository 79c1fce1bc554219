/** Seeded limits, and what the history must show of them: no more handlers run at once than may. */
import type { PlannedTask } from '../../src/core/dag';
import { createLimitBook, dagSlotKey, slotKey, type Limit, type LimitBook, type Slot } from '../../src/core/limits';
import type { DagId } from '../../src/core/ids';
import { RESERVE_BATCH, TAKEN } from '../../src/adapters/redis/permits.lua';
import type { Entry } from './history';
import type { Random } from './random';
import { mayNotKnow, stopsOf, type Interval } from './stops';
import type { SimulatedRedis } from './redis';
import type { Planned } from './workload';

const POOLS = ['small', 'large'];
const limit = (over: Pick<Limit, 'scope' | 'name'> & Partial<Limit>): Limit => ({
  ...{ maxRunning: null, perSecond: null, burst: null, reason: null, by: null, updatedAt: 0 },
  ...over,
});

/** Some seeds have limits of pools, types and a rate, which are there from the beginning. */
export const drawLimits = (random: Random, types: readonly string[]): Limit[] => [
  ...POOLS.flatMap((name) => (random.chance(0.4) ? [limit({ scope: 'pool', name, maxRunning: random.whole(1, 3) })] : [])),
  ...types.flatMap((name) => (random.chance(0.15) ? [limit({ scope: 'type', name, maxRunning: random.whole(2, 5) })] : [])),
  ...(random.chance(0.3) ? [limit({ scope: 'rate', name: 'calls', perSecond: random.between(4, 40), burst: random.whole(1, 5) })] : []),
];

const withRoom = (random: Random, task: PlannedTask): PlannedTask => {
  const pool = random.chance(0.3) ? { pool: random.pick(POOLS) } : {};
  const rate = random.chance(0.15) ? { rateLimit: { name: 'calls', ...(random.chance(0.5) ? { key: random.pick(['x', 'y']) } : {}) } } : {};
  const options = { ...task.options, ...pool, ...rate };
  return Object.keys(options).length === 0 ? task : { ...task, options };
};

/** Pools and rates for some tasks, and few slots for some DAGs. */
export const withLimits = (random: Random, planned: readonly Planned[]): Planned[] =>
  planned.map((each) => ({
    ...each,
    dag: {
      ...each.dag,
      ...(random.chance(0.25) ? { maxRunning: random.whole(1, 3) } : {}),
      tasks: each.dag.tasks.map((task) => withRoom(random, task)),
    },
  }));

/** How many slots are taken, by the product's own script. Asked only when nothing else goes on: it is a sign of life to Redis. */
export const slotsTaken = (redis: SimulatedRedis, head: readonly string[], limits: readonly Limit[], dags: readonly DagId[]): number => {
  const keys = [...limits.filter(({ maxRunning }) => maxRunning !== null).map(slotKey), ...dags.map(dagSlotKey)];
  const answer = redis.run(TAKEN, [...head, ...keys]);
  return Array.isArray(answer) && answer[0] !== 'w' ? answer.reduce((sum: number, each) => sum + Number(each), 0) : NaN;
};

/** What a script answered tells of limits, for the counts. */
export const countLimits = (script: unknown, answer: unknown, count: (what: string) => void): void => {
  if (script !== RESERVE_BATCH || !Array.isArray(answer)) return;
  const words: Readonly<Record<string, string>> = { g: 'granted', f: 'full', r: 'later', w: 'wait' };
  for (const each of answer) count(`slot: ${words[String(each)[0]!] ?? 'else'}`);
};

interface Known {
  readonly specs: Map<DagId, PlannedTask[]>;
  readonly most: Map<DagId, number | null>;
  book: LimitBook;
}

const learn = (known: Known, entry: Entry): void => {
  const { specs, most } = known;
  if (entry.kind === 'limits') known.book = createLimitBook(entry.limits);
  if (entry.kind === 'stored') {
    specs.set(entry.dag.dagId, [...entry.dag.tasks]);
    most.set(entry.dag.dagId, entry.dag.maxRunning ?? null);
  }
  if (entry.kind !== 'committed') return;
  for (const { dag, firstAdded, edit } of entry.batch.edits) {
    const tasks = specs.get(dag);
    edit.added.forEach((task, i) => {
      if (tasks !== undefined) tasks[firstAdded + i] = task;
    });
    for (const { task, as } of edit.replaced) if (tasks !== undefined) tasks[task] = as;
  }
};

const slotsOf = ({ specs, most, book }: Known, dag: DagId, task: number): readonly Slot[] => {
  const spec = specs.get(dag)?.[task];
  if (spec === undefined) return [];
  return book.of({ type: spec.type, pool: spec.options?.pool, dag, maxRunning: most.get(dag) ?? null, rateLimit: undefined })?.slots ?? [];
};

/** Which tasks any limit stands before, as far as the history tells of it. */
export const createLimited = () => {
  const known: Known = { specs: new Map(), most: new Map(), book: createLimitBook([]) };
  return {
    learn: (entry: Entry): void => {
      learn(known, entry);
    },
    isLimited: (dag: DagId, task: number): boolean => {
      const rate = known.specs.get(dag)?.[task]?.options?.rateLimit;
      return slotsOf(known, dag, task).length > 0 || (rate !== undefined && known.book.find({ scope: 'rate', name: rate.name }) !== undefined);
    },
  };
};

const isTrouble = (fault: string): boolean => fault !== 'redis forgets' && (fault.startsWith('redis') || fault.startsWith('worker'));
const ABOUT_MS = 2000;

/**
 * At every moment no more handlers of a limit run than it has slots, but for those of processes that were suspended past their lease, and
 * those that began before Redis forgot them where Redis or a worker was in trouble about then: who is cut off can't say its slots again.
 */
export const withinLimits = (entries: readonly Entry[], report: (rule: 'limits', at: number, what: string) => void): void => {
  const stops = stopsOf(entries);
  const known: Known = { specs: new Map(), most: new Map(), book: createLimitBook([]) };
  const open = new Map<string, Map<string, Interval>>();
  let forgot = -Infinity;
  let [troubles, troubledAt] = [0, -Infinity];
  for (const entry of entries) {
    learn(known, entry);
    if ((entry.kind === 'fault' || entry.kind === 'healed') && isTrouble(entry.fault)) {
      troubles += entry.kind === 'fault' ? 1 : -1;
      troubledAt = entry.at;
    }
    if (entry.kind === 'left') report('limits', entry.at, `${String(entry.slots)} slots were taken when nothing ran any more`);
    if (entry.kind === 'fault' && entry.fault === 'redis forgets') forgot = entry.at;
    if (entry.kind === 'began')
      for (const { key, max } of slotsOf(known, entry.dag, entry.task)) {
        const running = open.get(key) ?? new Map<string, Interval>();
        open.set(key, running.set(`${entry.process}/${String(entry.call)}`, { process: entry.process, from: entry.at, to: Infinity }));
        const isForgotten = ({ from }: Interval): boolean => from < forgot && (troubles > 0 || troubledAt > forgot - ABOUT_MS);
        const counted = [...running.values()].filter((other) => !isForgotten(other) && !mayNotKnow(stops, other, entry.at));
        if (counted.length > max) report('limits', entry.at, `${String(counted.length)} handlers run under ${key}, which has ${String(max)} slots`);
      }
    if (entry.kind === 'ended') for (const running of open.values()) running.delete(`${entry.process}/${String(entry.call)}`);
    if (entry.kind === 'process' && entry.what === 'crashed')
      for (const running of open.values()) for (const [call, { process }] of running) if (process === entry.process) running.delete(call);
  }
};
