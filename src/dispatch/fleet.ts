/** The workers that dispatches can go to, as of the last look at the roster. */
import { createShared, type Seat, type Shared } from '../core/routing';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { LiveWorker, Roster } from '../ports/leases';

export interface FleetNeeds {
  readonly roster: Pick<Roster, 'read'>;
  readonly clock: Clock;
  readonly announce: Announce;
  /** The share of a worker's slots that may be sent on top of them. */
  readonly prefetch: (slots: number) => number;
}

export interface Fleet {
  /** Looks at the roster once; the answer says whether absence from it proves a death. */
  look(): Promise<{ trusted: boolean; askedAt: number }>;
  seats(): Iterable<Seat>;
  seat(session: string): Seat | undefined;
  has(session: string): boolean;
  /** A session said that it takes nothing any more; the roster will say so later. */
  leave(session: string): void;
  workers(): readonly LiveWorker[];
}

const sharedBy = ({ perSlot = {} }: LiveWorker): ReadonlyMap<string, Shared> =>
  new Map(Object.entries(perSlot).flatMap(([type, tasks]) => (tasks > 1 ? [[type, createShared(tasks)]] : [])));

export const createFleet = ({ roster, clock, announce, prefetch }: FleetNeeds): Fleet => {
  const seats = new Map<string, Seat>();
  let workers: readonly LiveWorker[] = [];

  const seatOf = (worker: LiveWorker): Seat => {
    const known = seats.get(worker.session);
    return {
      session: worker.session,
      worker: worker.workerId,
      inbox: worker.inbox,
      types: known?.types ?? new Set(worker.types),
      slots: worker.slots,
      window: worker.slots + prefetch(worker.slots),
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
      const read = await roster.read();
      workers = read.workers;
      admit(read.workers);
      if (read.trusted) dismiss(new Set(read.workers.map(({ session }) => session)));
      return { trusted: read.trusted, askedAt };
    },
    seats: () => seats.values(),
    seat: (session) => seats.get(session),
    has: (session) => seats.has(session),
    leave: (session) => {
      const seat = seats.get(session);
      if (seat !== undefined) seats.set(session, { ...seat, draining: true });
    },
    workers: () => workers,
  };
};
