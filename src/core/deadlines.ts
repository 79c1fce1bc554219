/** The times at which something happens to a task by itself. All of them are in its row, where a sweep finds them. */
import type { PlannedTask, TaskOptions, TaskReason } from './dag';
import { CODE } from './states';

const SECOND_MS = 1000;

/** What the deadlines of a task depend on, besides the backoff of RETRYING. */
export interface Waiting {
  /** A code of core/states.ts. */
  readonly code: number;
  readonly options: TaskOptions | null;
  /** When it last became ready. */
  readonly since: number;
  /** When it first became ready. */
  readonly unblockedAt: number;
  readonly reason: TaskReason | undefined;
}

/** When a task has waited too long for a worker; infinite where it may wait for ever. */
export const queueDeadline = ({ options, since }: Pick<Waiting, 'options' | 'since'>): number =>
  options?.queueTimeoutSeconds === undefined ? Infinity : since + options.queueTimeoutSeconds * SECOND_MS;

/** When the whole time of a task is over, retries included; infinite where it has no such limit. */
export const totalDeadline = ({ options, unblockedAt }: Pick<Waiting, 'options' | 'unblockedAt'>): number =>
  options?.totalTimeoutSeconds === undefined ? Infinity : unblockedAt + options.totalTimeoutSeconds * SECOND_MS;

/** The next time of a task that isn't RETRYING (its backoff's end is drawn once, with its failure); undefined for none. */
export const nextDeadline = (waiting: Waiting): number | undefined => {
  if (waiting.code === CODE.PENDING) return waiting.reason?.resumeAt;
  if (waiting.options === null) return undefined;
  const total = waiting.code === CODE.QUEUED || waiting.code === CODE.RUNNING ? totalDeadline(waiting) : Infinity;
  const next = waiting.code === CODE.QUEUED ? Math.min(total, queueDeadline(waiting)) : total;
  return next === Infinity ? undefined : next;
};

/** The due time of a task that is ready as its DAG is stored; null for none. */
export const firstDueAt = ({ options }: Pick<PlannedTask, 'options'>, createdAt: number): number | null =>
  nextDeadline({ code: CODE.QUEUED, options, since: createdAt, unblockedAt: createdAt, reason: undefined }) ?? null;
