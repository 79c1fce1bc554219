/** Commands on DAGs and tasks, their history, and the dead letters, as typed calls. */
import { randomUUID } from 'node:crypto';
import type { ApiRequest } from './requests';
import type {
  BulkDiscard,
  BulkReplay,
  CommandView,
  DagCommanded,
  DeadLetter,
  DeadLetterDetail,
  Gate,
  GateChanged,
  HistoryEvent,
  Limit,
  LimitChanged,
  Pool,
  LetterCommanded,
  Page,
  TaskCommanded,
} from './responses';
import type { TaskSubmission } from './submission';

export interface WhoOptions {
  /** Who asks, and why: for the history. */
  readonly by?: string;
  readonly reason?: string;
  /** Makes a repeated command answer the first result. Without one each call makes its own, for its own repetitions. */
  readonly idempotencyKey?: string;
}

export interface RetryOptions extends WhoOptions {
  /** Whether what was skipped because of the failure runs as well; true by default. */
  readonly downstream?: boolean;
  /** In the place of the stored payload; null for none. */
  readonly payload?: unknown;
}

/** Tasks are meant by their names; only those that haven't begun can be replaced or removed. */
export interface DagEdit {
  readonly add?: readonly TaskSubmission[];
  readonly replace?: readonly TaskSubmission[];
  readonly remove?: readonly string[];
}

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** Which open letters a bulk request means. Times are ISO 8601. */
export interface DeadLetterFilter {
  readonly kind?: readonly DeadLetter['kind'][];
  readonly type?: string;
  readonly dagId?: string;
  /** A name, or its beginning with `*` behind it. */
  readonly dagName?: string;
  readonly taskName?: string;
  readonly failedAfter?: string;
  readonly failedBefore?: string;
}
export interface DeadLetterFilters extends DeadLetterFilter, PageOptions {
  readonly state?: DeadLetter['state'];
}

/** Everything, one task type, or one pool. */
export type GateTarget = { readonly scope: 'all' } | { readonly scope: 'type' | 'pool'; readonly name: string };

/** What is limited: a pool, a task type, or a rate that tasks name. */
export interface LimitTarget {
  readonly scope: 'pool' | 'type' | 'rate';
  readonly name: string;
}
/** Slots of a pool or a type, or starts in a second of a rate. */
export type LimitBounds = { readonly maxRunning: number } | { readonly perSecond: number; readonly burst?: number };

/** A command that makes no sense in the present state rejects with an ApiError of status 409 that says why. */
export interface ControlCalls {
  /** What is queued never starts, what runs gets its signal. */
  cancel(dagId: string, options?: WhoOptions): Promise<DagCommanded>;
  /** What runs goes on, nothing else starts. */
  pause(dagId: string, options?: WhoOptions): Promise<DagCommanded>;
  resume(dagId: string, options?: WhoOptions): Promise<DagCommanded>;
  /** What runs goes on to its end, the rest is cancelled. */
  drain(dagId: string, options?: WhoOptions): Promise<DagCommanded>;
  /** Runs failed or cancelled tasks again: those that are named (or meant by their ids), or all of them. */
  retry(dagId: string, options?: RetryOptions & { readonly tasks?: readonly string[] }): Promise<DagCommanded>;
  /** Runs a DAG that is over again, from a task on or as a whole. */
  rerun(dagId: string, options?: WhoOptions & { readonly from?: string }): Promise<DagCommanded>;
  edit(dagId: string, edit: DagEdit, options?: WhoOptions): Promise<DagCommanded>;
  /** Deletes a DAG that is over, with all that belongs to it. */
  deleteDag(dagId: string): Promise<void>;
  cancelTask(taskId: string, options?: WhoOptions): Promise<TaskCommanded>;
  retryTask(taskId: string, options?: RetryOptions): Promise<TaskCommanded>;
  rerunTask(taskId: string, options?: WhoOptions): Promise<TaskCommanded>;
  skipTask(taskId: string, options?: WhoOptions): Promise<TaskCommanded>;
  /** Until it is released, or until `resumeAt` (ISO 8601). */
  holdTask(taskId: string, options?: WhoOptions & { readonly resumeAt?: string }): Promise<TaskCommanded>;
  releaseTask(taskId: string, options?: WhoOptions): Promise<TaskCommanded>;
  /** Lets a task start that waits for approval. To refuse it, mark the task as FAILED. */
  approveTask(taskId: string, options?: WhoOptions): Promise<TaskCommanded>;
  markTask(taskId: string, as: 'COMPLETED' | 'FAILED', options?: WhoOptions & { readonly result?: unknown }): Promise<TaskCommanded>;
  /** Oldest first. */
  events(dagId: string, page?: PageOptions): Promise<Page<HistoryEvent>>;
  commands(dagId: string, page?: PageOptions): Promise<Page<CommandView>>;
  command(commandId: string): Promise<CommandView>;
  /** Newest first. */
  deadLetters(filters?: DeadLetterFilters): Promise<Page<DeadLetter>>;
  deadLetter(letterId: string): Promise<DeadLetterDetail>;
  replayDeadLetter(letterId: string, options?: WhoOptions & { readonly payload?: unknown }): Promise<LetterCommanded>;
  discardDeadLetter(letterId: string, options?: WhoOptions): Promise<{ readonly letter: DeadLetter }>;
  /** Runs the tasks of all open letters that fit again, so many a second (50 by default). */
  replayDeadLetters(
    filter: DeadLetterFilter,
    options?: WhoOptions & { readonly ratePerSecond?: number; readonly payload?: unknown },
  ): Promise<BulkReplay>;
  discardDeadLetters(filter: DeadLetterFilter, options?: WhoOptions): Promise<BulkDiscard>;
  /** What is paused or in quarantine. */
  gates(): Promise<Gate[]>;
  /** What runs goes on, nothing else of it starts, until it is resumed or until a time (ISO 8601). */
  pauseGate(target: GateTarget, options?: Pick<WhoOptions, 'by' | 'reason'> & { readonly until?: string }): Promise<GateChanged>;
  /** Ends a pause, or with the state QUARANTINED a quarantine. */
  resumeGate(target: GateTarget, options?: Pick<WhoOptions, 'by'> & { readonly state?: Gate['state'] }): Promise<GateChanged>;
  /** What runs and waits in each pool, its limit, and whether it is paused. */
  pools(): Promise<Pool[]>;
  /** The limits of the cluster, with how many tasks run under each. */
  limits(): Promise<Limit[]>;
  limit(target: LimitTarget): Promise<Limit>;
  /** What runs goes on, also where more run than may from now on. */
  setLimit(target: LimitTarget, bounds: LimitBounds, options?: Pick<WhoOptions, 'by' | 'reason'>): Promise<LimitChanged>;
  removeLimit(target: LimitTarget): Promise<void>;
}

type Call = <T>(request: ApiRequest) => Promise<T>;

const part = encodeURIComponent;
const limitPath = ({ scope, name }: LimitTarget): string => `api/v1/limits/${part(scope)}/${part(name)}`;

type Sent = Pick<WhoOptions, 'idempotencyKey'> & Readonly<Record<string, unknown>>;

/** Sends a command; a POST unless it says otherwise. */
const sending = (call: Call) => {
  return <T>(path: string, { idempotencyKey = randomUUID(), ...body }: Sent = {}, method: 'POST' | 'PATCH' = 'POST'): Promise<T> =>
    call({ method, path: `api/v1/${path}`, headers: { 'idempotency-key': idempotencyKey }, body });
};

/** A list of words travels as one text with commas. */
const lettersQuery = ({ kind, ...rest }: DeadLetterFilters): ApiRequest['query'] => ({ ...rest, kind: kind?.join(',') });

/** The calls, over whatever sends requests. */
export const controlCalls = (call: Call): ControlCalls => {
  const send = sending(call);
  const onDag =
    (verb: string) =>
    (dagId: string, options?: WhoOptions): Promise<DagCommanded> =>
      send(`dags/${part(dagId)}/${verb}`, { ...options });
  const onTask =
    (verb: string) =>
    (taskId: string, options?: WhoOptions): Promise<TaskCommanded> =>
      send(`tasks/${part(taskId)}/${verb}`, { ...options });
  return {
    cancel: onDag('cancel'),
    pause: onDag('pause'),
    resume: onDag('resume'),
    drain: onDag('drain'),
    retry: onDag('retry'),
    rerun: onDag('rerun'),
    edit: (dagId, edit, options) => send(`dags/${part(dagId)}/tasks`, { ...options, ...edit }, 'PATCH'),
    deleteDag: (dagId) => call({ method: 'DELETE', path: `api/v1/dags/${part(dagId)}` }),
    cancelTask: onTask('cancel'),
    retryTask: onTask('retry'),
    rerunTask: onTask('rerun'),
    skipTask: onTask('skip'),
    holdTask: onTask('hold'),
    releaseTask: onTask('release'),
    approveTask: onTask('approve'),
    markTask: (taskId, as, options) => send(`tasks/${part(taskId)}/mark`, { ...options, as }),
    events: (dagId, page = {}) => call({ path: `api/v1/dags/${part(dagId)}/events`, query: { ...page } }),
    commands: (dagId, page = {}) => call({ path: `api/v1/dags/${part(dagId)}/commands`, query: { ...page } }),
    command: (commandId) => call({ path: `api/v1/commands/${part(commandId)}` }),
    deadLetters: (filters = {}) => call({ path: 'api/v1/dead-letters', query: lettersQuery(filters) }),
    deadLetter: (letterId) => call({ path: `api/v1/dead-letters/${part(letterId)}` }),
    replayDeadLetter: (letterId, options) => send(`dead-letters/${part(letterId)}/replay`, { ...options }),
    discardDeadLetter: (letterId, options) => send(`dead-letters/${part(letterId)}/discard`, { ...options }),
    replayDeadLetters: (filter, options) => send('dead-letters/replay', { ...options, filter }),
    discardDeadLetters: (filter, options) => send('dead-letters/discard', { ...options, filter }),
    pools: () => call({ path: 'api/v1/pools' }),
    limits: () => call({ path: 'api/v1/limits' }),
    limit: (target) => call({ path: limitPath(target) }),
    setLimit: (target, bounds, options) => call({ method: 'PUT', path: limitPath(target), body: { ...options, ...bounds } }),
    removeLimit: (target) => call({ method: 'DELETE', path: limitPath(target) }),
    gates: () => call({ path: 'api/v1/gates' }),
    pauseGate: (target, options) => send('gates/pause', { ...options, ...target }),
    resumeGate: (target, options) => send('gates/resume', { ...options, ...target }),
  };
};
