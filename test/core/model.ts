/** A DAG under test: its plan, and a model of the rows that a store would keep of it. */
import { applyEdit, changedRow, firstHead, firstRow, type DagHead, type TaskRow, type Texts } from '../../src/adapters/memory/rows';
import { newStep, changesOf, type Step } from '../../src/core/step';
import { applyEvent } from '../../src/core/applyEvent';
import type { AppliedEdit, DagChange, DagRecord, TaskChange } from '../../src/core/change';
import type { Command } from '../../src/core/command';
import type { PlannedDag, PlannedTask } from '../../src/core/dag';
import type { Event, Execution } from '../../src/core/event';
import type { DagId } from '../../src/core/ids';
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
  texts(task: number): Texts;
  copy(): Rows;
}

const rowsWith = (plan: PlannedDag, row: { head: DagHead; readonly tasks: TaskRow[] }): Rows => ({
  apply: (changes) => {
    for (const each of changes.edits ?? []) if (each.dag === plan.dagId) applyEdit(row, each);
    for (const change of changes.dags) if (change.dag === plan.dagId) row.head = { ...row.head, ...change };
    for (const change of changes.tasks) if (change.dag === plan.dagId) row.tasks[change.task] = changedRow(row.tasks[change.task]!, change);
  },
  record: () => ({ ...row.head, tasks: row.tasks.map(({ record }) => record) }),
  texts: (task) => row.tasks[task]!.texts,
  copy: () => rowsWith(plan, { head: row.head, tasks: [...row.tasks] }),
});

/** The rows of a DAG that was just stored: roots QUEUED, all others PENDING. */
export const rowsOf = (plan: PlannedDag): Rows =>
  rowsWith(plan, { head: firstHead(plan), tasks: plan.tasks.map((task, i) => firstRow(task, i, plan.createdAt)) });

export type LawEvent = Exclude<Event, { type: 'submitted' | 'alive' | 'marked' }>;

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
