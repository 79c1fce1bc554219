/**
 * What isn't handed out for the time being, as this scheduler knows it: the rows of gates, read again and again, and the
 * breaker, which judges what this scheduler applied and writes what it decides.
 */
import { createBreaker, type BreakerSettings, type Outcome, type Verdict } from '../core/breaker';
import type { Dispatched } from '../core/event';
import { createGateBook, phaseOf, type Gate, type Passing } from '../core/gates';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { Announce } from '../ports/happenings';

export interface GatesNeeds {
  readonly store: GateStore;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly breaker: BreakerSettings;
  /** Live workers that run a type. */
  readonly workersOf: (type: string) => number;
  /** What may be handed out has changed. */
  readonly changed: () => void;
}

export interface Gates {
  /** Writes what the breaker decided, and reads the rows. */
  lookOnce(): Promise<void>;
  /** Whether a task may be handed out; `isOut` tells whether a probe is still with a worker. */
  lets(passing: Passing, isOut: (probe: Dispatched) => boolean): boolean;
  /** A task is handed out: behind a quarantine it is a probe. */
  took(passing: Passing, task: Dispatched): void;
  /** How attempts ended; true where the breaker decided something that is to be written. */
  judge(outcomes: readonly Outcome[]): boolean;
  /** When such a task was last kept from being handed out; undefined for not lately. */
  lastShut(passing: Passing): number | undefined;
  /** Those in force, with their phase. */
  list(): readonly { readonly gate: Gate; readonly probing: boolean }[];
}

/** What ended longer ago is forgotten: no wait for a worker is measured against it any more. */
const FORGOTTEN_MS = 86_400_000;
/** Histories of DAGs show what was done to gates for so long. */
const LINES_FORGOTTEN_MS = 30 * 86_400_000;
const FORGET_EVERY_MS = 600_000;

const isForType = ({ scope, state }: Gate): boolean => scope === 'type' && state === 'QUARANTINED';

/** Makes it; nothing is known before the first look. */
export const createGates = ({ store, clock, announce, breaker: settings, workersOf, changed }: GatesNeeds): Gates => {
  const breaker = createBreaker(settings);
  /** What was decided and isn't written yet, by type. */
  const decided = new Map<string, Verdict>();
  let book = createGateBook([]);
  /** Those of the book that were in force when it was read: most often none. */
  let inForce = book;
  /** The phases as of the last look; undefined before the first: then nothing is handed out. */
  let seen: string | undefined;
  let forgetAt = 0;

  const write = async (verdict: Verdict): Promise<void> => {
    const { type, trips } = verdict;
    const now = clock.now();
    if (verdict.do === 'lift') {
      const ended = await store.end({ scope: 'type', name: type, state: 'QUARANTINED', trips, now });
      if (ended !== undefined) announce('gate.opened', { scope: 'type', name: type, state: 'QUARANTINED', by: null });
      return;
    }
    const until = now + verdict.coolDownMs;
    const shut = await store.quarantine({ type, trips, reason: verdict.reason, until, now });
    if (shut === undefined) return;
    announce('gate.shut', { scope: 'type', name: type, state: 'QUARANTINED', by: null, reason: shut.reason, until, trips: shut.trips });
  };

  const writeDecided = async (): Promise<void> => {
    for (const [type, verdict] of [...decided]) {
      await write(verdict);
      if (decided.get(type) === verdict) decided.delete(type);
    }
  };

  /** A quarantine that began or ended here or elsewhere: rows of failures from before it count no more. */
  const forgetChanged = (before: readonly Gate[], after: readonly Gate[]): void => {
    const stamp = ({ name, since, trips, endedAt }: Gate): string => JSON.stringify([name, since, trips, endedAt]);
    const known = new Set(before.filter(isForType).map(stamp));
    for (const gate of after) if (isForType(gate) && !known.has(stamp(gate))) breaker.forget(gate.name);
  };

  const read = async (): Promise<void> => {
    const gates = await store.gates();
    forgetChanged(book.gates, gates);
    const now = clock.now();
    book = createGateBook(gates);
    inForce = createGateBook(gates.filter((gate) => phaseOf(gate, now) !== 'ENDED'));
    const phases = gates.map((gate) => `${gate.scope} ${gate.name} ${gate.state} ${phaseOf(gate, now)}`).join();
    const isNew = phases !== seen;
    seen = phases;
    if (isNew) changed();
  };

  const quarantineOf = (type: string): { gate: Gate; probing: boolean } | undefined => {
    const now = clock.now();
    const gate = inForce.quarantineOf(type, now);
    return gate && { gate, probing: phaseOf(gate, now) === 'PROBING' };
  };

  return {
    lookOnce: async () => {
      await writeDecided();
      await read();
      const now = clock.now();
      if (now < forgetAt) return;
      await store.forget(now - FORGOTTEN_MS, now - LINES_FORGOTTEN_MS);
      forgetAt = now + FORGET_EVERY_MS;
    },
    lets: (passing, isOut) => {
      if (inForce.gates.length === 0) return seen !== undefined;
      const now = clock.now();
      return inForce.before(passing, now).every((gate) => phaseOf(gate, now) === 'PROBING' && breaker.mayProbe(gate, isOut));
    },
    took: ({ type }, task) => {
      const quarantine = inForce.gates.length === 0 ? undefined : quarantineOf(type);
      if (quarantine?.probing === true) breaker.probe(quarantine.gate, task);
    },
    judge: (outcomes) => {
      for (const outcome of outcomes) {
        const { type } = outcome;
        const quarantine = inForce.gates.length === 0 ? undefined : quarantineOf(type);
        const workers = outcome.error === null ? 0 : workersOf(type);
        const verdict = breaker.judge(outcome, { quarantine: quarantine?.gate, probing: quarantine?.probing === true, workers });
        if (verdict !== undefined) decided.set(type, verdict);
      }
      return decided.size > 0;
    },
    lastShut: (passing) => book.lastShut(passing, clock.now()),
    list: () => {
      const now = clock.now();
      const withPhase = book.gates.map((gate) => ({ gate, phase: phaseOf(gate, now) }));
      return withPhase.filter(({ phase }) => phase !== 'ENDED').map(({ gate, phase }) => ({ gate, probing: phase === 'PROBING' }));
    },
  };
};
