/** Who lives, and who was lost lately. */
import { isFailure } from '../core/failure';
import { refusal } from '../core/refusal';
import type { LiveWorker, Roster, WorkerControl } from '../ports/leases';
import type { WorkerStanding } from './present';

export interface WorkerListNeeds {
  readonly roster: Pick<Roster, 'read'>;
  readonly control: Pick<WorkerControl, 'lost'>;
  /** The live workers as this process last saw them. */
  readonly seen: () => readonly LiveWorker[];
  /** The known name that a wrong one may have meant. */
  readonly nearest: (wrong: string, known: readonly string[]) => string | undefined;
}

export interface WorkerList {
  /** By their ids. While the leases are away: who lived when they were last read. */
  all(): Promise<WorkerStanding[]>;
  /** Rejects with WORKER_NOT_FOUND, and the nearest name there is. */
  one(workerId: string): Promise<WorkerStanding>;
}

/** Makes the list. */
export const createWorkerList = ({ roster, control, seen, nearest }: WorkerListNeeds): WorkerList => {
  const read = async (): Promise<WorkerStanding[]> => {
    // In this order: reading the roster is what notices ends of leases.
    const { workers } = await roster.read();
    const live = new Set(workers.map(({ workerId }) => workerId));
    return [...workers, ...(await control.lost()).filter(({ workerId }) => !live.has(workerId))];
  };
  const all = async (): Promise<WorkerStanding[]> => {
    const found = await read().catch((error: unknown) => {
      if (isFailure(error, 'LEASES_UNAVAILABLE')) return [...seen()];
      throw error;
    });
    return found.sort((a, b) => (a.workerId < b.workerId ? -1 : 1));
  };
  return {
    all,
    one: async (workerId) => {
      const known = await all();
      const worker = known.find((each) => each.workerId === workerId);
      if (worker !== undefined) return worker;
      const meant = nearest(
        workerId,
        known.map((each) => each.workerId),
      );
      throw refusal('WORKER_NOT_FOUND', `no worker ${workerId.slice(0, 100)}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    },
  };
};
