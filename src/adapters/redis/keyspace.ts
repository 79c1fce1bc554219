/** What every script of the leases begins with. */
import { randomUUID } from 'node:crypto';
import type { RedisConnection, Script } from './connection';
import { listOf } from './connection';

export interface KeyspaceNeeds {
  readonly connection: Pick<RedisConnection, 'run'>;
  /** In front of every key, with its colon. */
  readonly prefix: string;
  readonly leaseMs: number;
}

/** Runs a script over the leases' keys and answers its list. */
export type Ask = (script: Script, args: readonly string[]) => Promise<string[]>;

export const createKeyspace = ({ connection, prefix, leaseMs }: KeyspaceNeeds): Ask => {
  const lease = String(Math.round(leaseMs));
  return async (script, args) => listOf(await connection.run(script, [prefix, lease, randomUUID(), ...args]));
};
