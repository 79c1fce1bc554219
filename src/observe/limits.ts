/** How limits look: as JSON, and in words as the condition that a task waits for. */
import { dagSlotKey, rateKey, slotKey, type Limit, type LimitBook, type RateLimit } from '../core/limits';
import type { DagId } from '../core/ids';
import type { Permits } from '../ports/permits';
import { isoTime } from './present';

/** JSON text of a limit; `running` is null for a rate, and where nobody could say. */
export const limitJson = (limit: Limit, running: number | null): string =>
  JSON.stringify({
    scope: limit.scope,
    name: limit.name,
    maxRunning: limit.maxRunning,
    perSecond: limit.perSecond,
    burst: limit.burst,
    running,
    reason: limit.reason,
    by: limit.by,
    updatedAt: isoTime(limit.updatedAt),
  });

/** How many tasks run under each of these; null for a rate, and for all where the leases are away: limits are shown all the same. */
export const runningUnder = async (permits: Pick<Permits, 'taken'>, limits: readonly Limit[]): Promise<(number | null)[]> => {
  const counted = limits.filter(({ maxRunning }) => maxRunning !== null).map(slotKey);
  const taken = counted.length === 0 ? [] : await permits.taken(counted).catch(() => []);
  return limits.map((limit) => (limit.maxRunning === null ? null : (taken[counted.indexOf(slotKey(limit))] ?? null)));
};

export interface LimitCondition {
  readonly code: 'LIMIT_FULL' | 'RATE_LIMITED';
  readonly sentence: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a task says of itself that limits look at. */
export interface LimitedTask {
  readonly type: string;
  readonly pool: string | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly dag: DagId;
  readonly maxRunning: number | null;
}

const fullOf = (what: string, max: number, taken: number, details: LimitCondition['details']): LimitCondition[] =>
  taken < max
    ? []
    : [
        {
          code: 'LIMIT_FULL',
          sentence: `${what} is full: ${taken} of its tasks run or are on their way, and ${max} may at once`,
          details: { ...details, running: taken, maxRunning: max },
        },
      ];

/** The limits that are full before a task, and the rates that are used up; none where the leases are away. */
export const limitConditions = async (
  task: LimitedTask,
  book: LimitBook,
  permits: Pick<Permits, 'taken' | 'waits'>,
  now: number,
): Promise<LimitCondition[]> => {
  const needed = book.of(task);
  if (needed === undefined) return [];
  const known = Promise.all([permits.taken(needed.slots.map(({ key }) => key)), permits.waits(needed.rates)]);
  const [taken, waits] = await known.catch((): [number[], number[]] => [[], []]);
  const full = needed.slots.flatMap(({ key, max }, i) => {
    const [scope, name] =
      key === dagSlotKey(task.dag)
        ? ['dag', null]
        : key === slotKey({ scope: 'type', name: task.type })
          ? ['type', task.type]
          : ['pool', task.pool ?? null];
    return fullOf(scope === 'dag' ? 'its DAG' : `the ${scope} ${name ?? ''}`, max, taken[i] ?? 0, { scope, name });
  });
  const late = needed.rates.flatMap(({ key, perSecond, burst }, i): LimitCondition[] => {
    const ms = waits[i] ?? 0;
    if (ms <= 0 || task.rateLimit === undefined || key !== rateKey(task.rateLimit)) return [];
    const of = task.rateLimit.key === undefined ? '' : ` for ${task.rateLimit.key}`;
    return [
      {
        code: 'RATE_LIMITED',
        sentence: `the rate ${task.rateLimit.name}${of} lets ${perSecond} begin in a second: the next one at ${isoTime(now + ms) ?? ''}`,
        details: { scope: 'rate', name: task.rateLimit.name, key: task.rateLimit.key ?? null, perSecond, burst, nextAt: isoTime(now + ms) },
      },
    ];
  });
  return [...full, ...late];
};
