/** What a process has of Redis: the product's own sessions, claims, limits and roster, over connections of its lanes. */
import { beginHeartbeat } from '../../src/adapters/redis/heartbeat';
import { createRedisClaims } from '../../src/adapters/redis/claims';
import { CLAIM_BATCH } from '../../src/adapters/redis/claims.lua';
import { createKeyspace, type Ask } from '../../src/adapters/redis/keyspace';
import { createRedisPermits } from '../../src/adapters/redis/permits';
import { createRedisPrecedence } from '../../src/adapters/redis/precedence';
import { createRedisRoster } from '../../src/adapters/redis/roster';
import { createRedisSessions } from '../../src/adapters/redis/sessions';
import { failure } from '../../src/core/failure';
import type { History } from './history';
import { countLimits } from './limits';
import type { Connection, ServiceName } from './network';
import type { Lane, Process } from './process';
import type { SimulatedRedis } from './redis';
import type { Timeline } from './timeline';

const leasesAway = (why: string): Error => failure('LEASES_UNAVAILABLE', why);

export interface LeasesNeeds {
  readonly timeline: Timeline;
  readonly history: History;
  readonly redis: SimulatedRedis;
  readonly connect: (lane: Lane, name: ServiceName, inOrder: boolean) => Connection;
  readonly count: (what: string) => void;
  readonly newNumber: () => number;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** How many tasks a worker may have at once. */
  readonly window: number;
}

export const createLeases = ({ timeline, history, redis, connect, count, newNumber, prefix, leaseMs, heartbeatMs, window }: LeasesNeeds) => {
  const askOver = (lane: Lane, timeoutMs: number): { ask: Ask; ping: () => Promise<void> } => {
    const connection = connect(lane, 'redis', true);
    const options = { timeoutMs, unavailable: leasesAway };
    let generations = 0;
    const raw = createKeyspace({
      prefix,
      leaseMs,
      connection: {
        // The name of a new generation is the only chance in there.
        run: (script, [head, lease, , ...rest]) =>
          connection.call(() => {
            const answer = redis.run(script, [head!, lease!, `${lane.process.id}.${String(generations++)}`, ...rest]);
            if (script === CLAIM_BATCH) noteGrants(rest, answer);
            countLimits(script, answer, count);
            return answer;
          }, options),
      },
    });
    return { ask: raw, ping: () => connection.call(() => undefined, options) };
  };
  const noteGrants = ([session, , ...asked]: readonly string[], answer: unknown): void => {
    if (!Array.isArray(answer)) return;
    const keys: string[] = [];
    // Each key is followed by its dispatch, how many limits it has, and two words for each of them.
    for (let at = 0; at < asked.length; at += 3 + 2 * Number(asked[at + 2])) keys.push(asked[at]!);
    (answer as unknown[]).forEach((each, i) => {
      if (typeof each !== 'string' || !/^g\d+ \d+$/.test(each)) return;
      const [dispatch, grant] = each.slice(1).split(' ');
      history.add({ kind: 'granted', session: session!, key: keys[i]!, dispatch: Number(dispatch), fence: grant! });
    });
  };

  return (process: Process, onForgotten: () => Promise<void> | void) => {
    const { ask, ping } = askOver(process.main, 1000);
    const onError = (): void => undefined;
    const { claims, ledger } = createRedisClaims({ ask, clock: process.main.clock, tombstoneMs: 300_000, onError });
    const sessions = createRedisSessions({
      ask,
      clock: process.main.clock,
      prefix,
      leaseMs,
      heartbeatMs,
      monotonic: () => timeline.now(),
      newName: () => `${process.id}-${String(newNumber())}`,
      onForgotten,
      startHeartbeat: (spec, hear) => {
        history.add({ kind: 'session', session: spec.session, process: process.id, window });
        return beginHeartbeat({
          spec,
          ask: askOver(process.thread, Math.max(100, leaseMs / 3)).ask,
          clock: process.thread.clock,
          tell: (message) => process.main.turn('answer', () => hear(message)),
          kill: () => {
            count('killed by its heartbeat');
            process.crash();
          },
          onError,
        });
      },
    });
    const permits = createRedisPermits({ ask });
    return {
      claims,
      ledger,
      permits,
      sessions,
      precedence: createRedisPrecedence({ ask }),
      roster: createRedisRoster({ ask, connection: { ping } }),
    };
  };
};
