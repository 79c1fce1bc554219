/** What the engine is put together from, and its settings. */
import type { Config } from '../config';
import type { BreakerSettings } from '../core/breaker';
import type { FairnessSettings } from '../core/fairness';
import type { LawSettings } from '../core/law';
import type { Clock } from '../ports/clock';
import type { GateStore } from '../ports/gates';
import type { Announce } from '../ports/happenings';
import type { ClaimLedger, Claims, Precedence, Roster } from '../ports/leases';
import type { LimitStore } from '../ports/limits';
import type { Permits } from '../ports/permits';
import type { RunTimeStore } from '../ports/runTimes';
import type { CommandStore, RunStore, ShardLeases, WorkIndex } from '../ports/store';
import type { Tracing } from '../ports/tracing';
import type { EventLog, WorkQueue } from '../ports/transport';

export interface EngineNeeds {
  readonly scheduler: string;
  readonly store: RunStore;
  readonly work: WorkIndex;
  readonly commands: CommandStore;
  readonly gates: GateStore;
  readonly limitStore: LimitStore;
  /** Where learned run times are kept; without it they end with this process. */
  readonly runTimeStore?: RunTimeStore;
  readonly shardLeases: ShardLeases;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly roster: Roster;
  readonly claims: Claims;
  readonly ledger: ClaimLedger;
  readonly permits: Permits;
  readonly precedence: Precedence;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Absent where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Where workers reach this process, for inputs that are too large to travel. */
  readonly origin: () => string;
  /** Events outlive this process: then a first dispatch needn't wait for the commit, and inputs have a size limit. */
  readonly durableTransport: boolean;
  /** The part of its time that this process was busy lately, where sends that wait for company under load are worth it. */
  readonly load?: () => number;
  readonly settings: EngineSettings;
  /** Where its limits aren't the ordinary ones. */
  readonly law?: LawSettings;
}

export interface EngineSettings {
  readonly shards: number;
  readonly shardLeaseMs: number;
  readonly renewMs: number;
  readonly rosterMs: number;
  readonly sweepMs: number;
  /** A worker's lease: for so long its word in the log counts, too. */
  readonly sessionLeaseMs: number;
  /** Dispatches that may wait at a worker at most, on top of its slots. */
  readonly prefetch: number;
  readonly breaker: BreakerSettings;
  readonly fairness: FairnessSettings;
}

/** What the configuration says of the engine. */
export const engineSettingsOf = ({ scheduler, worker, leases, breaker, fairness }: Config): EngineSettings => ({
  ...scheduler,
  breaker,
  fairness,
  prefetch: worker.prefetch,
  sessionLeaseMs: leases.leaseMs,
});
