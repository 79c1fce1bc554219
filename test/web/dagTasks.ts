/** Tasks for tests of the page's logic: what isn't said is that of a task that nobody has begun. */
import type { Task } from '../../web/src/dag/model';

export const BEGIN = Date.parse('2026-01-01T00:00:00Z');
/** A time some milliseconds after the DAG's creation. */
export const at = (ms: number): string => new Date(BEGIN + ms).toISOString();

const TIMING = { blockedMs: 0, queuedMs: 0, dispatchedMs: 0, runningMs: 0, retryWaitMs: 0, current: null };

export interface Said extends Partial<Omit<Task, 'timing'>> {
  readonly timing?: Partial<Task['timing']>;
}

export const task = (taskName: string, { timing, ...said }: Said = {}): Task => ({
  taskId: `id-${taskName}`,
  dagId: 'dag',
  taskName,
  type: 'DATA_PROCESSING',
  status: 'PENDING',
  dependencies: [],
  priority: 5,
  tags: [],
  attempt: 0,
  maxRetries: 3,
  timeoutSeconds: null,
  options: {},
  workerId: null,
  createdAt: at(0),
  queuedAt: null,
  dispatchedAt: null,
  startedAt: null,
  completedAt: null,
  retryAt: null,
  dueAt: null,
  reason: null,
  budgets: {},
  progress: null,
  error: null,
  payload: null,
  result: null,
  ...said,
  timing: { ...TIMING, ...timing },
});

/** A task that ran once, from `started` to `ended`. */
export const ran = (taskName: string, [started, ended]: readonly [number, number], said: Said = {}): Task =>
  task(taskName, {
    status: 'COMPLETED',
    attempt: 1,
    workerId: 'worker-1',
    queuedAt: at(started),
    dispatchedAt: at(started),
    startedAt: at(started),
    completedAt: at(ended),
    ...said,
    timing: { blockedMs: started, runningMs: ended - started, ...said.timing },
  });

export const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i + 1}`);
