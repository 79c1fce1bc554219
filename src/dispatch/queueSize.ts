/** What waits and what runs at one moment, counted anew: for whoever watches, never for a decision. */
import type { ReadyQueue } from '../core/readyQueue';
import { CODE } from '../core/states';
import type { Assignments } from './assignments';

export interface Waiting {
  readonly priority: number;
  readonly type: string;
  readonly size: number;
}

export interface Census {
  /** Tasks that are ready and that no worker is known to have begun: those that were sent are among them until somebody hears of them. */
  readonly waiting: readonly Waiting[];
  /** Tasks that are known to run, by type. */
  readonly running: ReadonlyMap<string, number>;
}

/** Walks all that was sent. */
export const takeCensus = ({ ready, assignments }: { readonly ready: Pick<ReadyQueue, 'sizes'>; readonly assignments: Assignments }): Census => {
  const sent = new Map<string, number[]>();
  const running = new Map<string, number>();
  for (const session of assignments.sessions())
    for (const { run, task, dispatch, type } of assignments.ofSession(session)) {
      // A copy has no state of its own.
      if (run.dispatch[task] !== dispatch) continue;
      if (run.state[task] === CODE.RUNNING) running.set(type, (running.get(type) ?? 0) + 1);
      if (run.state[task] !== CODE.QUEUED) continue;
      let ofType = sent.get(type);
      if (ofType === undefined) sent.set(type, (ofType = []));
      const { priority } = run.specs[task]!;
      ofType[priority] = (ofType[priority] ?? 0) + 1;
    }
  const waiting = ready.sizes().map(({ type, priority, size }) => {
    const more = sent.get(type)?.[priority] ?? 0;
    delete sent.get(type)?.[priority];
    return { type, priority, size: size + more };
  });
  for (const [type, ofType] of sent) ofType.forEach((size, priority) => waiting.push({ type, priority, size }));
  return { waiting, running };
};
