/** Why isn't this task running yet? Every unmet condition, in words and as data. */
import { isFinalTask } from '../core/dag';
import { taskIdOf, type TaskRef } from '../core/ids';
import type { LiveWorker } from '../ports/leases';
import type { TaskBlockers, TaskView, TaskViews } from '../ports/views';
import { isoTime } from './present';

/** A task's place among the tasks that are ready here. */
export interface QueuePlace {
  /** From 1: the next to be dispatched. */
  readonly position: number;
  readonly of: number;
  readonly priority: number;
}

export interface Condition {
  readonly code:
    'DEPENDENCIES_UNFINISHED' | 'DAG_PAUSED' | 'BACKING_OFF' | 'QUEUED_BEHIND' | 'NO_WORKER_FOR_TYPE' | 'NO_FREE_SLOT' | 'SENT_TO_WORKER';
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
    position(task: TaskRef): QueuePlace | undefined;
    /** The worker that a ready task was sent to and that hasn't started it; undefined where it wasn't sent. */
    sentTo(task: TaskRef): string | undefined;
  };
  readonly workers: () => readonly LiveWorker[];
}

const DEPENDENCIES_SHOWN = 20;
const HOLDERS_SHOWN = 20;

const unfinished = ({ unfinished: shown, unfinishedTotal }: TaskBlockers): Condition[] => {
  if (unfinishedTotal === 0) return [];
  const names = shown
    .slice(0, 3)
    .map(({ name, status }) => `${name} (${status})`)
    .join(', ');
  const more = unfinishedTotal > 3 ? ` and ${unfinishedTotal - 3} more` : '';
  return [
    {
      code: 'DEPENDENCIES_UNFINISHED',
      sentence: `it waits for ${names}${more}`,
      details: {
        total: unfinishedTotal,
        dependencies: shown.map(({ ref, name, status }) => ({ taskId: taskIdOf(ref.dag, ref.task), taskName: name, status })),
      },
    },
  ];
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
      sentence: `all slots of the ${able.length} workers for ${task.type} are taken, by ${holders
        .slice(0, 3)
        .map(({ workerId, held }) => `${workerId} (${held} tasks)`)
        .join(', ')}`,
      details: { workers: able.length, holders },
    },
  ];
};

const behind = (place: QueuePlace | undefined): Condition[] =>
  place === undefined || place.position <= 1
    ? []
    : [
        {
          code: 'QUEUED_BEHIND',
          sentence: `${place.position - 1} of the ${place.of} ready tasks come first, at its priority ${place.priority} or a higher one`,
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

const conditionsOf = (task: TaskView, blockers: TaskBlockers, { queue, workers }: ExplainNeeds): Condition[] => {
  if (isFinalTask(task.status) || task.status === 'RUNNING' || task.status === 'CANCELLING') return [];
  const paused: Condition[] = blockers.dagStatus === 'PAUSED' ? [{ code: 'DAG_PAUSED', sentence: 'its DAG is paused', details: {} }] : [];
  if (task.status === 'QUEUED') {
    const holder = queue.sentTo(task.ref);
    if (holder !== undefined) return [...paused, ...sent(holder, workers())];
    return [...paused, ...behind(queue.position(task.ref)), ...workersFor(task, workers())];
  }
  return [...paused, ...unfinished(blockers), ...backingOff(task)];
};

const summaryOf = (task: TaskView, conditions: readonly Condition[]): string => {
  if (task.status === 'RUNNING' || task.status === 'CANCELLING') return `it is running on ${task.workerId ?? 'a worker'}, in attempt ${task.attempt}`;
  if (task.status === 'SKIPPED') return 'it never runs: a task that it depends on failed, was skipped or was cancelled';
  if (isFinalTask(task.status)) return `it ended as ${task.status}${task.error === null ? '' : `: ${task.error.message}`}`;
  if (conditions.length > 0) return conditions.map(({ sentence }) => sentence).join('; ');
  return 'nothing stands in its way: it starts at any moment';
};

/** Explains one task; undefined where there is none. */
export const createExplain =
  (needs: ExplainNeeds) =>
  async (ref: TaskRef): Promise<Explanation | undefined> => {
    const [task, blockers] = await Promise.all([needs.views.task(ref), needs.views.blockers(ref, DEPENDENCIES_SHOWN)]);
    if (task === undefined || blockers === undefined) return undefined;
    const conditions = conditionsOf(task, blockers, needs);
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
