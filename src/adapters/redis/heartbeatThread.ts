/** The thread of a session's heartbeat: its own loop and its own connection to Redis. Started by startHeartbeatThread. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { collect } from '../../lifecycle/heap';
import type { Timing } from '../../lifecycle/timing';
import { createRedisConnection } from './connection';
import { beginHeartbeat, monotonicMs, type HeartbeatSpec } from './heartbeat';
import { createKeyspace } from './keyspace';

export interface HeartbeatThreadData {
  readonly url: string;
  readonly spec: HeartbeatSpec;
}

// Adapters don't know each other, so that the system's clock can't be had from its adapter; these timers keep the thread alive.
const clock: Timing = {
  monotonic: monotonicMs,
  random: () => Math.random(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

const beat = ({ url, spec }: HeartbeatThreadData): void => {
  // A call must not outlive the next heartbeat by much, or one lost packet would cost the lease.
  const connection = createRedisConnection({ url, clock, timeoutMs: Math.max(100, spec.leaseMs / 3), onError: () => undefined });
  beginHeartbeat({
    spec,
    clock,
    ask: createKeyspace({ connection, prefix: spec.prefix, leaseMs: spec.leaseMs }),
    tell: (message) => {
      parentPort?.postMessage(message);
    },
    kill: () => {
      process.kill(process.pid, 'SIGKILL');
    },
    onError: () => undefined,
  });
  collect();
};

if (!isMainThread) beat(workerData as HeartbeatThreadData);
