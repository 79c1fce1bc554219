/** What operators do to workers, within one process. */
import type { Clock } from '../../ports/clock';
import type { LostWorker, Wish, WorkerControl } from '../../ports/leases';

export interface MemoryWorkerControlNeeds {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The wish of the worker's live session, to be read and set; undefined where it has none. */
  session(workerId: string): { wish: Wish | undefined } | undefined;
}

export interface MemoryWorkerControl extends WorkerControl {
  bury(worker: LostWorker): void;
  /** The worker is back, or all is forgotten. */
  clear(workerId?: string): void;
}

const LOST_FOR_MS = 600_000;
const MOST_LOST = 1000;

export const createMemoryWorkerControl = ({ clock, session }: MemoryWorkerControlNeeds): MemoryWorkerControl => {
  const lost = new Map<string, { readonly worker: LostWorker; readonly until: number }>();
  const forgetOld = (): void => {
    for (const [id, { until }] of lost) if (until <= clock.monotonic()) lost.delete(id);
  };
  return {
    ask: (workerId, wish) => {
      const asked = session(workerId);
      if (asked === undefined) return Promise.resolve('absent');
      const isOver = asked.wish === 'leave' || asked.wish === 'remove';
      if (isOver && wish !== 'remove' && wish !== asked.wish) return Promise.resolve('leaving');
      asked.wish = wish;
      return Promise.resolve('asked');
    },
    lost: () => {
      forgetOld();
      return Promise.resolve([...lost.values()].map(({ worker }) => worker));
    },
    forget: (workerId) => Promise.resolve(lost.delete(workerId)),
    bury: (worker) => {
      if (lost.size >= MOST_LOST) forgetOld();
      if (lost.size < MOST_LOST) lost.set(worker.workerId, { worker, until: clock.monotonic() + LOST_FOR_MS });
    },
    clear: (workerId) => {
      if (workerId === undefined) lost.clear();
      else lost.delete(workerId);
    },
  };
};
