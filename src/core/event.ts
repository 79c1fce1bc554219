/**
 * What can happen to a task or a DAG after its submission. Every event reaches the law through the log of the DAG's
 * shard. Times are milliseconds since 1970 by the clock of the process that tells; the law clamps them.
 */
import type { Commanded } from './command';
import type { Simulation, TaskError } from './dag';
import type { DagId } from './ids';
import type { Slot } from './limits';
import type { Who } from './who';

/** Which grant of which dispatch a report speaks of. */
export interface Execution {
  readonly dag: DagId;
  readonly task: number;
  /** The number of the dispatch, from 1: what tells an old result from a current one. */
  readonly dispatch: number;
  /** Decimal text of a number below 2^63: unique for each grant, and growing for each task. */
  readonly fence: string;
  readonly session: string;
  readonly worker: string;
  /** When the dispatcher sent it, and when the handler was called. */
  readonly sentAt: number;
  readonly startedAt: number;
  /** The context of its span; absent where it has none. The law doesn't look at it. */
  readonly trace?: string;
}

/** A handler is running for longer than a moment; short executions are told by their end alone. */
export interface Started extends Execution {
  readonly type: 'started';
}
/** The handler returned; `result` is JSON text, or null for none. */
export interface Completed extends Execution {
  readonly type: 'completed';
  readonly endedAt: number;
  readonly result: string | null;
}
/** The handler threw or ran out of time. */
export interface Failed extends Execution {
  readonly type: 'failed';
  readonly endedAt: number;
  readonly error: TaskError;
  /** False: no further attempt would help, whatever the policy allows. */
  readonly retryable: boolean;
}
/** How far a handler has come, 0 to 1, in its own words. */
export interface Progressed extends Execution {
  readonly type: 'progressed';
  readonly fraction: number;
  readonly message: string | null;
}
/** State (JSON text) that the next attempt gets; acknowledged to the worker under `sequence` once it is committed. */
export interface Checkpointed extends Execution {
  readonly type: 'checkpointed';
  readonly sequence: number;
  readonly state: string;
}

export interface Dispatched {
  readonly dag: DagId;
  readonly task: number;
  readonly dispatch: number;
}
/** A worker that leaves gives back what it had not finished: no attempt is used up. */
export interface Released {
  readonly type: 'released';
  readonly session: string;
  /** The session takes nothing any more. */
  readonly leaving?: true;
  readonly tasks: readonly Dispatched[];
}
/** A session ended without having reported these. */
export interface Lost {
  readonly type: 'lost';
  readonly session: string;
  readonly evidence: string;
  /** When the session was last heard of, in milliseconds since 1970; absent where nobody knows. */
  readonly lastHeartbeatAt?: number;
  readonly tasks: readonly Dispatched[];
}
/** The time that a task waits for has come: `dispatch` says which wait is meant. */
export interface Due {
  readonly type: 'due';
  readonly tasks: readonly Dispatched[];
  /** They were kept from being handed out until then, in milliseconds since 1970: their waits for a worker begin there. */
  readonly gatedUntil?: number;
}
/**
 * These dispatches, whose tasks are CANCELLING, will never bring a result: never claimed and can't be any more, dropped by
 * their worker, or their handler ended by the signal.
 */
export interface Withdrawn {
  readonly type: 'withdrawn';
  /** Null where nobody had them. */
  readonly session: string | null;
  readonly tasks: readonly Dispatched[];
}
/** A session whose leases don't answer says that it lives: no loss of it counts within a lease after this. */
export interface Alive {
  readonly type: 'alive';
  readonly session: string;
}
/** The owner of a shard marks its own log: once this is read, all that was told before is applied. */
export interface Marked {
  readonly type: 'marked';
  readonly epoch: number;
  /** Counted from 1 under each epoch. */
  readonly mark: number;
}
/** The time that a DAG was given is over. */
export interface DagDue {
  readonly type: 'dagDue';
  readonly dag: DagId;
}
/** A cascade that was cut off after its share of one step goes on. */
export interface Continued {
  readonly type: 'continued';
  readonly dag: DagId;
}

/** A look at the rows of a DAG found what can't be: its owner counts it anew. */
export interface Audited {
  readonly type: 'audited';
  readonly dag: DagId;
  /** Who had it repaired, for the history: the check that found it, who asked and why. Absent where nobody is told of. */
  readonly repair?: Who & { readonly check: string };
}

/** A DAG was stored by a process that doesn't own its shard: the owner reads it from the store. */
export interface Submitted {
  readonly type: 'submitted';
  readonly dag: DagId;
}

export type Report = Started | Completed | Failed | Progressed | Checkpointed;
export type Event = Report | Released | Lost | Due | DagDue | Continued | Audited | Submitted | Withdrawn | Commanded | Alive | Marked;

/** What a worker is handed: everything it needs to run one attempt. */
export interface Dispatch {
  readonly dag: DagId;
  readonly task: number;
  readonly dispatch: number;
  /** 1 for the first attempt; attempts lost with a worker don't count. */
  readonly attempt: number;
  readonly name: string;
  readonly type: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly timeoutSeconds: number | null;
  readonly progressTimeoutSeconds: number | null;
  /** It was with a worker that died: its start is durable before its handler is called, so that the next death is known to be its own. */
  readonly suspect: boolean;
  /** How many workers died while it was known to run there; older schedulers don't say. */
  readonly deaths?: number;
  readonly simulate: Simulation | null;
  /** `fetch`: payload, upstream and checkpoint were too large to travel; the worker asks the sender for them. */
  readonly inputs: 'inline' | 'fetch';
  /** JSON texts: the payload, the results of the dependencies by their names, the last attempt's checkpoint. */
  readonly payload: string | null;
  readonly upstream: Readonly<Record<string, string>>;
  readonly checkpoint: string | null;
  /** The slots of limits that it takes while it runs; absent for none. */
  readonly slots?: readonly Slot[];
  /** The task that this is a second copy of, under a number of its own; absent for what is none. */
  readonly copyOf?: number;
  /** The context of the span that sent it; absent where it has none. */
  readonly trace?: string;
}
