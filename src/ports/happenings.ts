import type { CommandOutcome } from '../core/command';
import type { GateScope, GateState } from '../core/gates';
import type { LoadFigures } from '../core/scaling';
import type { LimitScope } from '../core/limits';
import type { UndecodableRecord } from './letters';

/** What stages announce; logs and metrics listen. A stage knows nothing of who listens. */
export interface Happenings {
  'dag.admitted': { count: number; tasks: number; tookMs: number };
  /** A submission was turned away: too many tasks are open, or storing what waits takes too long. */
  'submission.refused': { reason: 'backlog' | 'storage' };
  /** DAGs that were over and kept no longer were removed, after they were archived where `file` names one. */
  'dags.expired': { count: number; file: string | null; bytes: number; tookMs: number };
  'dag.finished': { dag: string; name: string; status: 'COMPLETED' | 'FAILED' | 'CANCELLED'; tookMs: number };
  /** The law applied a task's end. */
  'task.finished': { type: string; outcome: 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED'; attempts: number };
  'task.retrying': { dag: string; task: string; attempt: number; delayMs: number; reason: string };
  'task.lost': { dag: string; task: string; session: string; evidence: string };
  /** An event that the law refused because the state had moved on. */
  'event.refused': { type: string; reason: string };
  /** A record of a log or an inbox that can't be decoded: it is passed over and becomes a dead letter. */
  'record.undecodable': UndecodableRecord;
  'dispatch.sent': { count: number; tookMs: number; waitedMs: number };
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
  /** A worker executed one attempt. */
  'execution.started': { type: string; sinceSentMs: number };
  'execution.finished': {
    dag: string;
    task: string;
    type: string;
    attempt: number;
    outcome: 'completed' | 'failed' | 'aborted' | 'withdrawn';
    runningMs: number;
    error?: string;
  };
  /** A handler that takes many tasks in one call got so many. */
  'batch.called': { type: string; size: number };
  /** A handler ignores its signal past its hard limit, where it can't be ended alone. */
  'execution.stuck': { dag: string; task: string; type: string; attempt: number; sinceMs: number };
  'claim.answered': { granted: number; refused: number; tookMs: number };
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
  /** It decided that there are to be more workers or fewer; in a dry run nothing is done about it. */
  'scaling.decided': {
    direction: 'out' | 'in' | 'hold';
    driver: string;
    dryRun: boolean;
    before: number;
    wanted: number;
    reason: string;
    done: string | null;
    error: string | null;
  };
  /** The API answered; `route` is the pattern, never the path with its ids. */
  'http.answered': { method: string; route: string; status: number; tookMs: number };
  /** A background step failed and will be tried again. */
  'loop.failed': { loop: string; error: unknown };
  /** Something needed isn't there yet; said once, and again when it changes. */
  'dependency.waiting': { name: string; address: string; error: string };
  'dependency.ready': { name: string };
}

export type Announce = <K extends keyof Happenings>(name: K, what: Happenings[K]) => void;
export type Listen = <K extends keyof Happenings>(name: K, listener: (what: Happenings[K]) => void) => void;
