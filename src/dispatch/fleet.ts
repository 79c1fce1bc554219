/** The workers that dispatches can go to, as of the last look at the roster. */
import { createShared, reviewSeat, unseenWindow, type Seat, type Shared } from '../core/routing';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { LiveWorker, Roster } from '../ports/leases';

export interface FleetNeeds {
  readonly roster: Pick<Roster, 'read'>;
  readonly clock: Clock;
  readonly announce: Announce;
  /** How many tasks may wait at a worker at most, beyond those that run. */
  readonly prefetch: number;
}

export interface Fleet {
  /** Looks at the roster once; the answer says whether absence from it proves a death. */
  look(): Promise<{ trusted: boolean; askedAt: number }>;
  seats(): Iterable<Seat>;
  seat(session: string): Seat | undefined;
  has(session: string): boolean;
  /** When this process last saw a new heartbeat of a session that is here, or was until lately; by the monotonic clock. */
  heardAt(session: string): number | undefined;
  /** A session said that it takes nothing any more; the roster will say so later. */
  leave(session: string): void;
  workers(): readonly LiveWorker[];
}

const sharedBy = ({ perSlot = {} }: LiveWorker): ReadonlyMap<string, Shared> =>
  new Map(Object.entries(perSlot).flatMap(([type, tasks]) => (tasks > 1 ? [[type, createShared(tasks)]] : [])));

/** So long after its last heartbeat nobody asks for a session any more. */
const REMEMBERED_MS = 60_000;

/** When each session was last heard of, by the clock of this process: that of the leases may be another one. */
const createHeard = () => {
  const last = new Map<string, { readonly beat: number; readonly at: number }>();
  return {
    at: (session: string): number | undefined => last.get(session)?.at,
    note: (live: readonly LiveWorker[], at: number): void => {
      for (const { session, lastHeartbeatAt: beat } of live) if (last.get(session)?.beat !== beat) last.set(session, { beat, at });
      if (last.size > live.length) for (const [session, known] of last) if (at - known.at > REMEMBERED_MS) last.delete(session);
    },
  };
};

export const createFleet = ({ roster, clock, announce, prefetch }: FleetNeeds): Fleet => {
  const seats = new Map<string, Seat>();
  const heard = createHeard();
  let workers: readonly LiveWorker[] = [];
  let reviewedAt = clock.monotonic();

  const seatOf = (worker: LiveWorker): Seat => {
    const known = seats.get(worker.session);
    return {
      session: worker.session,
      worker: worker.workerId,
      inbox: worker.inbox,
      types: known?.types ?? new Set(worker.types),
      slots: worker.slots,
      window: known?.slots === worker.slots ? known.window : unseenWindow(worker.slots, prefetch),
      prefetch,
      ended: known?.ended ?? 0,
      // As if each task took a second.
      perSecond: known?.perSecond ?? worker.slots,
      // Who drains never comes back, and the roster may be older than what the worker told.
      draining: worker.draining || known?.draining === true,
      outstanding: known?.outstanding ?? new Uint32Array(10),
      shared: known?.shared ?? sharedBy(worker),
      total: known?.total ?? 0,
    };
  };

  const admit = (live: readonly LiveWorker[]): void => {
    for (const worker of live) {
      const known = seats.get(worker.session);
      if (known === undefined) announce('worker.joined', { worker: worker.workerId, session: worker.session, slots: worker.slots });
      if (known === undefined || (worker.draining && !known.draining) || known.slots !== worker.slots) seats.set(worker.session, seatOf(worker));
    }
  };

  const dismiss = (live: ReadonlySet<string>): void => {
    for (const { session, worker } of [...seats.values()]) {
      if (live.has(session)) continue;
      seats.delete(session);
      announce('worker.left', { worker, session, reason: 'its lease ended' });
    }
  };

  return {
    look: async () => {
      const askedAt = clock.monotonic();
      for (const seat of seats.values()) reviewSeat(seat, askedAt - reviewedAt);
      reviewedAt = askedAt;
      const read = await roster.read();
      workers = read.workers;
      heard.note(read.workers, askedAt);
      admit(read.workers);
      if (read.trusted) dismiss(new Set(read.workers.map(({ session }) => session)));
      return { trusted: read.trusted, askedAt };
    },
    seats: () => seats.values(),
    seat: (session) => seats.get(session),
    has: (session) => seats.has(session),
    heardAt: heard.at,
    leave: (session) => {
      const seat = seats.get(session);
      if (seat !== undefined) seats.set(session, { ...seat, draining: true });
    },
    workers: () => workers,
  };
};
