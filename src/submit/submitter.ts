/** From a request's body to a stored DAG: parse, check its shape, plan, store, and tell the engine. */
import { createHash } from 'node:crypto';
import type { PlannedDag } from '../core/dag';
import { failure } from '../core/failure';
import { mintDagId, type DagId } from '../core/ids';
import { isRefusal, refusal } from '../core/refusal';
import type { Origin } from '../core/schedule';
import type { DagIdentity } from '../plan/plan';
import type { Clock } from '../ports/clock';
import type { Tracing } from '../ports/tracing';
import type { DagView, DagViews } from '../ports/views';
import { createAdmission, type AdmissionNeeds } from './admission';
import type { Backlog } from './backlog';
import type { LargeReader } from './large';
import { createPlacing } from './placing';
import { planSettings, type PlanningNeeds } from './planning';
import { createReader, refusalOf } from './reader';
import { beginSubmission, type Arrival } from './spans';

export interface SubmitterNeeds extends Omit<AdmissionNeeds, 'clock'>, PlanningNeeds {
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'after' | 'random'>;
  readonly views: Pick<DagViews, 'dag' | 'submittedUnder'>;
  /** Where new DAGs may be placed: the shards that this process owns, or all where it owns none. */
  readonly shards: () => readonly number[];
  /** Reads bodies above 256 KB; without it they are read here, and hold the loop meanwhile. */
  readonly large?: Pick<LargeReader, 'read'>;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly backlog: Pick<Backlog, 'check' | 'add'>;
  /** Told of each stored DAG, before its client is. */
  readonly admitted: (dag: PlannedDag, id: number) => void;
}

export interface Accepted {
  readonly dag: DagView;
  /** Whether an earlier request with the same key had stored it already. */
  readonly replayed: boolean;
}

/** Where a submission comes from. */
export interface From {
  /** The request that brought it. */
  readonly arrival?: Arrival;
  /** The schedule that submits it. */
  readonly origin?: Origin;
}

/** Takes bodies; rejects with refusals (BACKLOG_FULL among them), with OVERLOADED and with the store's failures. `key` is the client's Idempotency-Key. */
export interface Submitter {
  /** Reads a body and stores nothing. */
  check(body: Uint8Array): Promise<PlannedDag>;
  /** `from`: who submits it, and how. */
  submit(body: Uint8Array, key: string | null, from?: From): Promise<Accepted>;
}

/** Read here it costs about 10 ms; in the thread a smaller body would cost more than it saves. */
const LARGE_BYTES = 262_144;

const newView = (dag: PlannedDag, id: number): DagView => ({
  id,
  dagId: dag.dagId,
  dagName: dag.name,
  description: dag.description,
  status: 'CREATED',
  tags: dag.tags,
  totalTasks: dag.tasks.length,
  completedTasks: 0,
  failedTasks: 0,
  skippedTasks: 0,
  cancelledTasks: 0,
  createdAt: dag.createdAt,
  startedAt: null,
  completedAt: null,
  reason: null,
  dueAt: dag.dueAt,
  lateAt: dag.lateAt ?? null,
  maxRunning: dag.maxRunning ?? null,
  tenant: dag.tenant ?? null,
  order: dag.order ?? 'fifo',
  scheduleId: dag.origin?.scheduleId ?? null,
  scheduledFor: dag.origin?.scheduledFor ?? null,
  version: 0,
});

/** The DAG as the first answer showed it, however far it has come since. */
const asFirstAnswered = (view: DagView): DagView => ({
  ...view,
  status: 'CREATED',
  completedTasks: 0,
  failedTasks: 0,
  skippedTasks: 0,
  cancelledTasks: 0,
  startedAt: null,
  completedAt: null,
  reason: null,
  version: 0,
});

/** Reads a body wherever that is best; rejects with refusals. */
const createReading = (needs: SubmitterNeeds): ((body: Uint8Array) => Promise<PlannedDag>) => {
  const readHere = createReader(planSettings(needs));
  const place = createPlacing();

  const identify = (): DagIdentity => {
    const shards = needs.shards();
    if (shards.length === 0) throw failure('OVERLOADED', 'no shard is ready to take new DAGs yet');
    const createdAt = needs.clock.now();
    const shard = place(shards, createdAt);
    return { dagId: mintDagId(shard, createdAt, needs.clock.random), shard, createdAt };
  };

  return async (body) => {
    const elsewhere = body.length > LARGE_BYTES ? needs.large : undefined;
    const reading = elsewhere === undefined ? readHere(body, identify) : await elsewhere.read(body, identify());
    if (reading.kind === 'refused') throw refusalOf(reading);
    return reading.dag;
  };
};

const hashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** Makes a submitter. */
export const createSubmitter = (needs: SubmitterNeeds): Submitter => {
  const read = createReading(needs);
  const admit = createAdmission(needs);

  const replayOf = async (dag: DagId, sameBody: boolean): Promise<Accepted> => {
    if (!sameBody) throw refusal('KEY_REUSED', 'this Idempotency-Key came with another body before');
    const first = await needs.views.dag(dag);
    if (first === undefined) throw refusal('DAG_NOT_FOUND', `the DAG ${dag} of this Idempotency-Key is gone`);
    return { dag: asFirstAnswered(first), replayed: true };
  };
  const submit: Submitter['submit'] = async (body, key, from) => {
    // Before it is read, too: what is turned away should cost next to nothing.
    needs.backlog.check(1);
    const spans = needs.tracing && beginSubmission({ tracing: needs.tracing, clock: needs.clock }, from?.arrival);
    const planned = await read(body);
    const traced = spans === undefined ? planned : spans.join(planned);
    const dag = from?.origin === undefined ? traced : { ...traced, origin: from.origin };
    needs.backlog.check(dag.tasks.length);
    needs.backlog.add(dag.tasks.length);
    const admission = await admit({ dag, idempotency: key === null ? null : { key, bodyHash: hashOf(body) } });
    if (admission.kind === 'stored') {
      needs.admitted(dag, admission.id);
      spans?.stored(dag);
      return { dag: newView(dag, admission.id), replayed: false };
    }
    return replayOf(admission.dag, admission.sameBody);
  };
  return {
    check: read,
    submit: async (body, key, from) => {
      try {
        return await submit(body, key, from);
      } catch (error) {
        if (key === null || !isRefusal(error, 'BACKLOG_FULL')) throw error;
        // Who comes again because the answer was lost must not hear that nothing was stored.
        const earlier = await needs.views.submittedUnder(key);
        if (earlier === undefined) throw error;
        return replayOf(earlier.dag, earlier.bodyHash === hashOf(body));
      }
    },
  };
};
