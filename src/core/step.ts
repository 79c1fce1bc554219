/** What one batch of events decided: filled by the law, written and carried out by the owner of the shard. */
import type { AppliedEdit, AttemptChange, DagChange, DeadLetterChange, HistoryChange, TaskChange } from './change';
import type { CommandOutcome } from './command';
import { isFinalTask } from './dag';
import type { Dispatched } from './event';
import type { Outcome } from './breaker';
import type { DagId } from './ids';
import type { Run } from './run';
import { CODE, statusOf } from './states';

/** Texts that go to the row and aren't kept in memory; undefined leaves what is stored. */
export interface Texts {
  result?: string | null;
  error?: string | null;
  checkpoint?: string | null;
  progress?: number;
  payload?: string | null;
}

/** The last report on a task in this batch, whose times and names its row shall show. */
export interface Told {
  worker: string | null;
  session: string | null;
  fence: string | null;
  queuedAt: number | null;
  dispatchedAt: number | null;
  startedAt: number | null;
  completedAt: number | null;
}

export interface Touched {
  texts: Texts;
  told: Told;
}

export interface Ready {
  readonly run: Run;
  readonly task: number;
  /** The number under which it is ready: a later event of the same step may have raised it. */
  readonly dispatch: number;
}

export interface Finished {
  readonly type: string;
  readonly outcome: 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED';
  readonly attempts: number;
}

export interface Retrying {
  readonly dag: DagId;
  readonly task: string;
  readonly type: string;
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: string;
}

export interface Step {
  readonly touched: Map<Run, Map<number, Touched>>;
  /** Rows of tasks that were touched. */
  rows: number;
  /** Tasks that became ready; those with a dispatch number above 1 are sent only after the commit. */
  readonly ready: Ready[];
  /** DAGs whose cascade was cut off: an event must bring them up again. */
  readonly continued: Set<DagId>;
  /** Checkpoints to acknowledge to their sessions after the commit. */
  readonly acknowledged: { readonly session: string; readonly dispatch: Dispatched; readonly sequence: number; readonly shard: number }[];
  readonly finished: Finished[];
  readonly retrying: Retrying[];
  /** How attempts ended that workers reported on: what the breaker judges. */
  readonly outcomes: Outcome[];
  readonly settled: Run[];
  /** Executions that are over, whatever their end: the dispatcher's slots are free again. */
  readonly over: Dispatched[];
  /** Tasks whose second copies brought their results. */
  readonly wonByCopy: { readonly run: Run; readonly task: number }[];
  /** Sessions that take nothing any more: known here before the leases tell. */
  readonly leaving: string[];
  readonly refused: { readonly type: string; readonly reason: string }[];
  /** Rows that are only ever added, and the outcomes of commands. */
  readonly attempts: AttemptChange[];
  readonly deadLetters: DeadLetterChange[];
  readonly history: HistoryChange[];
  readonly commands: CommandOutcome[];
  readonly edits: AppliedEdit[];
  /** Executions of which nothing counts any more and whose sessions go on with them: nobody would ever answer their checkpoints. */
  readonly givenUp: { readonly session: string; readonly run: Pick<Run, 'dag' | 'shard'>; readonly task: number; readonly dispatch: number }[];
  /** Tasks that are CANCELLING and may be with a worker: the owner sees to it that they come to an end. */
  readonly revoked: { readonly run: Run; readonly task: number; readonly dispatch: number }[];
}

export const newStep = (): Step => ({
  touched: new Map(),
  rows: 0,
  ready: [],
  continued: new Set(),
  acknowledged: [],
  finished: [],
  retrying: [],
  outcomes: [],
  settled: [],
  over: [],
  wonByCopy: [],
  leaving: [],
  refused: [],
  attempts: [],
  deadLetters: [],
  history: [],
  commands: [],
  edits: [],
  givenUp: [],
  revoked: [],
});

/** A row that shows no execution. */
export const UNTOLD: Told = { worker: null, session: null, fence: null, queuedAt: null, dispatchedAt: null, startedAt: null, completedAt: null };

/** Marks a task's row as to be written; the answer takes the texts and times that only the row keeps. */
export const touch = (step: Step, run: Run, task: number): Touched => {
  let tasks = step.touched.get(run);
  if (tasks === undefined) step.touched.set(run, (tasks = new Map<number, Touched>()));
  let touched = tasks.get(task);
  if (touched === undefined) {
    tasks.set(task, (touched = { texts: {}, told: { ...UNTOLD } }));
    step.rows += 1;
  }
  return touched;
};

/** Marks a DAG's own row as to be written. */
export const touchDag = (step: Step, run: Run): void => {
  if (!step.touched.has(run)) step.touched.set(run, new Map());
};

const attemptShown = (run: Run, task: number): number => {
  const succeeded = run.state[task] === CODE.COMPLETED && run.reasons.get(task)?.code !== 'MARKED_COMPLETED';
  return run.failures[task]! + (succeeded || run.running.has(task) ? 1 : 0);
};

/** Which checkpoint is written, where one is. */
const markOf = (run: Run, task: number, { checkpoint }: Texts): Pick<TaskChange, 'checkpointMark'> => {
  const mark = typeof checkpoint === 'string' ? run.withCheckpoint.get(task) : undefined;
  return mark ? { checkpointMark: mark } : {};
};

const taskChange = (run: Run, task: number, { texts, told }: Touched): TaskChange => {
  const spent = run.spent.get(task);
  const unblockedAt = run.unblockedAt[task]!;
  return {
    dag: run.dag,
    task,
    status: statusOf(run.state[task]!),
    attempt: attemptShown(run, task),
    dispatch: run.dispatch[task]!,
    losses: run.losses[task]!,
    budgets: run.budgets.get(task) ?? null,
    reason: run.reasons.get(task) ?? null,
    ...told,
    dueAt: run.dueTimes.get(task) ?? null,
    // A task that is skipped was blocked to its end.
    blockedMs: Math.max(0, (unblockedAt === 0 ? (told.completedAt ?? run.createdAt) : unblockedAt) - run.createdAt),
    queuedMs: spent?.queuedMs ?? 0,
    dispatchedMs: spent?.dispatchedMs ?? 0,
    runningMs: spent?.runningMs ?? 0,
    retryWaitMs: spent?.retryWaitMs ?? 0,
    ...texts,
    ...markOf(run, task, texts),
  };
};

const dagChange = (run: Run): DagChange => ({
  dag: run.dag,
  status: run.status,
  completedTasks: run.completed,
  failedTasks: run.failed,
  skippedTasks: run.skipped,
  cancelledTasks: run.cancelled,
  startedAt: run.startedAt,
  completedAt: run.completedAt,
  reason: run.reason,
  dueAt: run.dueAt,
});

/** What only a task that isn't final needs: one that is begun again by hand begins with nothing spent. */
const forget = (run: Run, task: number): void => {
  run.spent.delete(task);
};

/** The rows to write, each once, however often the batch changed it. */
export const changesOf = (step: Step): { tasks: TaskChange[]; dags: DagChange[] } => {
  const tasks: TaskChange[] = [];
  const dags: DagChange[] = [];
  for (const [run, touched] of step.touched) {
    dags.push(dagChange(run));
    for (const [task, what] of touched) {
      tasks.push(taskChange(run, task, what));
      if (isFinalTask(statusOf(run.state[task]!))) forget(run, task);
    }
  }
  return { tasks, dags };
};
