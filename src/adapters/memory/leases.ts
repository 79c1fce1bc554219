/** Sessions, claims, slots of limits and precedence within one process: what adapters/redis keeps between processes. */
import { failure } from '../../core/failure';
import type { Standing } from '../../core/standing';
import { doNothing, pause } from '../../lifecycle/timing';
import type { Clock } from '../../ports/clock';
import {
  VITALS,
  type ClaimAudit,
  type ClaimLedger,
  type Claims,
  type Leadership,
  type LiveWorker,
  type Precedence,
  type Roster,
  type Session,
  type Vitals,
  type Wish,
  type WorkerControl,
  type WorkerDescription,
  type WorkerSessions,
} from '../../ports/leases';
import type { ChangeFeed, FigureBoard } from '../../ports/live';
import type { LoadBoard } from '../../ports/scaling';
import type { Permits } from '../../ports/permits';
import type { SchedulerBook } from '../../ports/schedulers';
import { createMemoryClaims } from './claims';
import { createMemoryLeadership } from './leadership';
import { createMemoryFeed, createMemoryFigures } from './live';
import { createMemoryLoadBoard } from './loadBoard';
import { createMemoryPermits } from './permits';
import { createMemorySchedulerBook } from './schedulers';
import { createMemoryWorkerControl } from './workerControl';

export interface MemoryLeasesNeeds {
  readonly clock: Clock;
  /** How long a session lives without a heartbeat. */
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** The session has told its worker's id and inbox anew after a loss of memory: now its claims must be reasserted. */
  onForgotten?(session: string): void;
}

export interface MemoryLeases {
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
  /** Forgets everything, as Redis does when it is flushed. */
  forget(): void;
  /** A session whose process is gone: it sends no more heartbeats and isn't closed. */
  crash(session: string): void;
}

interface Holder {
  readonly id: string;
  readonly inbox: number;
  readonly worker: WorkerDescription;
  readonly vitals: Vitals;
  readonly end: AbortController;
  announced: boolean;
  beatAt: number;
  wish: Wish | undefined;
  /** Cancels the next heartbeat, and the end of the lease. */
  cancelBeat: () => void;
  cancelExpiry: () => void;
}

const PRECEDENCE_MS = 1000;

const createMemoryPrecedence = (clock: Clock): Precedence => {
  const published = new Map<string, { readonly standing: Standing; readonly until: number }>();
  return {
    publish: (scheduler, standing) => {
      const now = clock.monotonic();
      published.set(scheduler, { standing, until: now + PRECEDENCE_MS });
      const others = new Map<string, Standing>();
      for (const [name, entry] of published) {
        if (entry.until <= now) published.delete(name);
        else if (name !== scheduler) others.set(name, entry.standing);
      }
      return Promise.resolve(others);
    },
  };
};

const liveWorkerOf = ({ id, inbox, worker, vitals: { cells }, beatAt, wish }: Holder): LiveWorker => ({
  ...worker,
  session: id,
  inbox,
  freeSlots: Atomics.load(cells, VITALS.freeSlots),
  held: Atomics.load(cells, VITALS.held),
  draining: Atomics.load(cells, VITALS.draining) === 1 || (wish !== undefined && wish !== 'work'),
  lastHeartbeatAt: beatAt,
});

/** Who lives: the registry that both the sessions and the roster look at. */
const createRegistry = () => {
  const holders = new Map<string, Holder>();
  return {
    live: () => [...holders.values()],
    get: (session: string) => holders.get(session),
    isLive: (session: string) => holders.has(session),
    ofWorker: (workerId: string) => [...holders.values()].find((each) => each.worker.workerId === workerId),
    lowestFreeInbox: (): number => {
      const used = new Set([...holders.values()].map(({ inbox }) => inbox));
      for (let inbox = 0; ; inbox++) if (!used.has(inbox)) return inbox;
    },
    put: (holder: Holder) => {
      holders.set(holder.id, holder);
    },
    remove: (holder: Holder) => {
      if (holders.get(holder.id) === holder) holders.delete(holder.id);
    },
    forget: () => {
      holders.clear();
    },
  };
};

interface Grace {
  isOver(): boolean;
  leftMs(): number;
  begin(): void;
  generation(): number;
}

const createGrace = (clock: Clock, leaseMs: number): Grace => {
  let until = -Infinity;
  let generation = 1;
  return {
    isOver: () => clock.monotonic() >= until,
    leftMs: () => Math.max(0, until - clock.monotonic()),
    begin: () => {
      until = clock.monotonic() + leaseMs;
      generation++;
    },
    generation: () => generation,
  };
};

/** Everything starts remembered: with the process, whatever could have been forgotten is gone, too. */
export const createMemoryLeases = ({ clock, leaseMs, heartbeatMs, onForgotten }: MemoryLeasesNeeds): MemoryLeases => {
  const registry = createRegistry();
  const grace = createGrace(clock, leaseMs);
  const isForgetful = (): boolean => !grace.isOver();
  const claims = createMemoryClaims({ clock, isLive: registry.isLive, isForgetful });
  const permits = createMemoryPermits({ clock, slots: claims.slots, isForgetful });
  const control = createMemoryWorkerControl({ clock, session: registry.ofWorker });
  const board = createMemoryLoadBoard(clock);
  const [changes, figures] = [createMemoryFeed(clock), createMemoryFigures(clock)];
  const schedulers = createMemorySchedulerBook(clock);
  const leadership = createMemoryLeadership({ clock, leaseMs, isForgetful });
  const beating = new Map<string, Holder>();
  let opened = 0;

  const finishSession = (holder: Holder, why: string): void => {
    holder.cancelBeat();
    holder.cancelExpiry();
    beating.delete(holder.id);
    registry.remove(holder);
    if (!holder.end.signal.aborted) holder.end.abort(why);
  };
  /** After a loss of memory the session takes its names anew, unless somebody else has them by now. */
  const sayAgain = (holder: Holder): boolean => {
    const taken = registry.live().some((other) => other.inbox === holder.inbox || other.worker.workerId === holder.worker.workerId);
    if (!taken) registry.put(holder);
    return !taken;
  };
  const beat = (holder: Holder, generation: number): void => {
    const forgotten = generation !== grace.generation();
    if (registry.get(holder.id) !== holder && !(forgotten && sayAgain(holder))) {
      finishSession(holder, 'the lease ended');
      return;
    }
    // Its names and claims stay its own until it has closed, or until the lease ends.
    if (holder.wish === 'remove') {
      holder.end.abort('the worker was removed');
      return;
    }
    holder.beatAt = clock.now();
    schedule(holder);
    if (forgotten) onForgotten?.(holder.id);
  };
  // The lease ends by a timer, not by a comparison of times: after a stall of the whole process the heartbeats, due
  // earlier, run first, and nobody takes anybody for dead.
  const schedule = (holder: Holder): void => {
    const generation = grace.generation();
    holder.cancelExpiry();
    holder.cancelBeat = clock.after(heartbeatMs, () => {
      beat(holder, generation);
    });
    holder.cancelExpiry = clock.after(leaseMs, () => {
      expire(holder);
    });
    beating.set(holder.id, holder);
  };
  const expire = (holder: Holder): void => {
    if (registry.get(holder.id) !== holder) return;
    registry.remove(holder);
    const { session, held, lastHeartbeatAt } = liveWorkerOf(holder);
    if (holder.announced && holder.wish !== 'remove') control.bury({ ...holder.worker, session, held, lastHeartbeatAt });
  };
  const sessionOf = (holder: Holder): Session => ({
    id: holder.id,
    inbox: holder.inbox,
    ended: holder.end.signal,
    // What would have to renew it is in this process.
    leaseLeftMs: () => (holder.end.signal.aborted ? 0 : Infinity),
    wish: () => holder.wish,
    announce: () => {
      holder.announced = true;
      return Promise.resolve();
    },
    close: () => {
      finishSession(holder, 'closed');
      return Promise.resolve();
    },
  });
  const open = async (worker: WorkerDescription, vitals: Vitals): Promise<Session> => {
    while (!grace.isOver()) await pause(clock, grace.leftMs());
    if (registry.ofWorker(worker.workerId) !== undefined)
      throw failure('WORKER_ID_HELD', `the worker id ${worker.workerId} is held by another session`);
    const holder: Holder = {
      id: `${encodeURIComponent(worker.workerId)}.${String(++opened)}${clock.random().toString(36).slice(1)}`,
      inbox: registry.lowestFreeInbox(),
      worker,
      vitals,
      end: new AbortController(),
      announced: false,
      beatAt: clock.now(),
      wish: undefined,
      cancelBeat: doNothing,
      cancelExpiry: doNothing,
    };
    registry.put(holder);
    control.clear(worker.workerId);
    schedule(holder);
    return sessionOf(holder);
  };

  return {
    sessions: { open },
    roster: {
      read: () =>
        Promise.resolve({
          workers: registry
            .live()
            .filter(({ announced }) => announced)
            .map(liveWorkerOf),
          trusted: grace.isOver(),
        }),
      ping: () => Promise.resolve(),
    },
    claims,
    ledger: claims,
    claimAudit: claims,
    permits,
    precedence: createMemoryPrecedence(clock),
    control,
    leadership,
    board,
    changes,
    figures,
    schedulers,
    forget: () => {
      registry.forget();
      claims.forget();
      permits.forget();
      control.clear();
      leadership.forget();
      board.forget();
      changes.forget();
      figures.forget();
      schedulers.forget();
      grace.begin();
    },
    crash: (session) => {
      beating.get(session)?.cancelBeat();
    },
  };
};
