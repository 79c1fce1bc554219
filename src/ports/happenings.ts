import type { CommandOutcome } from '../core/command';
import type { FailureKind } from '../core/dag';
import type { GateScope, GateState } from '../core/gates';
import type { LoadFigures } from '../core/scaling';
import type { LimitScope } from '../core/limits';
import type { Channel, ToldEvent } from '../core/notices';
import type { UndecodableRecord } from './letters';

/** The trace that it belongs to, where there is one. */
interface InTrace {
  trace_id?: string;
}

/** What stages announce; logs and metrics listen. A stage knows nothing of who listens. */
export interface Happenings {
  'dag.admitted': { count: number; tasks: number; tookMs: number };
  /** A submission was turned away: too many tasks are open, or storing what waits takes too long. */
  'submission.refused': { reason: 'backlog' | 'storage' };
  /** DAGs that were over and kept no longer were removed, after they were archived where `file` names one. */
  'dags.expired': { count: number; file: string | null; bytes: number; tookMs: number };
  /** What grows with each task was divided by time: what comes after `at` is a month of its own. */
  'month.cut': { at: string; tookMs: number };
  /** It wasn't: something of a later time is there already. */
  'month.uncut': { at: string; tookMs: number };
  /** A month of which no DAG is left was dropped, or several; what was planned before `until`. */
  'month.dropped': { table: string; until: string; bytes: number; tookMs: number };
  /** Rows of removed DAGs that had lain for too long were deleted: a DAG that is kept held their month. */
  'month.cleared': { until: string; rows: number };
  /** DAGs were written into an archive, or couldn't be: then they are not removed. */
  'archive.ended': { outcome: 'stored' | 'failed'; bytes: number; tookMs: number };
  /** Requests to the store of archives were tried again. */
  'archive.retried': { count: number };
  'dag.finished': { dag: string; name: string; status: 'COMPLETED' | 'FAILED' | 'CANCELLED'; tookMs: number } & InTrace;
  /** The law applied a task's end. */
  'task.finished': { type: string; outcome: 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED'; attempts: number };
  'task.retrying': { dag: string; task: string; type: string; attempt: number; delayMs: number; reason: string } & InTrace;
  /** It is a dead letter from now on. */
  'task.gaveUp': { kind: FailureKind };
  /** A second copy of it was sent. */
  'task.copied': { dag: string; task: string; worker: string };
  /** What became of a copy: its result was that of its task, or it was overtaken, failed or was lost. */
  'copy.over': { outcome: 'won' | 'lost' };
  'task.lost': { dag: string; task: string; attempt: number; session: string; evidence: string };
  /** What was lost with its worker was sent again, so long after that worker's last sign of life. */
  'task.recovered': { tookMs: number };
  /** An event that the law refused because the state had moved on. */
  'event.refused': { type: string; reason: string };
  /** A record of a log or an inbox that can't be decoded: it is passed over and becomes a dead letter. */
  'record.undecodable': UndecodableRecord;
  /** How long each of the tasks had been ready. */
  'dispatch.sent': { count: number; tookMs: number; waitsMs: readonly number[] };
  /** A task was kept back because a limit is full, or a rate used up: of a pool, a type, a DAG, or a rate. */
  'task.limited': { scope: string };
  /** Dispatches that a command took away: nobody had them, or their worker was told to end them. */
  'dispatch.revoked': { withdrawn: number; told: number };
  'dispatch.failed': { count: number; error: unknown };
  /** A command's outcome is durable. */
  'command.settled': CommandOutcome;
  /** What a gate stands before isn't handed out from now on; `name` is empty for everything, `trips` the breaker's in a row. */
  'gate.shut': { scope: GateScope; name: string; state: GateState; by: string | null; reason: string | null; until: number | null; trips: number };
  'gate.opened': { scope: GateScope; name: string; state: GateState; by: string | null };
  /** A limit of the cluster was set or removed. */
  'limit.set': { scope: LimitScope; name: string; maxRunning: number | null; perSecond: number | null; by: string | null; reason: string | null };
  'limit.removed': { scope: LimitScope; name: string };
  /** Somebody wants to be told of something, otherwise than before, or not any more. */
  'subscription.changed': { subscription: string; name: string; change: 'added' | 'changed' | 'removed' | 'new secret'; by: string | null };
  /** An attempt at a delivery is over. */
  'delivery.ended': {
    delivery: string;
    subscription: string;
    channel: Channel;
    event: ToldEvent;
    attempt: number;
    outcome: 'delivered' | 'again' | 'failed';
    status: number | null;
    answer: string | null;
    tookMs: number;
  };
  /** A delivery is tried no more. */
  'delivery.givenUp': { delivery: string; subscription: string; attempts: number; status: number | null; answer: string | null };
  /** A receiver said that it is gone: nothing more is sent there. */
  'subscription.disabled': { subscription: string; reason: string };
  /** A worker executed one attempt. */
  'execution.started': { type: string; sinceSentMs: number; sinceClaimedMs: number };
  'execution.finished': {
    dag: string;
    task: string;
    type: string;
    attempt: number;
    worker: string;
    outcome: 'completed' | 'failed' | 'aborted' | 'withdrawn';
    runningMs: number;
    error?: string;
  } & InTrace;
  /** A handler that takes many tasks in one call got so many. */
  'batch.called': { type: string; size: number };
  /** Lines of tasks were dropped: on their way out of a handler's place, because too much waited at the worker, or because Kafka was away for too long. */
  'lines.dropped': { handler: number; buffer: number; sending: number };
  /** A handler ignores its signal past its hard limit, where it can't be ended alone. */
  'execution.stuck': { dag: string; task: string; type: string; attempt: number; worker: string; sinceMs: number } & InTrace;
  /** Of what was refused, so many somebody else has, or had ended. */
  'claim.answered': { granted: number; refused: number; duplicates: number; tookMs: number };
  /** Dispatches came again that this worker knew already. */
  'dispatch.repeated': { count: number };
  'report.sent': { events: number; tookMs: number };
  'commit.done': { events: number; tasks: number; dags: number; tookMs: number };
  'commit.failed': { error: unknown; shards: readonly number[] };
  'shard.taken': { shard: number; epoch: number; dags: number; tookMs: number };
  'shard.dropped': { shard: number; epoch: number; reason: string };
  'worker.joined': { worker: string; session: string; slots: number };
  /** An operator asked something of a worker, or let a lost one be forgotten. */
  'worker.asked': { worker: string; wish: 'leave' | 'stay' | 'work' | 'remove' | 'forget'; by: string | null; reason: string | null };
  'worker.left': { worker: string; session: string; reason: string };
  /** The audit of the process that leads: findings by check, without those that nobody could make. */
  'audit.done': { counts: Readonly<Record<string, number>>; tookMs: number };
  /** Claims that dead sessions had left behind, and that no task needs, were given back. */
  'claims.freed': { count: number };
  /** Somebody had what the doctor found repaired: by check, about how much something was done. */
  'audit.repaired': { repaired: Readonly<Record<string, number>>; by: string | null; reason: string | null };
  /** This process does the duties of one process alone from now on, or (null) no more. */
  'lead.changed': { fence: string | null };
  /** The autoscaler of the process that leads looked: so many workers there are to be. */
  'scaling.judged': LoadFigures & { wanted: number };
  /** It decided that there are to be more workers or fewer, also where nothing can be done about it, or nothing is in a dry run. */
  'scaling.decided': {
    direction: 'out' | 'in' | 'hold';
    driver: string;
    dryRun: boolean;
    before: number;
    wanted: number;
    reason: string;
    /** `min` and `max` where there are to be as many as the settings allow at least or at most. */
    cause: 'load' | 'min' | 'max';
    /** `stuck`: nobody is left that could be started or may leave. */
    outcome: 'done' | 'failed' | 'stuck';
    done: string | null;
    error: string | null;
  };
  /** The API answered; `route` is the pattern, never the path with its ids. */
  'http.answered': { method: string; route: string; status: number; tookMs: number };
  /** A client of the stream was too slow and is told to read anew, took nothing for a minute and was cut off, or was one too many. */
  'stream.dropped': { why: 'slow' | 'stuck' | 'refused' };
  /** What became of a time of a schedule; how late its submission was, where it is the clock's. */
  'schedule.fired': { schedule: string; outcome: 'submitted' | 'skipped' | 'missed' | 'refused'; lateMs: number | null; reason: string | null };
  /** How many schedules there are: told by the process that leads. */
  'schedules.counted': { active: number; paused: number };
  /** A connection to the database was waited for, opening it included. */
  'connection.waited': { pool: string; ms: number };
  /** It was used for one statement, or one transaction. */
  'connection.used': { pool: string; ms: number };
  /** Redis was asked something. */
  'redis.called': { isAnswered: boolean; ms: number };
  /** Kafka answered a request of this kind of its protocol. */
  'kafka.answered': { api: string; ms: number };
  /** Spans left this process, could not be stored, or were too many to wait for that. */
  'spans.over': { outcome: 'exported' | 'failed' | 'dropped'; count: number };
  /** Spans can't be stored where they should be; said once, and again when it changes. */
  'tracing.away': { endpoint: string; error: string };
  'tracing.back': { endpoint: string };
  /** A background step failed and will be tried again. */
  'loop.failed': { loop: string; error: unknown };
  /** Something needed isn't there yet; said once, and again when it changes. */
  'dependency.waiting': { name: string; address: string; error: string };
  'dependency.ready': { name: string };
}

export type Announce = <K extends keyof Happenings>(name: K, what: Happenings[K]) => void;
export type Listen = <K extends keyof Happenings>(name: K, listener: (what: Happenings[K]) => void) => void;
