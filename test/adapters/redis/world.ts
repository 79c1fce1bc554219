/** Redis's leases on a prefix of their own, with heartbeats in this process's main loop where a test wants to stop them. */
import { createClient } from 'redis';
import { createRedisConnection } from '../../../src/adapters/redis/connection';
import { beginHeartbeat, monotonicMs } from '../../../src/adapters/redis/heartbeat';
import { createKeyspace } from '../../../src/adapters/redis/keyspace';
import { createRedisLockService, type RedisLockService } from '../../../src/adapters/redis/lockService';
import type { StartHeartbeat } from '../../../src/adapters/redis/startHeartbeat';
import { systemClock } from '../../../src/adapters/system/clock';
import type { LeasesWorld } from '../../contract/leases';
import { redisUrl } from '../../harness/services';
import { until } from '../../harness/until';

export const clock = { ...systemClock, monotonic: monotonicMs };

const asked = async (url: string, ask: (client: ReturnType<typeof createClient>) => Promise<unknown>): Promise<void> => {
  const client = createClient({ url });
  await client.connect();
  try {
    await ask(client as ReturnType<typeof createClient>);
  } finally {
    await client.close();
  }
};

/** Deletes every key with this prefix in one moment, as a flush does. */
export const deleteKeys = (prefix: string, url = redisUrl): Promise<void> =>
  asked(url, async (client) => {
    const all: string[] = [];
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) all.push(...keys);
    if (all.length > 0) await client.unlink(all);
  });

/** The same heartbeat as in the thread, without the thread. */
export const heartbeatHere =
  (beating: Map<string, { stop(): Promise<void> }>, url = redisUrl): StartHeartbeat =>
  (spec, hear) => {
    const connection = createRedisConnection({ url, clock, timeoutMs: Math.max(100, spec.leaseMs / 3), onError: () => undefined });
    const ask = createKeyspace({ connection, prefix: spec.prefix, leaseMs: spec.leaseMs });
    const heartbeat = beginHeartbeat({
      spec,
      ask,
      clock,
      tell: hear,
      kill: () => {
        throw new Error('a test has no process to give away');
      },
      onError: () => undefined,
    });
    const both = {
      stop: async () => {
        await heartbeat.stop();
        await connection.close();
      },
    };
    beating.set(spec.session, both);
    return both;
  };

/** Nobody is heard of for most of it only where this process stands still for longer than two busy processors make it. */
export const LEASE_MS = 900;

export interface RedisWorld extends LeasesWorld {
  readonly service: RedisLockService;
  readonly errors: unknown[];
}

/** A world whose generation has begun and whose grace is over, as in a cluster that ran before. */
export const openWorld = async (prefix: string, leaseMs = LEASE_MS): Promise<RedisWorld> => {
  const beating = new Map<string, { stop(): Promise<void> }>();
  const forgotten: string[] = [];
  const errors: unknown[] = [];
  const service = createRedisLockService({
    url: redisUrl,
    prefix,
    clock,
    leaseMs,
    heartbeatMs: 100,
    startHeartbeat: heartbeatHere(beating),
    onForgotten: (session) => {
      forgotten.push(session);
    },
    onError: (error) => errors.push(error),
  });
  await service.start();
  // The first script begins the generation; nobody was there before, so nobody has to be waited for.
  await service.roster.read();
  await asked(redisUrl, (client) => client.del(`${prefix}grace`));
  await until(async () => (await service.roster.read()).trusted, { what: 'the end of the first grace' });
  const { sessions, roster, claims, ledger, claimAudit, permits, precedence, control, leadership, board, changes, figures, schedulers } = service;
  return {
    sessions,
    roster,
    claims,
    ledger,
    claimAudit,
    permits,
    precedence,
    control,
    leadership,
    board,
    changes,
    figures,
    schedulers,
    service,
    errors,
    leaseMs,
    forgotten,
    now: () => clock.monotonic(),
    forget: () => deleteKeys(prefix),
    crash: async (session) => {
      await beating.get(session.id)?.stop();
    },
    until: async (condition, what) => {
      await until(condition, { what, timeoutMs: 15_000, everyMs: 20 });
    },
    close: async () => {
      await Promise.all([...beating.values()].map((each) => each.stop()));
      await service.stop();
      await deleteKeys(prefix);
    },
  };
};
