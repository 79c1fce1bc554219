/** What an operator asks of a worker. */
import type { WorkerView } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { confirm, type Question } from '../../parts/dialog';
import { plural } from '../../parts/format';
import { tell, tellFailure } from '../../parts/toasts';

export interface Action {
  readonly command: 'drain' | 'resume' | 'remove';
  readonly title: string;
  readonly body?: object;
  readonly done: string;
  readonly question: (worker: WorkerView) => Question;
  readonly fits: (worker: WorkerView) => boolean;
}

const ACTIONS: readonly Action[] = [
  {
    command: 'drain',
    title: 'Hold',
    body: { stay: true },
    done: 'takes nothing more',
    question: ({ workerId }) => ({
      title: `Hold ${workerId}?`,
      text: 'It finishes what it has and takes nothing more until it is resumed. The process stays.',
      verb: 'Hold it',
    }),
    fits: ({ state }) => state === 'ACTIVE',
  },
  {
    command: 'drain',
    title: 'Drain',
    done: 'finishes what it has and leaves',
    question: ({ workerId, held }) => ({
      title: `Drain ${workerId}?`,
      text: `It finishes ${held === 0 ? 'what it has' : plural(held, 'task')}, takes nothing more and leaves: its process ends.`,
      verb: 'Drain it',
    }),
    fits: ({ state }) => state === 'ACTIVE',
  },
  {
    command: 'resume',
    title: 'Resume',
    done: 'takes tasks again',
    question: ({ workerId }) => ({ title: `Resume ${workerId}?`, text: 'It takes tasks again.', verb: 'Resume it' }),
    fits: ({ state }) => state === 'DRAINING',
  },
  {
    command: 'remove',
    title: 'Remove',
    done: 'is gone',
    question: ({ workerId, state }) => ({
      title: `Remove ${workerId}?`,
      text:
        state === 'LOST' ? 'It is forgotten. If it comes back it is a new one.' : 'It is gone at once, and what it runs is begun again elsewhere.',
      verb: 'Remove it',
      danger: state !== 'LOST',
    }),
    fits: () => true,
  },
];

/** Asks, sends, and tells what became of it. */
export const act = async ({ command, body, question, done }: Action, worker: WorkerView, again: () => void): Promise<void> => {
  const asked = await confirm(question(worker));
  if (asked === undefined) return;
  try {
    await api.commandWorker(worker.workerId, command, { ...asked, ...body });
    tell(`${worker.workerId} ${done}`);
  } catch (error) {
    tellFailure(worker.workerId, error);
  }
  again();
};

/** What can be asked of a worker as it is. */
export const actionsFor = (worker: WorkerView): readonly Action[] => ACTIONS.filter(({ fits }) => fits(worker));
