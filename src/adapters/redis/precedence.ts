/** What waits at each scheduler, in Redis. */
import { NOTHING_WAITS, type Standing } from '../../core/standing';
import type { Precedence } from '../../ports/leases';
import type { Ask } from './keyspace';
import { PRECEDENCE } from './sessions.lua';

const FORGOTTEN_AFTER_MS = 1000;

export const createRedisPrecedence = ({ ask }: { readonly ask: Ask }): Precedence => ({
  publish: async (scheduler, standing) => {
    const pairs = await ask(PRECEDENCE, [scheduler, String(standing.highest ?? -1), String(FORGOTTEN_AFTER_MS), JSON.stringify(standing)]);
    const others = new Map<string, Standing>();
    // A scheduler of another version may say less.
    for (let i = 0; i < pairs.length; i += 2) others.set(pairs[i]!, { ...NOTHING_WAITS, ...(JSON.parse(pairs[i + 1]!) as Partial<Standing>) });
    return others;
  },
});
