/** What the API answers about the cluster: its workers, gates and limits, and what an audit finds. */

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

export interface Pool {
  readonly name: string;
  /** Where there is a limit, also those that are on their way. */
  readonly running: number;
  /** Ready, and not known to run. */
  readonly waiting: number;
  readonly limit: Limit | null;
  /** Where it is paused. */
  readonly gate: Gate | null;
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
