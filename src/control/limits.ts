/** Sets and removes limits of the cluster: slots of a pool or a task type, and rates. */
import { POOL_PATTERN } from '../core/dag';
import { burstOf, LIMIT_SCOPES, type Limit, type LimitKey, type LimitScope } from '../core/limits';
import { refusal } from '../core/refusal';
import type { Clock } from '../ports/clock';
import type { LimitStore } from '../ports/limits';
import type { Announce } from '../ports/happenings';
import { unknownType, wrongField, type Bodies } from './bodies';

export interface LimitControlNeeds {
  readonly store: LimitStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
  /** The task types of this deployment. */
  readonly types: () => ReadonlySet<string>;
  /** A row was changed: this process is to follow at once. */
  readonly changed: () => void;
}

export interface LimitAnswer {
  /** False where all of it was so already. */
  readonly changed: boolean;
  readonly limit: Limit;
}

export interface LimitControl {
  set(scope: string, name: string, body: Bodies['LimitBody']): Promise<LimitAnswer>;
  remove(scope: string, name: string): Promise<void>;
}

const isName = new RegExp(POOL_PATTERN, 'u');
const isScope = (scope: string): scope is LimitScope => LIMIT_SCOPES.some((each) => each === scope);

/** What a path means; pools and rates are whatever tasks and limits say: any name is one. */
const keyOf = (scope: string, name: string): LimitKey => {
  if (!isScope(scope)) throw refusal('WRONG_PARAMETER', `scope must be one of ${LIMIT_SCOPES.join(', ')}`);
  if (scope !== 'type' && !isName.test(name)) throw refusal('WRONG_PARAMETER', `name must be a name of 1 to 64 letters, digits, _, - and .`);
  return { scope, name };
};

const belongsTo = (scope: LimitScope, body: Bodies['LimitBody'], field: 'maxRunning' | 'perSecond' | 'burst', of: string): void => {
  if (body[field] !== null && body[field] !== undefined) throw wrongField(field, `belongs to ${of}: a ${scope} has none`);
};

/** What a limit of this scope limits. */
const boundsOf = (scope: LimitScope, body: Bodies['LimitBody']): Pick<Limit, 'maxRunning' | 'perSecond' | 'burst'> => {
  const { maxRunning, perSecond, burst } = body;
  if (scope === 'rate') {
    belongsTo(scope, body, 'maxRunning', 'a pool or a type');
    if (perSecond === null || perSecond === undefined) throw wrongField('perSecond', 'is missing: how many may begin in a second?');
    return { maxRunning: null, perSecond, burst: burst ?? burstOf(perSecond) };
  }
  belongsTo(scope, body, 'perSecond', 'a rate');
  belongsTo(scope, body, 'burst', 'a rate');
  if (maxRunning === null || maxRunning === undefined) throw wrongField('maxRunning', 'is missing: how many may run at once?');
  return { maxRunning, perSecond: null, burst: null };
};

/** Makes the commands on limits. */
export const createLimitControl = ({ store, clock, announce, types, changed }: LimitControlNeeds): LimitControl => {
  return {
    set: async (scope, name, body) => {
      const key = keyOf(scope, name);
      if (key.scope === 'type' && !types().has(name)) throw unknownType(name, types());
      const bounds = boundsOf(key.scope, body);
      const answer = await store.set({ ...key, ...bounds, reason: body.reason ?? null, by: body.by ?? null, updatedAt: clock.now() });
      changed();
      const { maxRunning, perSecond, by, reason } = answer.limit;
      if (answer.changed) announce('limit.set', { ...key, maxRunning, perSecond, by, reason });
      return answer;
    },
    remove: async (scope, name) => {
      const key = keyOf(scope, name);
      if ((await store.remove(key)) === undefined) throw refusal('LIMIT_NOT_FOUND', `no limit of the ${scope} ${name}`);
      changed();
      announce('limit.removed', key);
    },
  };
};
