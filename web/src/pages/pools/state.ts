/** How a pool is. */
import type { Pool } from '../../../../src/sdk/responses';

/** A pool that is full keeps tasks waiting as one that is paused does. */
export const stateOf = ({ gate, limit, running }: Pick<Pool, 'gate' | 'limit' | 'running'>): 'PAUSED' | 'QUARANTINED' | 'FULL' | 'ACTIVE' => {
  if (gate !== null) return gate.state;
  const most = limit?.maxRunning ?? Infinity;
  return running >= most ? 'FULL' : 'ACTIVE';
};
