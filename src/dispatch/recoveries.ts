/** How long it takes until what was lost with its worker is sent again. */
import type { Run } from '../core/run';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';

type Task = { readonly run: Run; readonly task: number };

export interface Recoveries {
  /** The loss of a task was reported; its worker was last heard of at `heardAt`, by the monotonic clock. */
  lost(task: Task, heardAt: number): void;
  /** A later dispatch of a task was sent. */
  sent(task: Task): void;
}

interface Loss {
  readonly heardAt: number;
  readonly lossesBefore: number;
}

const lossesOf = ({ run, task }: Task): number => run.losses[task]! + (run.budgets.get(task)?.deaths ?? 0);

export const createRecoveries = ({ clock, announce }: { readonly clock: Pick<Clock, 'monotonic'>; readonly announce: Announce }): Recoveries => {
  const open = new WeakMap<Run, Map<number, Loss>>();
  return {
    lost: (task, heardAt) => {
      let ofRun = open.get(task.run);
      if (ofRun === undefined) open.set(task.run, (ofRun = new Map<number, Loss>()));
      // It may be reported again before the law has heard of it.
      if (!ofRun.has(task.task)) ofRun.set(task.task, { heardAt, lossesBefore: lossesOf(task) });
    },
    sent: (task) => {
      const ofRun = open.get(task.run);
      const loss = ofRun?.get(task.task);
      if (ofRun === undefined || loss === undefined) return;
      ofRun.delete(task.task);
      // The law may have refused the loss: then this is a retry.
      if (lossesOf(task) > loss.lossesBefore) announce('task.recovered', { tookMs: clock.monotonic() - loss.heardAt });
    },
  };
};
