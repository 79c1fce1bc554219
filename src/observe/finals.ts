/** Waits for DAGs to end without asking the store over and over: the engine's announcements wake the waiters. */
import type { DagId } from '../core/ids';
import { isFinalDag } from '../core/dag';
import type { Clock } from '../ports/clock';
import type { Listen } from '../ports/happenings';
import type { DagView, DagViews } from '../ports/views';

export interface Finals {
  /** Resolves when the DAG was announced as finished, the time is over, or `signal` is aborted. */
  wait(dag: DagId, ms: number, signal: AbortSignal): Promise<void>;
}

export interface FinalsNeeds {
  readonly listen: Listen;
  readonly clock: Pick<Clock, 'after'>;
}

/** Makes the waiting room, fed by 'dag.finished'. */
export const createFinals = ({ listen, clock }: FinalsNeeds): Finals => {
  const waiting = new Map<string, Set<() => void>>();
  listen('dag.finished', ({ dag }) => {
    for (const wake of waiting.get(dag) ?? []) wake();
  });
  return {
    wait: (dag, ms, signal) =>
      new Promise((resolve) => {
        const waiters = waiting.get(dag) ?? new Set();
        const wake = (): void => {
          cancel();
          signal.removeEventListener('abort', wake);
          waiters.delete(wake);
          if (waiters.size === 0) waiting.delete(dag);
          resolve();
        };
        const cancel = clock.after(ms, wake);
        waiters.add(wake);
        waiting.set(dag, waiters);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      }),
  };
};

/** Another scheduler may own the DAG and announce its end only to itself: how often the store is asked all the same. */
const RECHECK_MS = 1000;

export interface AwaitedDagNeeds {
  readonly views: Pick<DagViews, 'dag'>;
  readonly finals: Finals;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Reads a DAG as soon as it is final, or as it is when `waitMs` are over or `signal` is aborted; undefined where there is
 * none. Each round listens before it looks, so that an end in between isn't missed.
 */
export const createAwaitedDag = ({
  views,
  finals,
  clock,
}: AwaitedDagNeeds): ((dag: DagId, waitMs: number, signal: AbortSignal) => Promise<DagView | undefined>) => {
  const round = async (dag: DagId, left: number, signal: AbortSignal): Promise<DagView | 'not yet' | undefined> => {
    const look = new AbortController();
    const announced = finals.wait(dag, Math.min(left, RECHECK_MS), AbortSignal.any([signal, look.signal]));
    try {
      const view = await views.dag(dag);
      if (view === undefined || isFinalDag(view.status)) return view;
      await announced;
      return 'not yet';
    } finally {
      // A reason of our own: the default one is an exception with a stack, made for each request.
      look.abort('looked');
    }
  };
  return async (dag, waitMs, signal) => {
    const end = clock.monotonic() + waitMs;
    for (let left = waitMs; left > 0 && !signal.aborted; left = end - clock.monotonic()) {
      const view = await round(dag, left, signal);
      if (view !== 'not yet') return view;
    }
    return views.dag(dag);
  };
};
