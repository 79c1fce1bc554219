/** What pages are shown live, put together: notes of what this process commits, its figures, and the stream to its clients. */
import { nearest } from '../config';
import type { ChangedRows } from '../ports/live';
import { every } from '../lifecycle/every';
import type { Service } from '../lifecycle/service';
import { together } from '../lifecycle/together';
import type { createHealth } from '../observe/health';
import { createCounting } from '../observe/live/counting';
import { createNotes } from '../observe/live/notes';
import { createOverview } from '../observe/live/overview';
import { createStream, type Stream } from '../observe/live/stream';
import { liveRoutes } from '../observe/routes/live';
import { createWorkerList } from '../observe/workers';
import type { DagRemoval } from '../ports/history';
import type { Roster, WorkerControl } from '../ports/leases';
import type { DeadLetterViews } from '../ports/letters';
import type { ChangeFeed, FigureBoard } from '../ports/live';
import type { ExpiredDags } from '../ports/retention';
import type { RunStore } from '../ports/store';
import type { Engine } from './engine';
import type { ProcessLife } from './processLife';

export interface LiveNeeds {
  readonly life: Pick<ProcessLife, 'id' | 'clock' | 'announce' | 'listen'>;
  /** As it is, before anything notes its writes. */
  readonly store: RunStore;
  readonly removal: DagRemoval;
  readonly expiry: ExpiredDags;
  readonly letters: Pick<DeadLetterViews, 'letters'>;
  readonly changedRows: ChangedRows;
  readonly leases: {
    readonly roster: Pick<Roster, 'read'>;
    readonly control: Pick<WorkerControl, 'lost'>;
    readonly changes: ChangeFeed;
    readonly figures: FigureBoard;
  };
  readonly health: ReturnType<typeof createHealth>;
  /** What the engine knows; only asked once it runs. */
  readonly engine: () => Pick<Engine, 'advancer' | 'dispatcher' | 'fleet'>;
}

export interface Live {
  /** The same store and removals, whose changes are told. */
  readonly store: RunStore;
  readonly removal: DagRemoval;
  readonly expiry: ExpiredDags;
  readonly routes: ReturnType<typeof liveRoutes>;
  readonly service: Service;
  readonly stream: Pick<Stream, 'close' | 'clients'>;
}

const FIGURES_MS = 1000;

/** Makes it; nothing runs before its service is started. */
export const createLive = ({ life, leases, health, engine, ...needs }: LiveNeeds): Live => {
  const { id: scheduler, clock, announce, listen } = life;
  const notes = createNotes({
    scheduler,
    owns: (shard) =>
      engine()
        .advancer.owned()
        .some((owned) => owned.shard === shard),
  });
  const counting = createCounting({
    listen,
    clock,
    queue: { sizes: () => engine().dispatcher.ready.sizes() },
    workers: () => engine().fleet.workers(),
    dags: () => engine().advancer.liveDags(),
  });
  const overview = createOverview({ scheduler, clock, board: leases.figures, counting, health, letters: needs.letters });
  const onError = (loop: string, error: unknown): void => {
    announce('loop.failed', { loop, error });
  };
  const workers = createWorkerList({ ...leases, seen: () => engine().fleet.workers(), nearest });
  const shown = { rows: needs.changedRows, overview, workers: workers.all };
  const stream = createStream({ scheduler, clock, feed: leases.changes, notes, ...shown, announce, onError });
  listen('shard.taken', notes.took);
  const telling = every({
    name: 'figures',
    ms: FIGURES_MS,
    clock,
    once: overview.tellOnce,
    onError: (error) => {
      onError('figures', error);
    },
  });
  return {
    store: notes.watched(needs.store),
    removal: {
      ...needs.removal,
      remove: async (dag) => {
        const answer = await needs.removal.remove(dag);
        if (answer === 'removed') notes.dag(dag);
        return answer;
      },
    },
    expiry: {
      ...needs.expiry,
      removeExpired: async (...what) => {
        const removed = await needs.expiry.removeExpired(...what);
        for (const dag of removed) notes.dag(dag);
        return removed;
      },
    },
    routes: liveRoutes({ overview, stream }),
    service: together('live', [telling, stream.service]),
    stream,
  };
};
