/** Why isn't this task running yet? Every unmet condition, in words and as data. */
import { isFinalTask, type DagReason, type ReasonCode, type TaskReason, type TriggerRule } from '../core/dag';
import { createGateBook, type Gate } from '../core/gates';
import { taskIdOf, type TaskRef } from '../core/ids';
import { createLimitBook, type Limit } from '../core/limits';
import type { Place } from '../core/places';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { LiveWorker } from '../ports/leases';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { TaskBlockers, TaskView, TaskViews } from '../ports/views';
import { gateCondition, type GateCondition } from './gates';
import { limitConditions, type LimitCondition } from './limits';
import { isoTime } from './present';

export interface Condition {
  readonly code:
    | GateCondition['code']
    | LimitCondition['code']
    | 'DEPENDENCIES_UNFINISHED'
    | 'DAG_PAUSED'
    | 'HELD'
    | 'AWAITING_APPROVAL'
    | 'APPROVAL_REQUIRED'
    | 'CANCELLING'
    | 'BACKING_OFF'
    | 'QUEUED_BEHIND'
    | 'NO_WORKER_FOR_TYPE'
    | 'NO_FREE_SLOT'
    | 'SENT_TO_WORKER';
  readonly sentence: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Explanation {
  readonly taskId: string;
  readonly dagId: string;
  readonly taskName: string;
  readonly status: string;
  /** The answer in one sentence. */
  readonly summary: string;
  readonly conditions: readonly Condition[];
  /** Who executes it, while it runs. */
  readonly holder: { readonly workerId: string; readonly attempt: number; readonly since: string | null } | null;
}

export interface ExplainNeeds {
  readonly views: Pick<TaskViews, 'task' | 'blockers'>;
  /** The place in this scheduler's queue; undefined where the task isn't in it. */
  readonly queue: {
    position(task: TaskRef): Place | undefined;
    /** The worker that a ready task was sent to and that hasn't started it; undefined where it wasn't sent. */
    sentTo(task: TaskRef): string | undefined;
  };
  readonly workers: () => readonly LiveWorker[];
  readonly gates: Pick<GateStore, 'gates'>;
  readonly limits: Pick<LimitStore, 'limits'>;
  readonly permits: Pick<Permits, 'taken' | 'waits'>;
  readonly clock: Pick<Clock, 'now'>;
}

const DEPENDENCIES_SHOWN = 20;
const HOLDERS_SHOWN = 20;

/** Who did it and what they said of it, where that is known. */
const toldBy = ({ by, message }: Pick<TaskReason, 'by' | 'message'>): string =>
  `${by === undefined ? '' : ` by ${by}`}${message === undefined ? '' : ` (${message})`}`;

const reasonDetails = (reason: DagReason | TaskReason): Condition['details'] => ({
  at: isoTime(reason.at),
  by: reason.by ?? null,
  message: reason.message ?? null,
});

const paused = ({ dagStatus, pause }: TaskBlockers): Condition[] =>
  dagStatus !== 'PAUSED'
    ? []
    : [
        {
          code: 'DAG_PAUSED',
          sentence: `its DAG was paused${pause === null ? '' : toldBy(pause)}, until it is resumed`,
          details: pause === null ? {} : reasonDetails(pause),
        },
      ];

const heldByHand = (hold: TaskReason): Condition => ({
  code: 'HELD',
  sentence: `it is held${toldBy(hold)}, ${hold.resumeAt === undefined ? 'until it is released' : `until ${isoTime(hold.resumeAt)!} or its release`}`,
  details: { ...reasonDetails(hold), resumeAt: isoTime(hold.resumeAt ?? null) },
});

/** It is nobody's any more once its worker has let it go. */
const cancelling = ({ reason, workerId }: TaskView): Condition => ({
  code: 'CANCELLING',
  sentence: `it was taken away${reason === null ? '' : toldBy(reason)} and ends once ${workerId ?? 'the worker that may have it'} has let it go`,
  details: { workerId, ...(reason === null ? {} : { reason: reason.code, ...reasonDetails(reason) }) },
});

/** What each rule waits for, before the names of what isn't over. */
const AWAITED: Readonly<Record<TriggerRule, string>> = {
  all_success: 'it waits for',
  all_done: 'it waits for the ends, good or bad, of',
  none_failed: 'it waits for the ends, without a failure, of',
  one_success: 'it waits for the first success among',
  always: 'it waits for',
};

const unfinished = ({ unfinished: shown, unfinishedTotal, triggerRule }: TaskBlockers): Condition[] => {
  if (unfinishedTotal === 0) return [];
  const names = shown
    .slice(0, 3)
    .map(({ name, status }) => `${name} (${status.toLowerCase()})`)
    .join(', ');
  const more = unfinishedTotal > 3 ? ` and ${unfinishedTotal - 3} more` : '';
  return [
    {
      code: 'DEPENDENCIES_UNFINISHED',
      sentence: `${AWAITED[triggerRule]} ${names}${more}`,
      details: {
        triggerRule,
        total: unfinishedTotal,
        dependencies: shown.map(({ ref, name, status }) => ({ taskId: taskIdOf(ref.dag, ref.task), taskName: name, status })),
      },
    },
  ];
};

const awaitingApproval = ({ ref }: TaskView, { at }: TaskReason): Condition => ({
  code: 'AWAITING_APPROVAL',
  sentence: `it waits for approval since ${isoTime(at)!} (dts approve ${taskIdOf(ref.dag, ref.task)} frees it)`,
  details: { since: isoTime(at) },
});

const APPROVAL_REQUIRED: Condition = { code: 'APPROVAL_REQUIRED', sentence: 'then it needs an approval', details: {} };

/** What it waits for before it is ready: a person, what comes before it, or both. */
const blocked = (task: TaskView, blockers: TaskBlockers): Condition[] => {
  const { hold } = blockers;
  if (hold === null) return unfinished(blockers);
  if (hold.approval === 'AWAITED') return [awaitingApproval(task, hold)];
  return hold.approval === 'REQUIRED' ? [...unfinished(blockers), APPROVAL_REQUIRED] : [heldByHand(hold), ...unfinished(blockers)];
};

const backingOff = (task: TaskView): Condition[] =>
  task.status !== 'RETRYING'
    ? []
    : [
        {
          code: 'BACKING_OFF',
          sentence: `attempt ${task.attempt} failed; the next one begins at ${isoTime(task.retryAt) ?? 'a time that is being drawn'}`,
          details: { retryAt: isoTime(task.retryAt), attempt: task.attempt, maxRetries: task.maxRetries, error: task.error },
        },
      ];

const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const workersFor = (task: TaskView, workers: readonly LiveWorker[]): Condition[] => {
  const able = workers.filter((worker) => worker.types.includes(task.type) && !worker.draining);
  if (able.length === 0) {
    const sentence = workers.length === 0 ? 'no worker is alive' : `none of the ${workers.length} live workers takes tasks of type ${task.type}`;
    return [{ code: 'NO_WORKER_FOR_TYPE', sentence, details: { type: task.type, liveWorkers: workers.length } }];
  }
  if (able.some((worker) => worker.freeSlots > 0)) return [];
  const holders = able.slice(0, HOLDERS_SHOWN).map(({ workerId, slots, held }) => ({ workerId, slots, held }));
  return [
    {
      code: 'NO_FREE_SLOT',
      sentence: `all slots of ${counted(able.length, 'worker')} for ${task.type} are taken, by ${holders
        .slice(0, 3)
        .map(({ workerId, held }) => `${workerId} (${counted(held, 'task')})`)
        .join(', ')}`,
      details: { workers: able.length, holders },
    },
  ];
};

const behind = (place: Place | undefined): Condition[] =>
  place === undefined || place.position <= 1
    ? []
    : [
        {
          code: 'QUEUED_BEHIND',
          sentence:
            `${place.position - 1} of the ${place.of} ready tasks come first, at its priority ${place.priority} or a higher one` +
            (place.flows > 1
              ? `; it is number ${place.aheadInFlow + 1} of ${place.flow}, which takes turns with ${counted(place.flows - 1, 'other')}`
              : ''),
          details: { ...place, ahead: place.position - 1 },
        },
      ];

/** It has left the queue: what it waits for is a slot of one worker. */
const sent = (workerId: string, workers: readonly LiveWorker[]): Condition[] => {
  const holder = workers.find((worker) => worker.workerId === workerId);
  const load = holder === undefined ? '' : `, which holds ${holder.held} tasks in ${holder.slots} slots`;
  return [
    {
      code: 'SENT_TO_WORKER',
      sentence: `it was sent to ${workerId}${load}, and starts there as soon as a slot is free`,
      details: { workerId, ...(holder === undefined ? {} : { slots: holder.slots, held: holder.held }) },
    },
  ];
};

const gated = ({ type, options }: TaskView, gates: readonly Gate[], now: number): Condition[] =>
  createGateBook(gates)
    .before({ type, pool: options?.pool }, now)
    .map((gate) => gateCondition(gate, now));

interface Known {
  readonly blockers: TaskBlockers;
  readonly gates: readonly Gate[];
  readonly limits: readonly Limit[];
}

const limited = ({ ref, type, options }: TaskView, { blockers, limits }: Known, { permits, clock }: ExplainNeeds): Promise<LimitCondition[]> =>
  limitConditions(
    { type, pool: options?.pool, rateLimit: options?.rateLimit, dag: ref.dag, maxRunning: blockers.maxRunning },
    createLimitBook(limits),
    permits,
    clock.now(),
  );

const conditionsOf = async (task: TaskView, known: Known, needs: ExplainNeeds): Promise<Condition[]> => {
  const { blockers, gates } = known;
  const { queue, workers, clock } = needs;
  if (isFinalTask(task.status) || task.status === 'RUNNING') return [];
  if (task.status === 'CANCELLING') return [cancelling(task)];
  if (task.status === 'QUEUED') {
    const holder = queue.sentTo(task.ref);
    if (holder !== undefined) return [...paused(blockers), ...sent(holder, workers())];
    return [
      ...paused(blockers),
      ...gated(task, gates, clock.now()),
      ...(await limited(task, known, needs)),
      ...behind(queue.position(task.ref)),
      ...workersFor(task, workers()),
    ];
  }
  return [...paused(blockers), ...blocked(task, blockers), ...backingOff(task), ...gated(task, gates, clock.now())];
};

/** How it ended, where somebody or a time did it. */
const ENDED_BY: Readonly<Partial<Record<ReasonCode, string>>> = {
  SKIPPED_BY_HAND: 'it was skipped by hand',
  CANCELLED: 'it was cancelled',
  REMOVED: 'it was taken out of its DAG',
  DRAINED: 'its DAG was drained before it began',
  DAG_TIMEOUT: 'the time of its DAG was over',
  QUEUE_TIMEOUT: 'no worker began it within its queue time',
  TIMED_OUT: 'its own time was over',
  MARKED_COMPLETED: 'it was marked as completed',
  MARKED_FAILED: 'it was marked as failed',
};

const endOf = ({ status, reason, attempt, error }: TaskView): string => {
  const plain = status === 'FAILED' ? `it gave up after ${counted(attempt, 'attempt')}` : `it is ${status.toLowerCase()}`;
  const how = reason === null ? plain : (ENDED_BY[reason.code] ?? plain);
  return `${how}${reason === null ? '' : toldBy(reason)}${error === null ? '' : `: ${error.message}`}`;
};

const summaryOf = (task: TaskView, conditions: readonly Condition[]): string => {
  if (task.status === 'RUNNING') return `it is running on ${task.workerId ?? 'a worker'}, in attempt ${task.attempt}`;
  if (task.status === 'SKIPPED' && task.reason?.code !== 'SKIPPED_BY_HAND')
    return 'it never runs: what came before it ended in a way that its trigger rule has no use for';
  if (isFinalTask(task.status)) return endOf(task);
  if (conditions.length > 0) return conditions.map(({ sentence }) => sentence).join('; ');
  return 'nothing stands in its way: it starts at any moment';
};

/** Explains one task; undefined where there is none. */
export const createExplain =
  (needs: ExplainNeeds) =>
  async (ref: TaskRef): Promise<Explanation | undefined> => {
    const { views } = needs;
    const [task, blockers, gates, limits] = await Promise.all([
      views.task(ref),
      views.blockers(ref, DEPENDENCIES_SHOWN),
      needs.gates.gates(),
      needs.limits.limits(),
    ]);
    if (task === undefined || blockers === undefined) return undefined;
    const conditions = await conditionsOf(task, { blockers, gates, limits }, needs);
    const running = task.status === 'RUNNING' || task.status === 'CANCELLING';
    return {
      taskId: taskIdOf(ref.dag, ref.task),
      dagId: ref.dag,
      taskName: task.taskName,
      status: task.status,
      summary: summaryOf(task, conditions),
      conditions,
      holder: running && task.workerId !== null ? { workerId: task.workerId, attempt: task.attempt, since: isoTime(task.startedAt) } : null,
    };
  };
