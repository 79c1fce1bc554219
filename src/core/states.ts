/** The legal moves of tasks and DAGs: the one table that the law, the store and the pages are tested against. */
import { TASK_STATUSES, type DagStatus, type TaskStatus } from './dag';

export const TASK_MOVES: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  PENDING: ['QUEUED', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'],
  QUEUED: ['RUNNING', 'COMPLETED', 'FAILED', 'RETRYING', 'QUEUED', 'CANCELLING', 'CANCELLED'],
  RUNNING: ['COMPLETED', 'FAILED', 'RETRYING', 'QUEUED', 'CANCELLING', 'CANCELLED'],
  RETRYING: ['QUEUED', 'PENDING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'],
  // Signals, approvals and times of day are still to come.
  WAITING: [],
  CANCELLING: ['PENDING', 'QUEUED', 'RETRYING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'],
  // Only commands lead out of a final state.
  COMPLETED: ['PENDING', 'QUEUED'],
  FAILED: ['PENDING', 'QUEUED', 'COMPLETED'],
  SKIPPED: ['PENDING', 'QUEUED', 'COMPLETED'],
  CANCELLED: ['PENDING', 'QUEUED', 'COMPLETED'],
};

export const DAG_MOVES: Readonly<Record<DagStatus, readonly DagStatus[]>> = {
  CREATED: ['RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'],
  RUNNING: ['PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'],
  PAUSED: ['RUNNING', 'CREATED', 'COMPLETED', 'FAILED', 'CANCELLED'],
  COMPLETED: ['RUNNING'],
  FAILED: ['RUNNING', 'COMPLETED', 'CANCELLED'],
  CANCELLED: ['RUNNING', 'COMPLETED'],
};

/** Statuses as small numbers, for the compact arrays of live runs. */
export const statusCode = (status: TaskStatus): number => TASK_STATUSES.indexOf(status);

export const CODE = {
  PENDING: statusCode('PENDING'),
  QUEUED: statusCode('QUEUED'),
  RUNNING: statusCode('RUNNING'),
  RETRYING: statusCode('RETRYING'),
  CANCELLING: statusCode('CANCELLING'),
  COMPLETED: statusCode('COMPLETED'),
  FAILED: statusCode('FAILED'),
  SKIPPED: statusCode('SKIPPED'),
  CANCELLED: statusCode('CANCELLED'),
} as const;

export const statusOf = (code: number): TaskStatus => TASK_STATUSES[code] ?? 'PENDING';
