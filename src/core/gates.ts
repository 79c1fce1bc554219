/**
 * Gates: what isn't handed out for the time being. An operator pauses everything, a task type or a pool; the breaker puts a
 * type in quarantine. What runs goes on, and what was sent already may still start.
 */

export const GATE_SCOPES = ['all', 'type', 'pool'] as const;
export type GateScope = (typeof GATE_SCOPES)[number];

/** A type may be both at once, and each ends by itself. */
export const GATE_STATES = ['PAUSED', 'QUARANTINED'] as const;
export type GateState = (typeof GATE_STATES)[number];

/** What a gate stands before; `name` is empty for everything. */
export interface GateKey {
  readonly scope: GateScope;
  readonly name: string;
}

export interface Gate extends GateKey {
  readonly state: GateState;
  readonly reason: string | null;
  readonly by: string | null;
  /** All times in milliseconds since 1970. */
  readonly since: number;
  /** PAUSED: when it ends by itself; null for never. QUARANTINED: when probes are let through. */
  readonly until: number | null;
  /** When it was ended; null while nobody has. */
  readonly endedAt: number | null;
  /** How often the breaker tripped in a row; 0 for what is paused. */
  readonly trips: number;
}

/** SHUT lets nothing through, PROBING a few tasks that show whether the type works again. */
export type GatePhase = 'SHUT' | 'PROBING' | 'ENDED';

export const phaseOf = ({ state, until, endedAt }: Pick<Gate, 'state' | 'until' | 'endedAt'>, now: number): GatePhase => {
  if (endedAt !== null) return 'ENDED';
  if (until === null || until > now) return 'SHUT';
  return state === 'PAUSED' ? 'ENDED' : 'PROBING';
};

/** When a gate let everything through again; `now` while it doesn't. */
const shutUntil = (gate: Gate, now: number): number => (phaseOf(gate, now) === 'ENDED' ? Math.min(now, gate.endedAt ?? gate.until ?? now) : now);

/** What a task says of itself that gates look at. */
export interface Passing {
  readonly type: string;
  readonly pool: string | undefined;
}

export interface GateBook {
  /** All rows, those that ended lately too. */
  readonly gates: readonly Gate[];
  /** The gates in force before such a task. */
  before(passing: Passing, now: number): Gate[];
  /** When such a task was last kept from being handed out: `now` where it is; undefined where it wasn't, as far as is known. */
  lastShut(passing: Passing, now: number): number | undefined;
  quarantineOf(type: string, now: number): Gate | undefined;
}

const keyOf = ({ scope, name }: GateKey): string => `${scope} ${name}`;

/** The rows, by what they stand before. */
export const createGateBook = (gates: readonly Gate[]): GateBook => {
  const byKey = new Map<string, Gate[]>();
  for (const gate of gates) byKey.set(keyOf(gate), [...(byKey.get(keyOf(gate)) ?? []), gate]);
  const of = (scope: GateScope, name: string): readonly Gate[] => byKey.get(keyOf({ scope, name })) ?? [];
  const over = ({ type, pool }: Passing): Gate[] =>
    byKey.size === 0 ? [] : [...of('all', ''), ...of('type', type), ...(pool === undefined ? [] : of('pool', pool))];
  const inForce = (gate: Gate, now: number): boolean => phaseOf(gate, now) !== 'ENDED';
  return {
    gates,
    before: (passing, now) => over(passing).filter((gate) => inForce(gate, now)),
    lastShut: (passing, now) => {
      const times = over(passing).map((gate) => shutUntil(gate, now));
      return times.length === 0 ? undefined : Math.max(...times);
    },
    quarantineOf: (type, now) => of('type', type).find((gate) => gate.state === 'QUARANTINED' && inForce(gate, now)),
  };
};
