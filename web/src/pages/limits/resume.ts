/** Opening a gate, from wherever it is seen. */
import type { Gate } from '../../../../src/sdk/responses';
import { api, type GateTarget } from '../../api/client';
import { confirm } from '../../parts/dialog';
import { tell, tellFailure } from '../../parts/toasts';
import { wordsOfGate } from './gateWords';

export const targetOf = (scope: Gate['scope'], name: string | null): GateTarget => (scope === 'all' ? { scope } : { scope, name: name ?? '' });

/** Asks, and lets through what waits behind it; true where that was done. */
export const resumeGate = async ({ scope, name, state }: Pick<Gate, 'scope' | 'name' | 'state'>): Promise<boolean> => {
  const words = wordsOfGate(scope, name);
  const asked = await confirm({
    title: `Resume ${words}?`,
    text: state === 'PAUSED' ? 'What waits starts again.' : 'The quarantine ends: all of its tasks start again at once.',
    verb: 'Resume',
  });
  if (asked === undefined) return false;
  try {
    await api.resumeGate(targetOf(scope, name), { ...(asked.by === undefined ? {} : { by: asked.by }), state });
    tell(`Resumed ${words}`);
    return true;
  } catch (error) {
    tellFailure('Not resumed', error);
    return false;
  }
};
