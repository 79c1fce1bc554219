/** A worker: holds one session at a time, works what the session's inbox brings, and begins anew when a session ends. */
import type { Dispatched, Event } from '../core/event';
import { type Failure, isFailure } from '../core/failure';
import type { BatchLimits } from '../core/handler';
import { firstAborted, pause } from '../lifecycle/timing';
import type { Service } from '../lifecycle/service';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import { type Claims, type Session, type Vitals, VITALS_BYTES, type WorkerDescription, type WorkerSessions } from '../ports/leases';
import type { WorkOrder, WorkQueue } from '../ports/transport';
import { Executor, type ExecutorNeeds } from './executor';
import { createTicker } from './ticker';
import { createWishes } from './wishes';
import { batchesIn } from './work';

export interface WorkerNeeds {
  readonly description: WorkerDescription;
  readonly sessions: WorkerSessions;
  readonly queue: Pick<WorkQueue, 'provide' | 'receive'>;
  readonly claims: Pick<Claims, 'claim' | 'release' | 'raiseFloor' | 'finish' | 'reassert'>;
  readonly report: (shard: number, event: Event) => Promise<void>;
  /** Tells the log that this session lives, while the leases don't answer; resolves when that is durable. */
  readonly vouch?: (session: string) => Promise<void>;
  /** Turns claims of finished tasks into tombstones, many at once. */
  readonly finished: (session: string, done: Dispatched) => void;
  readonly fetchInputs: ExecutorNeeds['fetchInputs'];
  readonly handlers: ExecutorNeeds['handlers'];
  readonly say: ExecutorNeeds['say'];
  readonly fellSilent: ExecutorNeeds['fellSilent'];
  readonly printed?: ExecutorNeeds['printed'];
  /** Absent where nothing is traced. */
  readonly spans?: ExecutorNeeds['spans'];
  readonly clock: Clock;
  readonly announce: Announce;
  readonly drainMs: number;
  /** How long a start waits for the lease of an earlier holder of its id to end. */
  readonly takeoverMs: number;
  readonly limits: ExecutorNeeds['limits'];
  /** How long a handler may go on after its signal fired before it is ended by force. */
  readonly hardLimitGraceMs: number;
  /** What has waited here for so long counts one priority higher. */
  readonly ageingMs?: number | undefined;
  /** Ends the process, because a handler that ignores its signal can't be ended otherwise; absent where the process has to go on. */
  readonly endProcess?: (why: string) => void;
  /** An operator asked the worker to leave: whoever started it stops it. */
  readonly leave: (cause: string) => void;
}

/** A session with everything that hangs on it. */
interface Shift {
  readonly session: Session;
  readonly executor: Executor;
  readonly inbox: { close(): Promise<void> };
}

const BEGIN_AGAIN_MS = 500;
const UNREPORTED_PER_SLOT = 4;
/** Of the largest size: while one is being reported, another can run. */
const UNREPORTED_BATCHES = 2;
const STUCK = 'a handler goes on past its hard limit, and only the end of the process ends it';

export interface Worker extends Service {
  /** Whether it holds a session and is announced. */
  isReady(): boolean;
  /** The leases lost their memory: says again what runs here. */
  reassert(): Promise<void>;
}

type Held = ReturnType<Executor['holds']>[number];

const perSlotIn = (batches: ReadonlyMap<string, BatchLimits>): Pick<WorkerDescription, 'perSlot'> =>
  batches.size === 0 ? {} : { perSlot: Object.fromEntries([...batches].map(([type, { maxSize }]) => [type, maxSize])) };

const largestOf = (batches: ReadonlyMap<string, BatchLimits>): number => Math.max(0, ...[...batches.values()].map(({ maxSize }) => maxSize));

const mayPass = (error: unknown): error is Failure => isFailure(error, 'LEASES_UNAVAILABLE') || isFailure(error, 'BROKER_UNAVAILABLE');

export const createWorker = (needs: WorkerNeeds): Worker => {
  const { clock, announce } = needs;
  const batches = batchesIn(needs.handlers);
  const description: WorkerDescription = { ...needs.description, ...perSlotIn(batches) };
  let shift: Shift | undefined;
  const leaving = new AbortController();
  let loop: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const stuck = new Set<Executor>();

  const wishes = createWishes({
    drain: () => shift?.executor.drain(needs.drainMs) ?? Promise.resolve(),
    beginAnew: () => shift?.session.close() ?? Promise.resolve(),
    leave: needs.leave,
  });
  const ticker = createTicker({
    clock,
    announce,
    // Not where there is no session: what the next one is sent may begin before it is known here.
    isIdle: () => shift?.executor.holdsNothing() === true,
    once: () => {
      shift?.executor.tick();
      wishes.heed(shift?.session.wish());
    },
  });

  const begin = async (): Promise<Shift> => {
    const vitals: Vitals = { cells: new Int32Array(new SharedArrayBuffer(VITALS_BYTES)) };
    const session = await needs.sessions.open(description, vitals, needs.vouch);
    let inbox: { close(): Promise<void> } | undefined;
    try {
      await needs.queue.provide(session.inbox + 1);
      const executor: Executor = new Executor({
        ...needs,
        session: session.id,
        leaseLeftMs: () => session.leaseLeftMs(),
        worker: description.workerId,
        slots: description.slots,
        vitals,
        finished: (done) => {
          needs.finished(session.id, done);
        },
        roused: ticker.roused,
        maxUnreported: Math.max(1000, description.slots * UNREPORTED_PER_SLOT, UNREPORTED_BATCHES * largestOf(batches)),
        stuck: () => {
          stuck.add(executor);
          endWithStuck();
        },
      });
      inbox = await needs.queue.receive(session.inbox, (orders: readonly WorkOrder[]) => executor.accept(orders));
      // At once, also while the worker drains: whoever takes over may start the same tasks now.
      session.ended.addEventListener(
        'abort',
        () => {
          executor.abandon('the session ended');
        },
        { once: true },
      );
      if (wishes.isStaying()) await executor.drain(0);
      await session.announce();
      return { session, executor, inbox };
    } catch (error) {
      await Promise.allSettled([inbox?.close(), session.close()]);
      throw error;
    }
  };

  const endIfStuck = (): void => {
    if ([...stuck].some((executor) => executor.isStuck())) needs.endProcess?.(STUCK);
  };

  /**
   * Everything else is finished or given back first. The session isn't closed: its claims hold others off until its lease ends. The process
   * ends also where the handler has come to its end meanwhile: what has begun to leave takes nothing any more.
   */
  const endWithStuck = (): void => {
    if (needs.endProcess === undefined || leaving.signal.aborted) return;
    leaving.abort();
    void (shift?.executor.drain(needs.drainMs) ?? Promise.resolve()).then(() => needs.endProcess?.(STUCK));
  };

  const end = async ({ session, executor, inbox }: Shift, why: string): Promise<void> => {
    executor.abandon(why);
    await Promise.allSettled([inbox.close(), session.close()]);
  };

  /** One session after the other until the worker leaves. */
  const work = async (first: Shift): Promise<void> => {
    shift = first;
    while (!leaving.signal.aborted) {
      await firstAborted([shift.session.ended, leaving.signal]);
      if (!shift.session.ended.aborted) return;
      announce('worker.left', { worker: description.workerId, session: shift.session.id, reason: String(shift.session.ended.reason) });
      await end(shift, 'the session ended');
      const wish = shift.session.wish();
      shift = undefined;
      wishes.heed(wish);
      if (wish === 'remove') return;
      shift = await beginAgain();
      if (shift === undefined) return;
    }
  };

  const beginAgain = async (): Promise<Shift | undefined> => {
    while (!leaving.signal.aborted) {
      try {
        return await begin();
      } catch (error) {
        announce('loop.failed', { loop: 'session', error });
        await pause(clock, BEGIN_AGAIN_MS, leaving.signal);
      }
    }
    return undefined;
  };

  /**
   * The id of a process that died is free when its lease ends; one that is still held after that has a live holder. What is away,
   * or too slow for a first lease, is waited for.
   */
  const beginFirst = async (): Promise<Shift> => {
    const until = clock.monotonic() + needs.takeoverMs;
    let told: string | undefined;
    for (;;) {
      try {
        return await begin();
      } catch (error) {
        if (leaving.signal.aborted || !(mayPass(error) || (isFailure(error) && clock.monotonic() < until))) throw error;
        if (error.message !== told) announce('loop.failed', { loop: 'session', error });
        told = error.message;
        await pause(clock, BEGIN_AGAIN_MS, leaving.signal);
      }
    }
  };

  const leave = async (): Promise<void> => {
    // First, so that no new session begins when this one ends while it drains.
    leaving.abort();
    await loop;
    if (shift !== undefined) {
      await shift.executor.drain(needs.drainMs);
      endIfStuck();
      await end(shift, 'the worker leaves');
    }
    shift = undefined;
    await ticker.stop();
  };

  return {
    name: 'worker',
    start: async () => {
      await ticker.start();
      const first = await beginFirst();
      if (leaving.signal.aborted) await end(first, 'the worker leaves');
      else loop = work(first);
    },
    stop: () => (stopping ??= leave()),
    isReady: () => shift !== undefined && !shift.session.ended.aborted,
    reassert: async () => {
      if (shift === undefined) return;
      const { session, executor } = shift;
      const said = new Set<string>();
      const nameOf = ({ dag, task, fence }: Held): string => `${dag}/${String(task)} ${fence}`;
      const unsaid = (): Held[] => executor.holds().filter((each) => !said.has(nameOf(each)));
      // What was granted just before the loss may be answered while the rest is said.
      let left = unsaid();
      do {
        await needs.claims.reassert(session.id, left);
        for (const each of left) said.add(nameOf(each));
        left = unsaid();
      } while (left.length > 0);
    },
  };
};
