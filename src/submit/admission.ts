/** Stores planned DAGs: what comes at the same time is stored in one transaction. */
import { failure, isFailure, overloaded } from '../core/failure';
import { createBatcher, type Batcher } from '../lifecycle/batcher';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Admission, RunStore, Submission } from '../ports/store';

export interface AdmissionNeeds {
  readonly store: Pick<RunStore, 'admit'>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly announce: Announce;
  /** How many small or large submissions may wait for a transaction before further ones are refused as OVERLOADED. */
  readonly pendingSubmissions: number;
  /** How long a submission may have to wait for its transaction, by the pace of the last ones, before it is refused as OVERLOADED. */
  readonly submissionWaitMs: number;
}

const DAGS_AT_ONCE = 256;
const TASKS_AT_ONCE = 5_000;
/** What has more tasks holds a transaction for longer than a small DAG should wait. */
const SMALL_TASKS = 500;

/** Each submission's own end: one that can't be stored doesn't spoil the others. */
type End = { readonly admission: Admission } | { readonly error: unknown };

const admitEach = async (batch: readonly Submission[], { store, clock, announce }: AdmissionNeeds): Promise<End[]> => {
  const begun = clock.monotonic();
  try {
    const admissions = await store.admit(batch);
    const stored = batch.filter((_, i) => admissions[i]?.kind === 'stored');
    const tasks = stored.reduce((sum, { dag }) => sum + dag.tasks.length, 0);
    announce('dag.admitted', { count: stored.length, tasks, tookMs: clock.monotonic() - begun });
    return admissions.map((admission) => ({ admission }));
  } catch (error) {
    return batch.map(() => ({ error }));
  }
};

const admitBatch = async (batch: readonly Submission[], needs: AdmissionNeeds): Promise<End[]> => {
  const ends = await admitEach(batch, needs);
  const spoilt = batch.length > 1 && ends.some((end) => 'error' in end && isFailure(end.error, 'UNSTORABLE'));
  if (!spoilt) return ends;
  const alone: End[] = [];
  for (const submission of batch) alone.push(...(await admitEach([submission], needs)));
  return alone;
};

/** The weight of the newest transaction in the mean of how long one submission takes. */
const NEWEST = 0.3;

interface Lane extends Pick<Batcher<Submission, End>, 'push'> {
  /** Milliseconds that what waits will take. */
  waitMs(): number;
}

/** One transaction at a time: what comes meanwhile shares the next one. */
const createLane = (needs: AdmissionNeeds): Lane => {
  let eachMs = 0;
  const timed = async (batch: readonly Submission[]): Promise<End[]> => {
    const begun = needs.clock.monotonic();
    const ends = await admitBatch(batch, needs);
    eachMs += NEWEST * ((needs.clock.monotonic() - begun) / batch.length - eachMs);
    return ends;
  };
  const batcher = createBatcher<Submission, End>({
    maxItems: DAGS_AT_ONCE,
    maxPending: needs.pendingSubmissions,
    weigh: ({ dag }) => dag.tasks.length,
    maxWeight: TASKS_AT_ONCE,
    overloaded: () => failure('OVERLOADED', `${needs.pendingSubmissions} submissions are waiting already`),
    // Requests that are read in one turn of the event loop share a transaction: a turn costs far less than a transaction.
    gathered: (then) => needs.clock.after(0, then),
    flush: timed,
  });
  return { push: batcher.push, waitMs: () => batcher.pending() * eachMs };
};

/**
 * Gives a function that stores one submission durably, together with others that come meanwhile; small DAGs never wait behind large
 * ones. Rejects as `RunStore.admit` does, and with OVERLOADED.
 */
export const createAdmission = (needs: AdmissionNeeds): ((submission: Submission) => Promise<Admission>) => {
  const [small, large] = [createLane(needs), createLane(needs)];
  return async (submission) => {
    const lane = submission.dag.tasks.length > SMALL_TASKS ? large : small;
    const waitMs = lane.waitMs();
    if (waitMs > needs.submissionWaitMs) {
      needs.announce('submission.refused', { reason: 'storage' });
      throw overloaded(`the submissions that wait already will take ${Math.round(waitMs / 1000)} s to store`, waitMs);
    }
    const end = await lane.push(submission);
    if ('error' in end) throw end.error;
    return end.admission;
  };
};
