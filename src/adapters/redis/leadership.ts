/** Who does the duties of one process alone, in Redis. */
import type { Leadership } from '../../ports/leases';
import type { Ask } from './keyspace';
import { LEAD, RESIGN } from './control.lua';

export const createRedisLeadership = ({ ask }: { readonly ask: Ask }): Leadership => ({
  lead: async (duty, candidate) => {
    const [fence] = await ask(LEAD, [duty, candidate]);
    return fence === undefined || fence === '-1' ? null : fence;
  },
  resign: async (duty, candidate) => {
    await ask(RESIGN, [duty, candidate]);
  },
});
