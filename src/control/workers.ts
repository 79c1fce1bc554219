/** What operators ask of workers: to drain, to work again, to be gone. */
import { refusal, type Refusal } from '../core/refusal';
import type { Announce } from '../ports/happenings';
import type { Wish, WorkerControl } from '../ports/leases';
import type { Bodies, Who } from './bodies';

export interface WorkerCommandsNeeds {
  readonly control: Pick<WorkerControl, 'ask' | 'forget'>;
  readonly announce: Announce;
  /** Rejects with the refusal of a worker that is neither live nor lost. */
  readonly find: (workerId: string) => Promise<unknown>;
}

/** Each may be repeated; each rejects with WORKER_NOT_FOUND, WORKER_LEAVING and the leases' failures. */
export interface WorkerCommands {
  /** It finishes what it has and leaves, or stays without taking anything. */
  drain(workerId: string, body: Bodies['DrainWorkerBody']): Promise<void>;
  /** A worker that was drained to stay takes work again. */
  resume(workerId: string, body: Who): Promise<void>;
  /** A live worker is gone at once, and its tasks run elsewhere; a lost one is forgotten. */
  remove(workerId: string, body: Who): Promise<'asked' | 'forgotten'>;
}

/** What is asked for with `control.ask` and may come too late. */
type Taken = Exclude<Wish, 'remove'>;

const TOO_LATE: Readonly<Record<Taken, string>> = {
  leave: 'it is being removed',
  stay: 'it was asked to leave, and finishes what it has',
  work: 'it was asked to leave, and finishes what it has',
};

/** Makes the commands on workers. */
export const createWorkerCommands = ({ control, announce, find }: WorkerCommandsNeeds): WorkerCommands => {
  const told = (worker: string, wish: Wish | 'forget', { by, reason }: Who): void => {
    announce('worker.asked', { worker, wish, by: by ?? null, reason: reason ?? null });
  };

  /** A worker that was found and isn't live is a lost one. */
  const isAbsent = async (workerId: string, wish: Wish): Promise<Refusal> => {
    await find(workerId);
    return refusal('WORKER_NOT_FOUND', `the worker ${workerId} was lost: nobody is there to ${wish === 'work' ? 'resume' : 'drain'}; remove it`);
  };

  const ask = async (workerId: string, wish: Taken, who: Who): Promise<void> => {
    const answer = await control.ask(workerId, wish);
    if (answer === 'absent') throw await isAbsent(workerId, wish);
    if (answer === 'leaving') throw refusal('WORKER_LEAVING', `worker ${workerId}: ${TOO_LATE[wish]}`);
    told(workerId, wish, who);
  };

  return {
    drain: (workerId, body) => ask(workerId, body.stay === true ? 'stay' : 'leave', body),
    resume: (workerId, body) => ask(workerId, 'work', body),
    remove: async (workerId, body) => {
      if ((await control.ask(workerId, 'remove')) !== 'absent') {
        told(workerId, 'remove', body);
        return 'asked';
      }
      if (!(await control.forget(workerId))) throw await isAbsent(workerId, 'remove');
      told(workerId, 'forget', body);
      return 'forgotten';
    },
  };
};
