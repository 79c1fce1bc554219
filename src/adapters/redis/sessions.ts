/** Workers' sessions in Redis. */
import { randomUUID } from 'node:crypto';
import { failure } from '../../core/failure';
import { pause, type Timing } from '../../lifecycle/timing';
import type { Session, Vitals, Wish, WorkerDescription, WorkerSessions } from '../../ports/leases';
import { CONTROL, monotonicMs, type HeartbeatMessage, type HeartbeatSpec } from './heartbeat';
import type { Ask } from './keyspace';
import { ANNOUNCE, CLOSE, OPEN } from './sessions.lua';
import type { StartHeartbeat } from './startHeartbeat';

export interface RedisSessionsNeeds {
  readonly ask: Ask;
  readonly clock: Timing;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly startHeartbeat: StartHeartbeat;
  /** By which leases are counted here and in the heartbeat; the system's by default. */
  readonly monotonic?: () => number;
  /** A name that nobody else has; a random UUID by default. */
  readonly newName?: () => string;
  /** A session has told its names anew after Redis lost its memory: resolves when its claims are reasserted. */
  onForgotten(session: string): Promise<void> | void;
}

/** The first lease is longer: a thread has to start and to connect before it can renew. */
const FIRST_LEASE_MS = 5000;
const STALLED_MS = 2000;

interface Opened {
  readonly generation: string;
  readonly inbox: number;
  readonly sentAt: number;
}

const createOpening =
  ({ ask, clock, leaseMs, monotonic = monotonicMs }: RedisSessionsNeeds) =>
  async (session: string, worker: string, vitals: Vitals): Promise<Opened> => {
    for (;;) {
      const sentAt = monotonic();
      const [free, held, , draining] = vitals.cells;
      const firstLease = Math.max(leaseMs, FIRST_LEASE_MS);
      const [kind, text, inbox] = await ask(OPEN, [session, worker, String(free ?? 0), String(held ?? 0), String(draining ?? 0), String(firstLease)]);
      if (kind === 'open') return { generation: text!, inbox: Number(inbox), sentAt };
      if (kind === 'held') {
        const holder = `the worker id ${decodeURIComponent(worker)} is held by the live session ${String(text)}`;
        throw failure('WORKER_ID_HELD', `${holder}: stop that worker, or choose another --worker-id`);
      }
      // Redis just lost its memory, or is new: whoever lives says so within a lease, and keeps its names. In small steps: with
      // nobody else about, a long silence would look like an outage.
      await pause(clock, Math.min(leaseMs / 4, Math.max(10, Number(text))));
    }
  };

/** Passes on what the heartbeat says; resolves with the first word, which is whether it beats. */
const listenTo = (
  start: StartHeartbeat,
  spec: HeartbeatSpec,
  on: { forgotten(losses: number): void; unheard(): void; wish(wish: Wish): void; ended(why: string): void },
) => {
  let settle!: (message: HeartbeatMessage) => void;
  const first = new Promise<HeartbeatMessage>((resolve) => {
    settle = resolve;
  });
  const heartbeat = start(spec, (message) => {
    if (message.kind === 'forgotten') on.forgotten(message.losses);
    if (message.kind === 'ended') on.ended(message.why);
    if (message.kind === 'wish') on.wish(message.wish);
    else if (message.kind === 'unheard') on.unheard();
    else settle(message);
  });
  return { first, heartbeat };
};

/** Tells the log that the session lives, one word at a time; when the last one is durable, the heartbeat's thread knows when it was sent. */
const createVouching = (needs: { vouched: BigInt64Array; monotonic: () => number; vouch: () => Promise<void> | undefined }): (() => void) => {
  let underWay = false;
  return () => {
    if (underWay) return;
    underWay = true;
    const sentAt = needs.monotonic();
    const done = (): void => {
      underWay = false;
    };
    needs
      .vouch()
      ?.then(() => {
        Atomics.store(needs.vouched, 0, BigInt(Math.round(sentAt * 1000)));
      })
      // A log that is away, too: the lease ends, as it must.
      .then(done, done);
  };
};

/** What the heartbeat's thread and the main loop both know of a lease. */
const createLease = ({ firstLeaseEndsAt, monotonic }: Pick<HeartbeatSpec, 'firstLeaseEndsAt'> & { monotonic: () => number }) => {
  const [vouched, renewed] = [new BigInt64Array(new SharedArrayBuffer(8)), new BigInt64Array(new SharedArrayBuffer(8))];
  Atomics.store(renewed, 0, BigInt(Math.round(firstLeaseEndsAt * 1000)));
  const leftMs = (): number => Math.max(0, Number(Atomics.load(renewed, 0)) / 1000 - monotonic());
  return { vouched, renewed, leftMs };
};

/** Opens sessions; each renews itself until it is closed. */
export const createRedisSessions = (needs: RedisSessionsNeeds): WorkerSessions => {
  const { ask, clock, prefix, leaseMs, heartbeatMs, startHeartbeat, onForgotten, newName = randomUUID, monotonic = monotonicMs } = needs;
  const openNames = createOpening(needs);

  const open = async (described: WorkerDescription, vitals: Vitals, vouch?: (session: string) => Promise<void>): Promise<Session> => {
    const worker = encodeURIComponent(described.workerId);
    const id = `${worker}.${newName()}`;
    const { generation, inbox, sentAt } = await openNames(id, worker, vitals);
    const control = new Int32Array(new SharedArrayBuffer(12));
    const firstLeaseEndsAt = sentAt + Math.max(leaseMs, FIRST_LEASE_MS);
    const { vouched, renewed, leftMs } = createLease({ firstLeaseEndsAt, monotonic });
    const over = new AbortController();
    let wish: Wish | undefined;
    const description = JSON.stringify(described);
    const ended = (why: string): void => {
      Atomics.store(control, CONTROL.acknowledged, 1);
      if (!over.signal.aborted) over.abort(why);
    };
    const sayAgain = async (losses: number): Promise<void> => {
      while (!over.signal.aborted) {
        try {
          await onForgotten(id);
          Atomics.store(control, CONTROL.said, losses);
          return;
        } catch {
          await pause(clock, heartbeatMs / 4, over.signal);
        }
      }
    };
    const spec: HeartbeatSpec = {
      session: id,
      worker,
      inbox,
      description,
      generation,
      prefix,
      leaseMs,
      heartbeatMs,
      stalledMs: STALLED_MS,
      firstLeaseEndsAt,
      vitals: vitals.cells,
      control,
      vouched,
      renewed,
    };
    const { first, heartbeat } = listenTo(startHeartbeat, spec, {
      forgotten: (losses) => void sayAgain(losses),
      unheard: createVouching({ vouched, monotonic, vouch: () => vouch?.(id) }),
      wish: (asked) => {
        wish = asked;
      },
      ended,
    });
    const close = async (): Promise<void> => {
      await heartbeat.stop();
      ended('closed');
      await ask(CLOSE, [id]);
    };
    const began = await first;
    if (began.kind === 'ended') {
      await heartbeat.stop();
      throw failure('LEASES_UNAVAILABLE', `the session ended before it began: ${began.why}`);
    }
    return {
      id,
      inbox,
      close,
      ended: over.signal,
      leaseLeftMs: () => (over.signal.aborted ? 0 : leftMs()),
      wish: () => wish,
      announce: async () => {
        Atomics.store(control, CONTROL.announced, 1);
        const [kind] = await ask(ANNOUNCE, [id, description]);
        if (kind !== 'ok') throw failure('LEASES_UNAVAILABLE', 'the session is unknown to Redis');
      },
    };
  };
  return { open };
};
