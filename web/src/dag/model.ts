/** What the page of a DAG needs of the API's answers, beyond what the client library promises to everybody. */
import type { Attempt, DagView, HistoryEvent, TaskView } from '../../../src/sdk/responses';

export type { Attempt, HistoryEvent };
export type TaskStatus = TaskView['status'];
export type DagStatus = DagView['status'];
export type TaskError = Attempt['error'];

/** Why something is in a state that its dependencies don't explain. */
export interface Reason {
  readonly code: string;
  readonly at: string | null;
  readonly by: string | null;
  readonly message: string | null;
  readonly resumeAt?: string | null;
  /** Nobody has approved the task; AWAITED: only that is waited for. */
  readonly approval?: 'REQUIRED' | 'AWAITED';
}

/** Milliseconds in each stage over all attempts, and the stage that the task is in now. */
export interface Timing {
  readonly blockedMs: number;
  readonly queuedMs: number;
  readonly dispatchedMs: number;
  readonly runningMs: number;
  readonly retryWaitMs: number;
  readonly current: string | null;
}

export interface Task extends TaskView {
  readonly options: Readonly<Record<string, unknown>>;
  readonly retryAt: string | null;
  readonly dueAt: string | null;
  readonly reason: Reason | null;
  /** Failures that have a budget of their own; what is absent is 0. */
  readonly budgets: Readonly<Record<string, number>>;
  readonly progress: number | null;
  readonly payload: unknown;
  readonly timeoutSeconds: number | null;
  readonly timing: Timing;
}

export interface TaskDetail extends Task {
  readonly attempts: readonly Attempt[];
  readonly checkpoint: unknown;
}

export interface Dag extends DagView {
  readonly dueAt: string | null;
  readonly maxRunning: number | null;
  readonly tenant: string | null;
  readonly reason: Reason | null;
  /** How often its graph was changed. */
  readonly version: number;
}

/** A state as it is shown: what only waits for a person is told from what else is PENDING. */
export type ShownStatus = TaskStatus | 'AWAITING_APPROVAL';

/** The order in which states are told: what needs a look first. */
export const SHOWN_ORDER: readonly ShownStatus[] = [
  'FAILED',
  'AWAITING_APPROVAL',
  'RUNNING',
  'RETRYING',
  'CANCELLING',
  'QUEUED',
  'WAITING',
  'PENDING',
  'COMPLETED',
  'SKIPPED',
  'CANCELLED',
];

export const isFinalTask = (status: TaskStatus): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'SKIPPED' || status === 'CANCELLED';

export const isFinalDag = (status: DagStatus): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

export const isAwaitingApproval = ({ reason }: Pick<Task, 'reason'>): boolean => reason?.approval === 'AWAITED';

export const shownStatus = (task: Pick<Task, 'status' | 'reason'>): ShownStatus => (isAwaitingApproval(task) ? 'AWAITING_APPROVAL' : task.status);

/** How long its attempts ran together, until now where one is under way. */
export const ranMs = ({ status, startedAt, timing }: Pick<Task, 'status' | 'startedAt' | 'timing'>, now: number): number =>
  timing.runningMs + (status === 'RUNNING' && startedAt !== null ? Math.max(0, now - Date.parse(startedAt)) : 0);

export const timeOf = (text: string): number => Date.parse(text);
export const timeOrNull = (text: string | null): number | null => (text === null ? null : Date.parse(text));
