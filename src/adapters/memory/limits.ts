/** Limits in memory. */
import { slotKey, type Limit } from '../../core/limits';
import type { LimitStore } from '../../ports/limits';

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

const said = ({ maxRunning, perSecond, burst, reason, by }: Limit): string => JSON.stringify([maxRunning, perSecond, burst, reason, by]);
const order = ({ scope, name }: Limit): string => `${scope}\0${name}`;

/** A new, empty store of limits. */
export const createMemoryLimits = (): LimitStore => {
  const rows = new Map<string, Limit>();
  return {
    limits: () => answered(() => [...rows.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))),
    set: (limit) =>
      answered(() => {
        const known = rows.get(slotKey(limit));
        if (known !== undefined && said(known) === said(limit)) return { limit: known, changed: false };
        rows.set(slotKey(limit), limit);
        return { limit, changed: true };
      }),
    remove: (key) =>
      answered(() => {
        const known = rows.get(slotKey(key));
        rows.delete(slotKey(key));
        return known;
      }),
  };
};
