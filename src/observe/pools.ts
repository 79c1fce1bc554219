/** Pools: what runs and what waits in each, how much may, and whether it is paused. */
import { phaseOf, type Gate } from '../core/gates';
import type { Limit } from '../core/limits';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { PoolUse, TaskViews } from '../ports/views';
import { gateJson } from './gates';
import { limitJson, runningUnder } from './limits';

export interface PoolNeeds {
  readonly views: Pick<TaskViews, 'pools'>;
  readonly limits: Pick<LimitStore, 'limits'>;
  readonly gates: Pick<GateStore, 'gates'>;
  readonly permits: Pick<Permits, 'taken'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

const FRESH_MS = 1_000;
/** Counting goes through the tasks of all live DAGs: it never takes more than this part of the database's time. */
const SHARE = 20;
const MOST_POOLS = 1_000;

/** The answer of `ask`, asked anew once it is a second old and twenty times as old as it took to make. */
export const sparingly = <T>(clock: Pick<Clock, 'monotonic'>, ask: () => Promise<T>): (() => Promise<T>) => {
  let latest: { readonly answer: Promise<T>; until: number } | undefined;
  return () => {
    if (latest !== undefined && clock.monotonic() < latest.until) return latest.answer;
    const began = clock.monotonic();
    const asked = { answer: ask(), until: Infinity };
    const over = (): void => {
      const now = clock.monotonic();
      asked.until = now + Math.max(FRESH_MS, SHARE * (now - began));
    };
    asked.answer.then(over, over);
    latest = asked;
    return asked.answer;
  };
};

interface Known {
  readonly use: PoolUse | undefined;
  readonly limit: Limit | undefined;
  /** How many have a slot of its limit. */
  readonly taken: number | null;
  readonly gate: Gate | undefined;
}

/** JSON text of a pool. A task has its slot before its row tells that it runs: where there is a limit, its slots count. */
const poolJson = (name: string, { use, limit, taken, gate }: Known, now: number): string =>
  `{"name":${JSON.stringify(name)},"running":${taken ?? use?.running ?? 0},"waiting":${use?.waiting ?? 0},"limit":${
    limit === undefined ? 'null' : limitJson(limit, taken)
  },"gate":${gate === undefined ? 'null' : gateJson(gate, now)}}`;

/** Makes the list of pools: those that tasks of live DAGs are in, that have a limit, or that are paused; as a JSON array by name. */
export const createPools = ({ views, limits, gates, permits, clock }: PoolNeeds): (() => Promise<string>) => {
  const used = sparingly(clock, () => views.pools(MOST_POOLS));
  return async () => {
    const [uses, allLimits, allGates] = await Promise.all([used(), limits.limits(), gates.gates()]);
    const now = clock.now();
    const limited = allLimits.filter(({ scope }) => scope === 'pool');
    const paused = allGates.filter((gate) => gate.scope === 'pool' && phaseOf(gate, now) !== 'ENDED');
    const taken = await runningUnder(permits, limited);
    const names = [...new Set([...uses, ...limited, ...paused].map(({ name }) => name))].sort();
    const pools = names.map((name) => {
      const at = limited.findIndex((limit) => limit.name === name);
      const of = <Item extends { readonly name: string }>(items: readonly Item[]): Item | undefined => items.find((item) => item.name === name);
      return poolJson(name, { use: of(uses), limit: limited[at], taken: taken[at] ?? null, gate: of(paused) }, now);
    });
    return `[${pools.join(',')}]`;
  };
};
