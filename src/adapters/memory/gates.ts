/** Gates in memory. */
import { phaseOf, type Gate, type GateKey, type GateState } from '../../core/gates';
import type { GateStore } from '../../ports/gates';

/** A turn of its own, as every call of a store takes one. */
const answered = <T>(answer: () => T): Promise<T> => Promise.resolve().then(answer);

const keyOf = ({ scope, name, state }: GateKey & { readonly state: GateState }): string => `${scope}\0${name}\0${state}`;

/** A new, empty store of gates. */
export const createMemoryGates = (): GateStore => {
  const rows = new Map<string, Gate>();
  const put = (gate: Gate): Gate => {
    rows.set(keyOf(gate), gate);
    return gate;
  };
  return {
    gates: () => answered(() => [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, gate]) => gate)),
    pause: ({ scope, name, reason, by, until, now }) =>
      answered(() => {
        const known = rows.get(keyOf({ scope, name, state: 'PAUSED' }));
        const inForce = known !== undefined && phaseOf(known, now) !== 'ENDED' ? known : undefined;
        if (inForce?.reason === reason && inForce.by === by && inForce.until === until) return { gate: inForce, changed: false };
        const gate: Gate = { scope, name, state: 'PAUSED', reason, by, since: inForce?.since ?? now, until, endedAt: null, trips: 0 };
        return { gate: put(gate), changed: true };
      }),
    quarantine: ({ type, trips, reason, until, now }) =>
      answered(() => {
        const key = { scope: 'type', name: type, state: 'QUARANTINED' } as const;
        const known = rows.get(keyOf(key));
        const inForce = known?.endedAt === null ? known : undefined;
        if ((inForce?.trips ?? 0) !== trips) return undefined;
        return put({ ...key, reason, by: null, since: inForce?.since ?? now, until, endedAt: null, trips: trips + 1 });
      }),
    end: ({ scope, name, state, trips, now }) =>
      answered(() => {
        const known = rows.get(keyOf({ scope, name, state }));
        if (known === undefined || phaseOf(known, now) === 'ENDED' || (trips !== undefined && known.trips !== trips)) return undefined;
        return put({ ...known, endedAt: now });
      }),
    forget: (beforeMs) =>
      answered(() => {
        for (const [key, gate] of rows) {
          const endedAt = gate.endedAt ?? (gate.state === 'PAUSED' ? gate.until : null);
          if (endedAt !== null && endedAt < beforeMs) rows.delete(key);
        }
      }),
  };
};
