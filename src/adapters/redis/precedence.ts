/** The highest waiting priorities of all schedulers, in Redis. */
import type { Precedence } from '../../ports/leases';
import type { Ask } from './keyspace';
import { PRECEDENCE } from './sessions.lua';

const FORGOTTEN_AFTER_MS = 1000;

export const createRedisPrecedence = ({ ask }: { readonly ask: Ask }): Precedence => ({
  publish: async (scheduler, highest) => {
    const [others] = await ask(PRECEDENCE, [scheduler, String(highest ?? -1), String(FORGOTTEN_AFTER_MS)]);
    return others === '-1' || others === undefined ? null : Number(others);
  },
});
