/** What the API answers. Times are ISO 8601 in UTC, and null for what hasn't happened. */
import type { Backoff, DagStatus, LetterKind, TaskError, TaskStatus } from '../core/dag';
import type { Command as EngineCommand } from '../core/command';

export interface DagView {
  readonly id: number;
  readonly dagId: string;
  readonly dagName: string;
  readonly description: string | null;
  readonly status: DagStatus;
  readonly totalTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  /** Which of its ready tasks go first. */
  readonly order?: 'fifo' | 'critical-path';
  /** The schedule that submitted it, and the time of it that it is for; null where somebody else did. */
  readonly scheduleId?: string | null;
  readonly scheduledFor?: string | null;
  /** When it is expected to end; null while that isn't known. Only of a single DAG. */
  readonly expectedEndAt?: string | null;
}

/** Whether a DAG has ended, one way or another. */
export const isFinal = ({ status }: Pick<DagView, 'status'>): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

export interface TaskView {
  readonly taskId: string;
  readonly dagId: string;
  readonly taskName: string;
  readonly type: string;
  readonly status: TaskStatus;
  /** Names. */
  readonly dependencies: readonly string[];
  readonly priority: number;
  readonly tags: readonly string[];
  /** Attempts begun. */
  readonly attempt: number;
  readonly maxRetries: number;
  readonly workerId: string | null;
  readonly createdAt: string;
  readonly queuedAt: string | null;
  readonly dispatchedAt: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly result: unknown;
  readonly error: TaskError | null;
  readonly retryAt?: string | null;
  readonly progress?: number | null;
  readonly payload?: unknown;
  readonly timeoutSeconds?: number | null;
  readonly backoff?: Backoff | null;
  /** Milliseconds in each stage, over all attempts. */
  readonly timing?: Readonly<Record<'blockedMs' | 'queuedMs' | 'dispatchedMs' | 'runningMs' | 'retryWaitMs', number>>;
}

/** What `GET /api/v1/tasks/{taskId}` says beside. */
export interface TaskDetail extends TaskView {
  /** Those that failed, of the last hundred. */
  readonly attempts: readonly Attempt[];
  /** What its handler kept last for the next attempt; null for nothing. */
  readonly checkpoint: unknown;
}

/** One reason why a task isn't running. */
export interface Condition {
  readonly code: string;
  readonly sentence: string;
  readonly details?: unknown;
}

/** Why a task isn't running yet, or who runs it. */
export interface Explanation {
  readonly taskId: string;
  readonly dagId: string;
  readonly taskName: string;
  readonly status: TaskStatus;
  /** The answer in one sentence. */
  readonly summary: string;
  readonly conditions: readonly Condition[];
  readonly holder: { readonly workerId: string; readonly attempt: number; readonly since: string | null } | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What became of a command. `outcome` is null where it isn't applied yet: `command(commandId)` tells later. */
export interface Commanded {
  /** Null where nothing was to be done. */
  readonly commandId: string | null;
  readonly outcome: 'APPLIED' | null;
  /** Tasks that changed; 0 where everything was so already. */
  readonly affected: number;
}
export interface DagCommanded extends Commanded {
  readonly dag: DagView | null;
}
export interface TaskCommanded extends Commanded {
  readonly task: TaskView | null;
}
export interface LetterCommanded extends Commanded {
  readonly letter: DeadLetter;
}

/** A line of a DAG's history. */
export interface HistoryEvent {
  readonly eventId: string;
  readonly at: string;
  /** A command's kind, `dag.*` for what happened to the DAG, `task.*` for what happened to a task. */
  readonly kind: string;
  readonly taskId: string | null;
  readonly taskName: string | null;
  readonly by: string | null;
  readonly message: string | null;
}

export interface CommandView {
  readonly commandId: string;
  readonly dagId: string;
  readonly kind: EngineCommand['kind'];
  /** Null for the whole DAG. */
  readonly taskIds: readonly string[] | null;
  readonly particulars: Readonly<Record<string, unknown>>;
  readonly by: string | null;
  readonly reason: string | null;
  readonly requestedAt: string;
  readonly notBefore: string | null;
  /** Null while it waits. */
  readonly outcome: 'APPLIED' | 'REFUSED' | null;
  readonly detail: string | null;
  readonly affected: number;
  readonly settledAt: string | null;
}

/** An attempt that didn't succeed. */
export interface Attempt {
  readonly attempt: number;
  readonly dispatch: number;
  readonly workerId: string | null;
  readonly session: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly error: TaskError;
}

/** A task that gave up, or a record that can't be decoded (`record`; all that describes a task is null then). */
export interface DeadLetter {
  readonly letterId: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'DISCARDED';
  readonly kind: LetterKind;
  readonly failedAt: string;
  readonly dagId: string | null;
  readonly dagName: string | null;
  readonly taskId: string | null;
  readonly taskName: string | null;
  readonly type: string | null;
  readonly dispatch: number | null;
  readonly record: { readonly place: string; readonly offset: string; readonly raw: string } | null;
  readonly error: TaskError | null;
  readonly settledAt: string | null;
  readonly settledBy: string | null;
  readonly publishedAt: string | null;
}
export interface DeadLetterDetail extends DeadLetter {
  /** The task as it is now. */
  readonly task: TaskView | null;
  readonly attempts: readonly Attempt[];
}

/** A worker that lives, or that was lost in the last ten minutes: as it was last heard of then. */
export interface WorkerView {
  readonly workerId: string;
  readonly session: string;
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly region: string;
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly slots: number;
  /** By task type, how many tasks its handler takes in one slot; types that aren't there take one each. */
  readonly perSlot: Readonly<Record<string, number>>;
  readonly freeSlots: number;
  /** Tasks that it runs or that wait there. */
  readonly held: number;
  /** Those of them that run: all for which it has slots. */
  readonly running: number;
  readonly state: 'ACTIVE' | 'DRAINING' | 'LOST';
  readonly lastHeartbeatAt: string;
}
export interface WorkerDetail extends WorkerView {
  /** What runs there for longer than a moment, at most 100. */
  readonly tasks: readonly {
    readonly taskId: string;
    readonly dagId: string;
    readonly taskName: string;
    readonly type: string;
    readonly attempt: number;
    readonly startedAt: string | null;
  }[];
}

/** What the two looks of an audit found. */
export interface DoctorReport {
  /** All findings of all checks. */
  readonly findings: number;
  /** Live DAGs that were looked at. */
  readonly dags: number;
  readonly tookMs: number;
  readonly checks: readonly {
    readonly check: string;
    /** What should be so. */
    readonly title: string;
    readonly count: number;
    /** Why the check couldn't be made; null where it was. */
    readonly unknown: string | null;
    /** Some of the findings in words. */
    readonly examples: readonly string[];
    /** What a repair would do. */
    readonly repair: string;
  }[];
}
export interface DoctorRepair extends DoctorReport {
  /** About how many findings something was done, by check. */
  readonly repaired: Readonly<Record<string, number>>;
}

/** `more`: there were more letters than one request takes. */
export interface BulkReplay {
  readonly letters: number;
  readonly repeated: number;
  readonly lastAt: string | null;
  readonly more: boolean;
}
export interface BulkDiscard {
  readonly letters: number;
  readonly more: boolean;
}

/** What isn't handed out for the time being. */
export interface Gate {
  readonly scope: 'all' | 'type' | 'pool';
  /** The task type or the pool; null for everything. */
  readonly name: string | null;
  readonly state: 'PAUSED' | 'QUARANTINED';
  /** The quarantine is over but for a few tasks that show whether the type works again. */
  readonly probing: boolean;
  readonly reason: string | null;
  readonly by: string | null;
  readonly since: string;
  /** When it ends by itself, or when probes are let through. */
  readonly until: string | null;
  readonly endedAt: string | null;
  /** How often the breaker tripped in a row. */
  readonly trips: number;
}
/** `changed` is false where it was so already. */
export interface GateChanged {
  readonly changed: boolean;
  readonly gate: Gate | null;
}

/** How much may run at once, or begin in a second, in the whole cluster. */
export interface Limit {
  readonly scope: 'pool' | 'type' | 'rate';
  readonly name: string;
  /** Null for a rate. */
  readonly maxRunning: number | null;
  /** Of each key of a rate; null for a pool and a type, as the next one. */
  readonly perSecond: number | null;
  readonly burst: number | null;
  /** How many run now, or are on their way; null for a rate, and where Redis could not say. */
  readonly running: number | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly updatedAt: string;
}
/** `changed` is false where it was so already. */
export interface LimitChanged {
  readonly changed: boolean;
  readonly limit: Limit;
}

/** By which the clock submits a DAG. */
export interface Schedule {
  readonly scheduleId: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  /** The name of the DAG that it submits. */
  readonly dagName: string;
  readonly state: 'ACTIVE' | 'PAUSED';
  readonly overlap: 'allow' | 'skip';
  readonly catchUp: 'none' | 'latest' | 'all';
  readonly catchUpLimit: number;
  readonly jitterSeconds: number;
  readonly note: string | null;
  /** Who changed it last, and why. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly nextFireAt: string | null;
  readonly lastFireAt: string | null;
  readonly lastDagId: string | null;
  readonly lastDagStatus: DagStatus | null;
}
/** A time of a schedule that has come, and what became of it. */
export interface Firing {
  readonly fireTime: string;
  readonly cause: 'CLOCK' | 'HAND';
  readonly state: 'DUE' | 'SUBMITTED' | 'SKIPPED' | 'MISSED' | 'REFUSED';
  readonly dagId: string | null;
  readonly dagStatus: DagStatus | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly dueAt: string;
  readonly settledAt: string | null;
}
export interface ScheduleDetail extends Schedule {
  readonly nextFireTimes: readonly string[];
  readonly firings: readonly Firing[];
  /** As it is submitted. */
  readonly dag: unknown;
}
export interface SchedulePreview {
  readonly cron: string;
  readonly timeZone: string;
  readonly nextFireTimes: readonly string[];
}

/** RFC 9457; `errors` names every wrong field with its path. */
export interface ProblemDetails {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}
