/** What autoscaling asks of the world: what each scheduler has waiting, how workers come and go, and where decisions are kept. */
import type { ScalingDecision } from '../core/scaling';

/** What one scheduler says of its own shards; the last two count from its start. */
export interface Load {
  /** Ready tasks that wait for room at a worker. */
  readonly waiting: number;
  /** Tasks sent to workers. */
  readonly sent: number;
  /** Attempts that ended. */
  readonly ended: number;
}

/** What the leader thought at its last look. Times in milliseconds since 1970. */
export interface Judgement extends ScalingDecision {
  readonly at: number;
  /** Who leads. */
  readonly scheduler: string;
  readonly active: number;
  readonly draining: number;
  readonly starting: number;
  /** Of one worker. */
  readonly slots: number;
  readonly waiting: number;
  readonly running: number;
  readonly arrivalsPerSecond: number;
  readonly endsPerSecond: number;
  readonly serviceSeconds: number | null;
}

/** Where schedulers tell each other; all of it may be forgotten. Rejects with `LeasesUnavailable` (core/failure). */
export interface LoadBoard {
  /** Says what a scheduler has; forgotten after three seconds. */
  publish(scheduler: string, load: Load): Promise<void>;
  /** The scheduler leaves; answers who is still there. */
  withdraw(scheduler: string): Promise<string[]>;
  loads(): Promise<ReadonlyMap<string, Load>>;
  /** The leader's last judgement, for whoever is asked; forgotten after `ms`. */
  judge(judgement: Judgement, ms: number): Promise<void>;
  judgement(): Promise<Judgement | undefined>;
}

/** How workers come and go. What fails rejects, and is tried again at a later look. */
export interface WorkerDriver {
  readonly name: 'local' | 'kubernetes' | 'docker';
  /** How many of its workers there are to be, by whoever keeps them; undefined where only the roster tells who there is. */
  desired(): Promise<number | undefined>;
  /** More workers: these, and then there are `total` of this driver. Both answer in words what was done. */
  start(ids: readonly string[], total: number): Promise<string>;
  /** These finish what they have and leave, and then there are `total`. */
  leave(ids: readonly string[], total: number): Promise<string>;
  /** Where workers would outlive an installation that is stopped in order: they are asked to leave with the last scheduler. */
  readonly outlive: boolean;
}

export interface NewScaling extends ScalingDecision {
  /** Of the lead under which it was decided: decimal text. */
  readonly fence: string;
  readonly at: number;
  readonly scheduler: string;
  readonly driver: WorkerDriver['name'];
  readonly dryRun: boolean;
}

export interface Scaling extends Omit<NewScaling, 'fence'> {
  /** Decimal text, growing. */
  readonly id: string;
  /** What was done; null while it is being done, and where whoever did it died meanwhile. */
  readonly done: string | null;
  /** Why it couldn't be done. */
  readonly error: string | null;
}

/** The decisions that changed something. Rejects with `StoreUnavailable` (core/failure). */
export interface ScalingHistory {
  /** Notes a decision before it is carried out; its id, or undefined where a later leader has decided since: then nothing may be done. */
  note(scaling: NewScaling): Promise<string | undefined>;
  finish(id: string, result: Pick<Scaling, 'done' | 'error'>): Promise<void>;
  /** Newest first, older than the decision `before`. */
  scalings(limit: number, before?: string): Promise<Scaling[]>;
  /** Forgets decisions that are older, and all but the newest `keep`. */
  forget(beforeMs: number, keep: number): Promise<void>;
}
