/** The list of workers and what operators ask of them, put together from their stages. */
import { nearest } from '../config';
import { workerCommandRoutes } from '../control/routes';
import { createWorkerCommands } from '../control/workers';
import { isRefusal } from '../core/refusal';
import { workerJson } from '../observe/present';
import { workerListRoutes } from '../observe/routes/cluster';
import { createWorkerList } from '../observe/workers';
import type { Announce } from '../ports/happenings';
import type { LiveWorker, Roster, WorkerControl } from '../ports/leases';
import type { TaskViews } from '../ports/views';

export interface WorkersApiNeeds {
  readonly roster: Pick<Roster, 'read'>;
  readonly control: WorkerControl;
  readonly seen: () => readonly LiveWorker[];
  readonly views: Pick<TaskViews, 'runningIn'>;
  readonly announce: Announce;
  readonly bodyBytes: number;
}

/** The routes of workers. */
export const createWorkersApi = ({ control, announce, views, bodyBytes, ...needs }: WorkersApiNeeds): ReturnType<typeof workerListRoutes>[] => {
  const workers = createWorkerList({ ...needs, control, nearest });
  const present = async (workerId: string): Promise<string | undefined> => {
    try {
      return workerJson(await workers.one(workerId));
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  };
  return [
    workerListRoutes({ workers, views }),
    workerCommandRoutes({ commands: createWorkerCommands({ control, announce, find: workers.one }), bodyBytes, present }),
  ];
};
