/** What the contract suites of the leases' ports need of an adapter. */
import type {
  ClaimAudit,
  ClaimLedger,
  Claims,
  Leadership,
  Precedence,
  Roster,
  Session,
  Vitals,
  WorkerControl,
  WorkerDescription,
  WorkerSessions,
} from '../../src/ports/leases';
import type { ChangeFeed, FigureBoard } from '../../src/ports/live';
import type { LoadBoard } from '../../src/ports/scaling';
import type { DagId } from '../../src/core/ids';
import type { Permits } from '../../src/ports/permits';
import type { SchedulerBook } from '../../src/ports/schedulers';

export interface LeasesWorld {
  readonly sessions: WorkerSessions;
  readonly roster: Roster;
  readonly claims: Claims;
  readonly ledger: ClaimLedger;
  readonly claimAudit: ClaimAudit;
  readonly permits: Permits;
  readonly precedence: Precedence;
  readonly control: WorkerControl;
  readonly leadership: Leadership;
  readonly board: LoadBoard;
  readonly changes: ChangeFeed;
  readonly figures: FigureBoard;
  readonly schedulers: SchedulerBook;
  /** The milliseconds that a session lives without a heartbeat. */
  readonly leaseMs: number;
  /** Sessions that said that they were forgotten and have told their names anew. */
  readonly forgotten: readonly string[];
  /** The leases lose their memory. */
  forget(): Promise<void>;
  /** The session's process is gone: no more heartbeats, nothing closed. */
  crash(session: Session): Promise<void>;
  /** Milliseconds, by whatever makes time pass here. */
  now(): number;
  /** Waits for a condition, by whatever makes time pass here. */
  until(condition: () => boolean | Promise<boolean>, what: string): Promise<void>;
  close(): Promise<void>;
}

export const describedAs = (workerId: string, more: Partial<WorkerDescription> = {}): WorkerDescription => ({
  workerId,
  host: 'localhost',
  port: 8081,
  version: '1.0.0',
  region: 'default',
  tags: ['a', 'ä "quoted"'],
  types: ['API_CALL'],
  slots: 8,
  ...more,
});

export const vitalsOf = (freeSlots = 8, held = 0): Vitals => {
  const cells = new Int32Array(new SharedArrayBuffer(20));
  cells.set([freeSlots, held, 0, 0]);
  return { cells };
};

export const TASK = { dag: '0190f0c0-0000-8000-8000-000000000000' as DagId, task: 7 };

/** A world for each test. */
export const eachWorld = (open: () => Promise<LeasesWorld>): (() => LeasesWorld) => {
  let world: LeasesWorld;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(async () => {
    await world.close();
  });
  return () => world;
};
