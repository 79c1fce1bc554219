/** Which processes schedule, and where they are reached: Redis, or memory within one process. Forgotten with the rest of the leases. */

/** Where a process answers over HTTP. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** The URL under which others reach it, where that isn't its host's name and the port. */
  readonly url?: string | undefined;
}

export interface SchedulerPlace extends Place {
  readonly scheduler: string;
}

export interface SchedulerBook {
  /** Says where a scheduler is, until it is silent for `ms`. */
  publish(place: SchedulerPlace, ms: number): Promise<void>;
  /** It is no more. */
  withdraw(scheduler: string): Promise<void>;
  /** Those that were heard of lately, by name. */
  all(): Promise<readonly SchedulerPlace[]>;
}
