/** A DAG under test: its plan, and a model of the rows that a store would keep of it. */
import { newStep, changesOf, type Step } from '../../src/core/step';
import { applyEvent } from '../../src/core/applyEvent';
import type { AppliedEdit, DagChange, DagRecord, TaskChange, TaskRecord, TaskState } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import type { Event, Execution } from '../../src/core/event';
import type { DagId } from '../../src/core/ids';
import { firstDueAt } from '../../src/core/deadlines';
import { startsAtOnce } from '../../src/core/rules';
import type { Run } from '../../src/core/run';
import { DEFAULT_LAW, type LawSettings } from '../../src/core/transition';

export const T0 = 1_700_000_000_000;
/** Of shard 0, as every DAG here unless it says otherwise. */
export const DAG = '018bcfe5-6800-8000-8000-000000000000' as DagId;

/** A task of a plan: only what a test says differs from the ordinary. */
export const plannedTask = (name: string, dependencies: readonly number[], other: Partial<PlannedTask> = {}): PlannedTask => ({
  name,
  dependencies,
  type: 'API_CALL',
  priority: 5,
  tags: [],
  timeoutSeconds: null,
  payload: null,
  simulate: null,
  options: null,
  retry: { maxRetries: 0, backoff: { type: 'fixed', initialMs: 100, factor: 1, maxMs: 1000, jitter: 0 } },
  ...other,
});

export const planOf = (tasks: readonly PlannedTask[], dagId: DagId = DAG, shard = 0): PlannedDag => ({
  dagId,
  shard,
  name: 'a DAG',
  description: null,
  tags: [],
  createdAt: T0,
  dueAt: null,
  tasks,
});

/** The rows of one DAG as a store keeps them: merged from changes, read back as a record. */
export interface Rows {
  apply(changes: { readonly tasks: readonly TaskChange[]; readonly dags: readonly DagChange[]; readonly edits?: readonly AppliedEdit[] }): void;
  record(): DagRecord;
  texts(task: number): { result: string | null; error: string | null; checkpoint: string | null };
  copy(): Rows;
}

const firstRow = (task: PlannedTask, index: number): TaskRecord => ({
  task: index,
  name: task.name,
  type: task.type,
  priority: task.priority,
  tags: task.tags,
  dependencies: task.dependencies,
  retry: task.retry,
  timeoutSeconds: task.timeoutSeconds,
  simulate: task.simulate,
  options: task.options,
  hasPayload: task.payload !== null,
  hasResult: false,
  hasCheckpoint: false,
  status: startsAtOnce(task) ? 'QUEUED' : 'PENDING',
  queuedAt: startsAtOnce(task) ? T0 : null,
  attempt: 0,
  dispatch: 0,
  losses: 0,
  budgets: null,
  reason: null,
  worker: null,
  session: null,
  fence: null,
  dispatchedAt: null,
  startedAt: null,
  completedAt: null,
  dueAt: startsAtOnce(task) ? firstDueAt(task, T0) : null,
  blockedMs: 0,
  queuedMs: 0,
  dispatchedMs: 0,
  runningMs: 0,
  retryWaitMs: 0,
});

type TextsOf = Map<number, { result: string | null; error: string | null; checkpoint: string | null }>;

const NO_TEXTS = { result: null, error: null, checkpoint: null };

const stateOf = (change: TaskChange): TaskState => ({
  status: change.status,
  attempt: change.attempt,
  dispatch: change.dispatch,
  losses: change.losses,
  budgets: change.budgets,
  reason: change.reason,
  worker: change.worker,
  session: change.session,
  fence: change.fence,
  queuedAt: change.queuedAt,
  dispatchedAt: change.dispatchedAt,
  startedAt: change.startedAt,
  completedAt: change.completedAt,
  dueAt: change.dueAt,
  blockedMs: change.blockedMs,
  queuedMs: change.queuedMs,
  dispatchedMs: change.dispatchedMs,
  runningMs: change.runningMs,
  retryWaitMs: change.retryWaitMs,
});

const applyGraphEdit = (tasks: TaskRecord[], { edit }: AppliedEdit): void => {
  for (const task of edit.added) tasks.push(firstRow(task, tasks.length));
  for (const { task, as } of edit.replaced) {
    const { name, type, priority, tags, dependencies, retry, timeoutSeconds, simulate, options, payload } = as;
    const spec = { name, type, priority, tags, dependencies, retry, timeoutSeconds, simulate, options, hasPayload: payload !== null };
    tasks[task] = { ...tasks[task]!, ...spec };
  }
};

const rowsWith = (plan: PlannedDag, head: { dag: DagChange; version: number }, tasks: TaskRecord[], texts: TextsOf): Rows => ({
  apply: (changes) => {
    for (const each of changes.edits ?? []) {
      if (each.dag !== plan.dagId) continue;
      applyGraphEdit(tasks, each);
      head.version = each.version;
    }
    for (const change of changes.dags) if (change.dag === plan.dagId) head.dag = change;
    for (const change of changes.tasks) {
      if (change.dag !== plan.dagId) continue;
      const { task, result, error, checkpoint } = change;
      const old = texts.get(task) ?? NO_TEXTS;
      const now = {
        result: result === undefined ? old.result : result,
        error: error === undefined ? old.error : error,
        checkpoint: checkpoint === undefined ? old.checkpoint : checkpoint,
      };
      texts.set(task, now);
      const { hasPayload } = tasks[task]!;
      tasks[task] = {
        ...tasks[task]!,
        ...stateOf(change),
        hasPayload: change.payload === undefined ? hasPayload : change.payload !== null,
        hasResult: now.result !== null,
        hasCheckpoint: now.checkpoint !== null,
      };
    }
  },
  record: () => ({ ...head.dag, shard: plan.shard, name: plan.name, createdAt: plan.createdAt, version: head.version, tasks: [...tasks] }),
  texts: (task) => texts.get(task) ?? NO_TEXTS,
  copy: () => rowsWith(plan, { ...head }, [...tasks], new Map(texts)),
});

/** The rows of a DAG that was just stored: roots QUEUED, all others PENDING. */
export const rowsOf = (plan: PlannedDag): Rows =>
  rowsWith(
    plan,
    {
      version: 0,
      dag: {
        dag: plan.dagId,
        status: 'CREATED',
        completedTasks: 0,
        failedTasks: 0,
        skippedTasks: 0,
        cancelledTasks: 0,
        startedAt: null,
        completedAt: null,
        reason: null,
        dueAt: plan.dueAt,
      },
    },
    plan.tasks.map(firstRow),
    new Map(),
  );

export type LawEvent = Exclude<Event, { type: 'submitted' | 'alive' }>;

/** Applies events to one run, all in one step; the answer is that step. */
export const applyAll = (run: Run, events: readonly LawEvent[], now: number, law: LawSettings = DEFAULT_LAW): Step => {
  const step = newStep();
  for (const event of events) applyEvent(step, event, { runs: new Map([[run.dag, run]]), now, law });
  return step;
};

export { changesOf };

/** The part of a report that says which execution it speaks of; its times lie at `at`. */
export const execution = (task: number, dispatch: number, other: Partial<Execution> & { readonly at?: number } = {}): Execution => {
  const { at = T0, ...rest } = other;
  return { dag: DAG, task, dispatch, fence: String(dispatch * 10), session: 's1', worker: 'w1', sentAt: at, startedAt: at, ...rest };
};

export const completed = (task: number, dispatch = 1, other: Partial<Execution> & { at?: number; result?: string | null } = {}): LawEvent => ({
  type: 'completed',
  ...execution(task, dispatch, other),
  endedAt: other.at ?? T0,
  result: other.result ?? null,
});

export const failed = (task: number, dispatch = 1, other: Partial<Execution> & { at?: number; retryable?: boolean } = {}): LawEvent => ({
  type: 'failed',
  ...execution(task, dispatch, other),
  endedAt: other.at ?? T0,
  error: { kind: 'HANDLER', message: 'it broke' },
  retryable: other.retryable ?? true,
});

export const started = (task: number, dispatch = 1, other: Partial<Execution> & { at?: number } = {}): LawEvent => ({
  type: 'started',
  ...execution(task, dispatch, other),
});

export const lost = (task: number, dispatch = 1, session = 's1'): LawEvent => ({
  type: 'lost',
  session,
  evidence: 'its session ended',
  tasks: [{ dag: DAG, task, dispatch }],
});

export const released = (task: number, dispatch = 1, session = 's1'): LawEvent => ({
  type: 'released',
  session,
  tasks: [{ dag: DAG, task, dispatch }],
});

export const due = (task: number, dispatch: number): LawEvent => ({ type: 'due', tasks: [{ dag: DAG, task, dispatch }] });

export const withdrawn = (task: number, dispatch = 1, session: string | null = null): LawEvent => ({
  type: 'withdrawn',
  session,
  tasks: [{ dag: DAG, task, dispatch }],
});

export const commanded = (command: Command, other: { id?: string; by?: string; reason?: string } = {}): LawEvent => ({
  type: 'commanded',
  id: other.id ?? '1',
  dag: DAG,
  command,
  by: other.by ?? null,
  reason: other.reason ?? null,
});
