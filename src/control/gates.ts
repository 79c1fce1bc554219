/** Pauses and resumes everything, a task type or a pool, and lets a type out of its quarantine. */
import { POOL_PATTERN } from '../core/dag';
import { phaseOf, type Gate, type GateKey } from '../core/gates';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { Announce } from '../ports/happenings';
import { timeOf, unknownType, wrongField, type Bodies, type GateBody } from './bodies';

export interface GateControlNeeds {
  readonly store: Pick<GateStore, 'gates' | 'pause' | 'end'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
  /** The task types of this deployment. */
  readonly types: () => ReadonlySet<string>;
  /** A row was changed: this process is to follow at once. */
  readonly changed: () => void;
}

export interface GateAnswer {
  /** False where all of it was so already. */
  readonly changed: boolean;
  /** As it is now; null where there was nothing to end. */
  readonly gate: Gate | null;
}

export interface GateControl {
  pause(body: Bodies['PauseGateBody']): Promise<GateAnswer>;
  resume(body: Bodies['ResumeGateBody']): Promise<GateAnswer>;
}

const isPool = new RegExp(POOL_PATTERN, 'u');

/** What a body means; refuses names that make no sense. Pools are whatever tasks and gates say: any name is one. */
const keyOf = ({ scope, name }: GateBody, types: ReadonlySet<string>): GateKey => {
  if (scope === 'all') {
    if (name !== null && name !== undefined) throw wrongField('name', 'belongs to a type or a pool: the scope all has none');
    return { scope, name: '' };
  }
  if (name === null || name === undefined) throw wrongField('name', `is missing: which ${scope}?`);
  if (scope === 'pool' && !isPool.test(name)) throw wrongField('name', 'must be a name of 1 to 64 letters, digits, _, - and .');
  if (scope === 'type' && !types.has(name)) throw unknownType(name, types);
  return { scope, name };
};

/** Makes the commands on gates. */
export const createGateControl = ({ store, clock, announce, types, changed }: GateControlNeeds): GateControl => {
  /** What stands in the way where what was to end isn't there, but its like is. */
  const refuseOther = async ({ scope, name }: GateKey, state: Gate['state']): Promise<void> => {
    const now = clock.now();
    const other = (await store.gates()).find(
      (gate) => gate.scope === scope && gate.name === name && gate.state !== state && phaseOf(gate, now) !== 'ENDED',
    );
    if (other === undefined) return;
    throw refusal(
      'COMMAND_REFUSED',
      other.state === 'QUARANTINED'
        ? `the type ${name} is not paused but in quarantine: resume it with the state QUARANTINED`
        : `the type ${name} is not in quarantine but paused: resume it with the state PAUSED`,
    );
  };

  return {
    pause: async (body) => {
      const key = keyOf(body, types());
      const now = clock.now();
      const until = timeOf(body.until) ?? null;
      if (until !== null && until <= now) throw wrongField('until', 'must be later than now');
      const answer = await store.pause({ ...key, reason: body.reason ?? null, by: body.by ?? null, until, now });
      changed();
      const { reason, by, trips } = answer.gate;
      if (answer.changed) announce('gate.shut', { ...key, state: 'PAUSED', by, reason, until, trips });
      return answer;
    },
    resume: async (body) => {
      const state = body.state ?? 'PAUSED';
      if (state === 'QUARANTINED' && body.scope !== 'type')
        throw wrongField('state', 'QUARANTINED belongs to the scope type: only types are quarantined');
      const key = keyOf(body, types());
      const gate = await store.end({ ...key, state, by: body.by ?? null, now: clock.now() });
      if (gate === undefined) {
        await refuseOther(key, state);
        return { changed: false, gate: null };
      }
      changed();
      announce('gate.opened', { ...key, state, by: body.by ?? null });
      return { changed: true, gate };
    },
  };
};
