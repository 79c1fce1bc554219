/**
 * What keeps a session alive. It runs in a thread of its own (heartbeatThread.ts), so that user code which holds the main
 * loop can't make a living worker look dead, nor a dead one look alive.
 */
import { every } from '../../lifecycle/every';
import { doNothing, type Timing } from '../../lifecycle/timing';
import { VITALS, type Wish } from '../../ports/leases';
import type { Ask } from './keyspace';
import { RENEW, RESUME } from './sessions.lua';

/** Everything that a heartbeat needs to know; it is copied into the thread, its two arrays are shared. */
export interface HeartbeatSpec {
  readonly session: string;
  /** As it stands in the keys: without spaces. */
  readonly worker: string;
  readonly inbox: number;
  /** JSON of the worker's description. */
  readonly description: string;
  readonly generation: string;
  readonly prefix: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Without a beat of the main loop for so long, the worker says that it has no free slots. */
  readonly stalledMs: number;
  /** The end of the first lease, by `monotonicMs`. */
  readonly firstLeaseEndsAt: number;
  readonly vitals: Int32Array<SharedArrayBuffer>;
  /** [1 once announced, 1 once the main loop knows that the session is over, after how many losses of memory the claims were said again] */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** [when the log was last told, durably, that the session lives: microseconds by `monotonicMs`, 0 for never] */
  readonly vouched: BigInt64Array<SharedArrayBuffer>;
  /** [the end of the lease as it was renewed last: microseconds by `monotonicMs`] */
  readonly renewed: BigInt64Array<SharedArrayBuffer>;
}
export const CONTROL = { announced: 0, acknowledged: 1, said: 2 } as const;

export type HeartbeatMessage =
  /** The first renewal succeeded. */
  | { readonly kind: 'beating' }
  /** A renewal failed: the log should be told that the session lives. */
  | { readonly kind: 'unheard' }
  /** Redis had lost its memory, for the so manieth time, and was told the session's names again: now come the claims. */
  | { readonly kind: 'forgotten'; readonly losses: number }
  /** What an operator asks of the worker. */
  | { readonly kind: 'wish'; readonly wish: Wish }
  | { readonly kind: 'ended'; readonly why: string };

/** The system's monotonic clock, the same in all threads (performance.now() counts from each thread's own start). */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export interface HeartbeatNeeds {
  readonly spec: HeartbeatSpec;
  readonly ask: Ask;
  /** `monotonic` must be `monotonicMs`. */
  readonly clock: Timing;
  tell(message: HeartbeatMessage): void;
  /** Ends the process at once: work is held, the lease or the task's time is over, and the main loop can't be told. */
  kill(): void;
  onError(error: unknown): void;
}

/** The main loop has this long to learn that the session is over; it beats every 100 ms when it is well and holds work. */
const ACKNOWLEDGE_MS = 250;
/** So long before the lease may end its beats are looked at, and it stands still if it hasn't beaten for about as long then. */
const LOOK_BEFORE_MS = 150;
const STILL_MS = 140;
/** A timer that comes later than this was suspended with its process. */
const LATE_MS = 200;

interface Pulse {
  /** Free slots as the dispatchers may count on them (none while the main loop stands still), tasks held, whether it drains. */
  take(): string[];
  /** The main loop stands still, and a task in it is past its hard limit. */
  isPastHardLimit(): boolean;
  /** For how long the main loop has been standing still, in milliseconds, as of the last look at it. */
  stalledForMs(): number;
}

const createPulse = ({ vitals, stalledMs }: HeartbeatSpec, clock: Timing): Pulse => {
  let beats = Atomics.load(vitals, VITALS.beats);
  let changedAt = clock.monotonic();
  const stalledForMs = (): number => {
    const current = Atomics.load(vitals, VITALS.beats);
    if (current !== beats) changedAt = clock.monotonic();
    beats = current;
    return clock.monotonic() - changedAt;
  };
  return {
    stalledForMs,
    take: () => {
      const free = stalledForMs() >= stalledMs ? 0 : Math.max(0, Atomics.load(vitals, VITALS.freeSlots));
      return [free, Math.max(0, Atomics.load(vitals, VITALS.held)), Atomics.load(vitals, VITALS.draining)].map(String);
    },
    isPastHardLimit: () => {
      const allowanceMs = Atomics.load(vitals, VITALS.allowanceMs);
      return allowanceMs > 0 && stalledForMs() >= Math.max(stalledMs, allowanceMs);
    },
  };
};

export const vouchedUntil = ({ vouched, leaseMs }: Pick<HeartbeatSpec, 'vouched' | 'leaseMs'>): number => {
  const at = Number(Atomics.load(vouched, 0)) / 1000;
  return at === 0 ? 0 : at + leaseMs;
};

/** Begins at once; `stop` ends it without a word. */
export const beginHeartbeat = ({ spec, ask, clock, tell, kill, onError }: HeartbeatNeeds): { stop(): Promise<void> } => {
  const { session, worker, inbox, description, heartbeatMs, leaseMs, vitals, control } = spec;
  const pulse = createPulse(spec, clock);
  let state: 'first' | 'beating' | 'over' = 'first';
  let { generation, firstLeaseEndsAt: leaseEndsAt } = spec;
  let cancelWatch: () => void = doNothing;
  let lastError: unknown;
  let wish: Wish | undefined;
  let losses = 0;
  let sayBefore = Infinity;

  const finish = (why: string): void => {
    if (state === 'over') return;
    state = 'over';
    cancelWatch();
    tell({ kind: 'ended', why });
    // Nobody could be told, and others begin what it holds now. After a suspension it is the time that stood still.
    const isStalled = pulse.stalledForMs() >= STILL_MS && clock.monotonic() - endsAt() < LATE_MS;
    if (isStalled && Atomics.load(vitals, VITALS.held) > 0) kill();
    const killUnlessKnown = (): void => {
      if (Atomics.load(control, CONTROL.acknowledged) === 0 && Atomics.load(vitals, VITALS.held) > 0) kill();
    };
    cancelWatch = clock.after(ACKNOWLEDGE_MS, killUnlessKnown);
  };
  /** What Redis forgot and isn't told again is anybody's as soon as Redis is trusted once more, however well the session itself is. */
  const claimsEndAt = (): number => (Atomics.load(vitals, VITALS.held) > 0 && Atomics.load(control, CONTROL.said) < losses ? sayBefore : Infinity);
  /** Dead is who is silent in both: a word in the log is as good as a renewal. */
  const endsAt = (): number => Math.min(claimsEndAt(), Math.max(leaseEndsAt, vouchedUntil(spec)));
  const endOrWatch = (): void => {
    if (endsAt() > clock.monotonic()) watch();
    else
      finish(
        `the lease ended without a renewal${lastError === undefined ? '' : `: ${lastError instanceof Error ? lastError.message : typeof lastError}`}`,
      );
  };
  const watch = (): void => {
    cancelWatch();
    const leftMs = (): number => Math.max(0, endsAt() - clock.monotonic());
    cancelWatch = clock.after(Math.max(0, leftMs() - LOOK_BEFORE_MS), () => {
      pulse.stalledForMs();
      cancelWatch = clock.after(leftMs(), endOrWatch);
    });
  };
  const resume = (vital: readonly string[]): Promise<string[]> =>
    ask(RESUME, [session, worker, String(inbox), String(Atomics.load(control, CONTROL.announced)), ...vital, description]);

  const renewOnce = async (): Promise<void> => {
    if (state === 'over') return;
    // The lease counts from the sending: Redis counts from the arrival, which is later.
    const sentAt = clock.monotonic();
    const vital = pulse.take();
    if (pulse.isPastHardLimit()) kill();
    let [kind, newest, asked, graceMs] = await ask(RENEW, [session, generation, ...vital]);
    // Cut off from Redis alone, it may have been given up there; the log says that it wasn't.
    const spokenFor = kind === 'ended' && asked !== 'remove' && vouchedUntil(spec) > clock.monotonic();
    if (kind === 'forgotten' || spokenFor) [kind, newest, asked, graceMs] = await resume(vital);
    // It may have ended while the answer was on its way.
    if (isOver()) return;
    hearWish(asked);
    if (kind !== 'ok' || newest === undefined) {
      finish('another session took over, or the lease was over');
      return;
    }
    if (newest !== generation) forgotten(sentAt + Number(graceMs));
    leaseEndsAt = sentAt + leaseMs;
    Atomics.store(spec.renewed, 0, BigInt(Math.round(leaseEndsAt * 1000)));
    watch();
    if (state === 'first') tell({ kind: 'beating' });
    state = 'beating';
    if (newest !== generation || spokenFor) tell({ kind: 'forgotten', losses });
    generation = newest;
  };
  const forgotten = (trustedAgainAt: number): void => {
    losses += 1;
    sayBefore = trustedAgainAt;
  };
  const isOver = (): boolean => state === 'over';
  const hearWish = (asked: string | undefined): void => {
    if (asked === undefined || asked === '' || asked === wish) return;
    wish = asked as Wish;
    tell({ kind: 'wish', wish });
  };

  // A renewal that failed is tried again soon: the lease has room for a few tries.
  const loop = every({
    name: 'heartbeat',
    ms: heartbeatMs,
    clock,
    once: renewOnce,
    onError: (error) => {
      lastError = error;
      onError(error);
      if (state === 'beating') tell({ kind: 'unheard' });
      clock.after(heartbeatMs / 4, () => {
        loop.nudge();
      });
    },
  });
  watch();
  void loop.start();
  return {
    stop: () => {
      state = 'over';
      cancelWatch();
      return loop.stop();
    },
  };
};
