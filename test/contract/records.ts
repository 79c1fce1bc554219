/** Small values for the contract suites: a plan, a change, a batch; each field as a test wants it. */
import type { DagChange, TaskChange } from '../../src/core/change';
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import { mintDagId } from '../../src/core/ids';
import type { CommitBatch, OwnedShard } from '../../src/ports/store';

export const BACKOFF = { type: 'exponential', initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 } as const;

export const plannedTask = (name: string, over: Partial<PlannedTask> = {}): PlannedTask => ({
  name,
  type: 'DATA_PROCESSING',
  dependencies: [],
  priority: 5,
  tags: [],
  retry: { maxRetries: 3, backoff: BACKOFF },
  timeoutSeconds: null,
  payload: null,
  simulate: null,
  options: null,
  ...over,
});

/** A new DAG of shard 0 with tasks `a`, `b` … of these dependencies; a diamond by default. */
export const plannedDag = (over: Partial<PlannedDag> = {}, dependencies: readonly (readonly number[])[] = [[], [0], [0], [1, 2]]): PlannedDag => {
  const shard = over.shard ?? 0;
  const createdAt = over.createdAt ?? Date.now();
  const tasks = dependencies.map((parents, i) => plannedTask(i < 26 ? String.fromCharCode(97 + i) : `task ${String(i)}`, { dependencies: parents }));
  return {
    dagId: mintDagId(shard, createdAt, Math.random),
    shard,
    name: 'diamond',
    description: null,
    tags: [],
    createdAt,
    dueAt: null,
    tasks,
    ...over,
  };
};

export const taskChange = (dag: PlannedDag, task: number, over: Partial<TaskChange> = {}): TaskChange => ({
  dag: dag.dagId,
  task,
  status: 'COMPLETED',
  attempt: 1,
  dispatch: 1,
  losses: 0,
  budgets: null,
  reason: null,
  worker: 'worker-1',
  session: 'session-1',
  fence: '9007199254740993123',
  queuedAt: dag.createdAt,
  dispatchedAt: dag.createdAt + 5,
  startedAt: dag.createdAt + 7,
  completedAt: dag.createdAt + 12,
  dueAt: null,
  blockedMs: 1,
  queuedMs: 5,
  dispatchedMs: 2,
  runningMs: 5,
  retryWaitMs: 3_000_000_000,
  ...over,
});

export const dagChange = (dag: PlannedDag, over: Partial<DagChange> = {}): DagChange => ({
  dag: dag.dagId,
  status: 'RUNNING',
  completedTasks: 0,
  failedTasks: 0,
  skippedTasks: 0,
  cancelledTasks: 0,
  startedAt: null,
  completedAt: null,
  reason: null,
  dueAt: null,
  ...over,
});

/** The shards, advanced to this offset. */
export const at = (shards: readonly OwnedShard[], nextOffset: bigint): OwnedShard[] =>
  shards.map((owned) => ({ ...owned, position: { nextOffset, last: { timestamp: 1_700_000_000_123, hash: `hash of ${String(nextOffset)}` } } }));

export const batch = (shards: readonly OwnedShard[], over: Partial<CommitBatch> = {}): CommitBatch => ({
  shards,
  tasks: [],
  dags: [],
  attempts: [],
  deadLetters: [],
  history: [],
  commands: [],
  edits: [],
  ...over,
});
