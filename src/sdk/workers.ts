/** The workers, and what is asked of them, as typed calls. */
import type { WhoOptions } from './control';
import type { ApiRequest } from './requests';
import type { WorkerDetail, WorkerView } from './responses';

type AskOptions = Pick<WhoOptions, 'by' | 'reason'>;

export interface WorkerCalls {
  /** Those that live, and those that were lost in the last ten minutes. */
  workers(): Promise<WorkerView[]>;
  worker(workerId: string): Promise<WorkerDetail>;
  /** It finishes what it has and leaves; with `stay` it takes nothing more until it is resumed. The answers tell how it is now, null where it has gone. */
  drainWorker(workerId: string, options?: AskOptions & { readonly stay?: boolean }): Promise<{ readonly worker: WorkerView | null }>;
  resumeWorker(workerId: string, options?: AskOptions): Promise<{ readonly worker: WorkerView | null }>;
  /** It is gone at once, and its tasks run elsewhere; a lost one is forgotten. */
  removeWorker(workerId: string, options?: AskOptions): Promise<{ readonly worker: WorkerView | null }>;
}

/** The calls, over whatever sends requests. What is asked of a worker may be asked twice. */
export const workerCalls = (call: <T>(request: ApiRequest) => Promise<T>): WorkerCalls => {
  const pathOf = (workerId: string): string => `api/v1/workers/${encodeURIComponent(workerId)}`;
  const asking =
    (verb: string) =>
    (workerId: string, options: object = {}): Promise<{ readonly worker: WorkerView | null }> =>
      call({ method: 'POST', path: `${pathOf(workerId)}/${verb}`, body: options });
  return {
    workers: () => call({ path: 'api/v1/workers' }),
    worker: (workerId) => call({ path: pathOf(workerId) }),
    drainWorker: asking('drain'),
    resumeWorker: asking('resume'),
    removeWorker: asking('remove'),
  };
};
