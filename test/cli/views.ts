import type { DagView, TaskView } from '../../src/sdk';

/** 2026-01-01T00:00:00Z, when the pictures' DAG was submitted. */
export const START = Date.UTC(2026, 0, 1);
export const at = (ms: number): string => new Date(START + ms).toISOString();

export const dagView = (given: Partial<DagView> = {}): DagView => ({
  id: 1,
  dagId: '019b0000-0000-8000-8000-000000000000',
  dagName: 'Nightly',
  description: null,
  status: 'RUNNING',
  totalTasks: 7,
  completedTasks: 0,
  failedTasks: 0,
  skippedTasks: 0,
  cancelledTasks: 0,
  tags: [],
  createdAt: at(0),
  startedAt: at(5),
  completedAt: null,
  ...given,
});

export const taskView = (taskName: string, dependencies: readonly string[], given: Partial<TaskView> = {}): TaskView => ({
  taskId: `id of ${taskName}`,
  dagId: 'd',
  taskName,
  type: 'DATA_PROCESSING',
  status: 'PENDING',
  dependencies,
  priority: 5,
  tags: [],
  attempt: 0,
  maxRetries: 3,
  workerId: null,
  createdAt: at(0),
  queuedAt: null,
  dispatchedAt: null,
  startedAt: null,
  completedAt: null,
  result: null,
  error: null,
  ...given,
});

export const failure = { kind: 'HANDLER', message: 'the shop\n  said no' } as const;

/** A DAG with every kind of remark in it. */
export const pipeline: readonly TaskView[] = [
  taskView('orders', [], { status: 'COMPLETED', attempt: 1, startedAt: at(10), completedAt: at(320) }),
  taskView('customers', [], { status: 'COMPLETED', attempt: 3, startedAt: at(2_000), completedAt: at(3_250) }),
  taskView('validate', ['orders', 'customers'], { status: 'COMPLETED', attempt: 1, startedAt: at(3_300), completedAt: at(3_400) }),
  taskView('transform', ['validate'], {
    status: 'RETRYING',
    attempt: 1,
    startedAt: at(3_450),
    completedAt: null,
    retryAt: at(4_400),
    error: failure,
  }),
  taskView('aggregate', ['validate'], { status: 'RUNNING', attempt: 2, startedAt: at(3_500), progress: 0.25, error: failure }),
  taskView('load', ['transform', 'aggregate', 'orders']),
  taskView('notify', ['load']),
];
