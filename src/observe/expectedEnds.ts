/** When a DAG is expected to end, as of now: from memory where this process owns it, else from its rows. Nothing of it is stored. */
import { isFinalDag } from '../core/dag';
import { expectedEnd, type Capacity } from '../core/expectedEnd';
import type { DagId } from '../core/ids';
import { runOfRecord } from '../core/restore';
import type { Run } from '../core/run';
import type { Expectation } from '../core/runTimes';
import { inTurns } from '../lifecycle/inTurns';
import type { Clock } from '../ports/clock';
import type { LiveWorker } from '../ports/leases';
import type { RunStore } from '../ports/store';
import type { DagView } from '../ports/views';

export interface ExpectedEndsNeeds {
  /** A DAG that this process has in memory. */
  readonly runOf: (dag: DagId) => Run | undefined;
  readonly store: Pick<RunStore, 'liveDag'>;
  readonly expectationIn: (dagName: string) => Expectation;
  readonly workers: () => readonly LiveWorker[];
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** Milliseconds since 1970; null while it isn't known, and for a DAG that is over or paused. */
export type ExpectedEnds = (dag: Pick<DagView, 'dagId' | 'status' | 'totalTasks'>) => Promise<number | null>;

/** Tasks of a DAG of somebody else's whose rows are read for this. */
const MOST_READ = 5000;
/** An answer is given again for so long for each task, and for each row that had to be read: looking costs a hundredth of the time at most. */
const KEPT_MS_A_TASK = 0.1;
const KEPT_MS_A_ROW = 1;
const KEPT_ANSWERS = 1000;

export const capacityOf = (workers: readonly LiveWorker[]): Capacity => {
  const live = workers.filter(({ draining }) => !draining);
  return {
    slotsOf: (types) => live.reduce((sum, worker) => (worker.types.some((type) => types.has(type)) ? sum + worker.slots : sum), 0),
    perSlot: (type) => Math.max(1, ...live.map(({ perSlot }) => perSlot?.[type] ?? 1)),
  };
};

export const createExpectedEnds = ({ runOf, store, expectationIn, workers, clock }: ExpectedEndsNeeds): ExpectedEnds => {
  const answers = new Map<DagId, { readonly until: number; readonly end: number | null }>();
  const looking = new Map<DagId, Promise<number | null>>();

  const look = (run: Run): Promise<number | null> =>
    inTurns(expectedEnd(run, { now: clock.now(), expected: expectationIn(run.name), capacity: capacityOf(workers()) }));

  const read = async (dag: DagId): Promise<number | null> => {
    const record = await store.liveDag(dag);
    return record === undefined ? null : look(runOfRecord(record, clock.now()));
  };

  const keep = (dag: DagId, end: number | null, ms: number): number | null => {
    if (answers.size >= KEPT_ANSWERS) answers.clear();
    answers.set(dag, { until: clock.monotonic() + ms, end });
    return end;
  };

  const find = async ({ dagId, totalTasks }: Pick<DagView, 'dagId' | 'totalTasks'>): Promise<number | null> => {
    const run = runOf(dagId);
    if (run !== undefined) return keep(dagId, await look(run), run.specs.length * KEPT_MS_A_TASK);
    return totalTasks > MOST_READ ? null : keep(dagId, await read(dagId), totalTasks * KEPT_MS_A_ROW);
  };

  /** Whoever asks meanwhile gets the same answer. */
  const findOnce = (dag: Pick<DagView, 'dagId' | 'totalTasks'>): Promise<number | null> => {
    const begun = looking.get(dag.dagId);
    if (begun !== undefined) return begun;
    const found = find(dag).finally(() => looking.delete(dag.dagId));
    looking.set(dag.dagId, found);
    return found;
  };

  return async ({ dagId, status, totalTasks }) => {
    if (isFinalDag(status) || status === 'PAUSED') return null;
    const kept = answers.get(dagId);
    return kept !== undefined && kept.until > clock.monotonic() ? kept.end : findOnce({ dagId, totalTasks });
  };
};
