/** The Redis lock service: worker sessions, claims, slots of limits, precedence and leads, everything that may be forgotten. */
import type { Service } from '../../lifecycle/service';
import type { Timing } from '../../lifecycle/timing';
import type { ClaimAudit, ClaimLedger, Claims, Leadership, Precedence, Roster, WorkerControl, WorkerSessions } from '../../ports/leases';
import type { ChangeFeed, FigureBoard } from '../../ports/live';
import type { LoadBoard } from '../../ports/scaling';
import type { Permits } from '../../ports/permits';
import type { SchedulerBook } from '../../ports/schedulers';
import { createRedisClaimAudit } from './claimAudit';
import { createRedisClaims } from './claims';
import { createRedisConnection } from './connection';
import { createKeyspace } from './keyspace';
import { createRedisLeadership } from './leadership';
import { createRedisFeed, createRedisFigures } from './live';
import { createRedisLoadBoard } from './loadBoard';
import { createRedisPermits } from './permits';
import { createRedisPrecedence } from './precedence';
import { createRedisRoster } from './roster';
import { createRedisSchedulerBook } from './schedulers';
import { createRedisSessions } from './sessions';
import { heartbeatInThread, type StartHeartbeat } from './startHeartbeat';
import { createRedisWorkerControl } from './workerControl';

export interface RedisLockServiceNeeds {
  /** `redis://…` of one Redis (a cluster would need keys that hash alike). */
  readonly url: string;
  /** In front of every key, with its colon. */
  readonly prefix: string;
  readonly clock: Timing;
  /** How long a session lives without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** How long a finished task's claim refuses its number; 5 minutes by default. */
  readonly tombstoneMs?: number;
  /** How long a call may take before it rejects; a second by default. */
  readonly timeoutMs?: number;
  /** Where heartbeats run: threads by default. */
  readonly startHeartbeat?: StartHeartbeat;
  /**
   * A session of this process has told its names anew after Redis lost its memory: resolves when its claims are reasserted. Asked again where
   * it rejects; without an answer in time the session ends.
   */
  onForgotten?(session: string): Promise<void> | void;
  /** Told when the connection is lost or can't be made, and when something in the background failed. */
  onError(error: unknown): void;
  /** Told of each call, how long it took and whether it was answered; heartbeats have connections of their own. */
  onCall?(ms: number, isAnswered: boolean): void;
}

export interface RedisLockService extends Service {
  readonly sessions: WorkerSessions;
  readonly roster: Roster;
  readonly claims: Claims;
  readonly ledger: ClaimLedger;
  readonly claimAudit: ClaimAudit;
  readonly permits: Permits;
  readonly precedence: Precedence;
  readonly control: WorkerControl;
  readonly leadership: Leadership;
  readonly board: LoadBoard;
  readonly changes: ChangeFeed;
  readonly figures: FigureBoard;
  readonly schedulers: SchedulerBook;
}

const TOMBSTONE_MS = 300_000;
const TIMEOUT_MS = 1000;

/**
 * Connects at once, and for ever again; calls reject with LEASES_UNAVAILABLE while it can't. Once stopped it stays stopped.
 * Redis needs no key eviction: a policy other than noeviction could take claims of running tasks.
 */
export const createRedisLockService = (needs: RedisLockServiceNeeds): RedisLockService => {
  const { url, prefix, clock, leaseMs, heartbeatMs, onError } = needs;
  const connection = createRedisConnection({
    url,
    clock,
    timeoutMs: needs.timeoutMs ?? TIMEOUT_MS,
    onError,
    onCall: (ms, isAnswered) => {
      needs.onCall?.(ms, isAnswered);
    },
  });
  const ask = createKeyspace({ connection, prefix, leaseMs });
  const { claims, ledger, keeper } = createRedisClaims({ ask, clock, tombstoneMs: needs.tombstoneMs ?? TOMBSTONE_MS, onError });
  return {
    name: 'Redis lock service',
    sessions: createRedisSessions({
      ask,
      clock,
      prefix,
      leaseMs,
      heartbeatMs,
      startHeartbeat: needs.startHeartbeat ?? heartbeatInThread({ url }),
      onForgotten: (session) => needs.onForgotten?.(session),
    }),
    roster: createRedisRoster({ ask, connection }),
    claims,
    ledger,
    claimAudit: createRedisClaimAudit({ ask }),
    permits: createRedisPermits({ ask }),
    precedence: createRedisPrecedence({ ask }),
    control: createRedisWorkerControl({ ask }),
    leadership: createRedisLeadership({ ask }),
    board: createRedisLoadBoard({ ask }),
    changes: createRedisFeed({ ask }),
    figures: createRedisFigures({ ask }),
    schedulers: createRedisSchedulerBook({ ask }),
    start: async () => {
      await connection.ping();
      await keeper.start();
    },
    stop: async () => {
      await keeper.stop();
      await connection.close();
    },
  };
};
