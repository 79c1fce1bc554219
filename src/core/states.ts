/** The legal moves of tasks and DAGs: the one table that the law, the store and the pages are tested against. */
import { TASK_STATUSES, type DagStatus, type TaskStatus } from './dag';

export const TASK_MOVES: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  PENDING: ['QUEUED', 'SKIPPED', 'CANCELLED'],
  QUEUED: ['RUNNING', 'COMPLETED', 'FAILED', 'RETRYING', 'QUEUED', 'CANCELLED'],
  RUNNING: ['COMPLETED', 'FAILED', 'RETRYING', 'QUEUED', 'CANCELLING', 'CANCELLED'],
  RETRYING: ['QUEUED', 'CANCELLED'],
  WAITING: ['QUEUED', 'CANCELLED'],
  CANCELLING: ['CANCELLED', 'COMPLETED', 'FAILED'],
  COMPLETED: [],
  FAILED: [],
  SKIPPED: [],
  CANCELLED: [],
};

export const DAG_MOVES: Readonly<Record<DagStatus, readonly DagStatus[]>> = {
  CREATED: ['RUNNING', 'PAUSED', 'CANCELLED', 'COMPLETED', 'FAILED'],
  RUNNING: ['PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'],
  PAUSED: ['RUNNING', 'CREATED', 'CANCELLED'],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
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
