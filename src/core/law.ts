/** What the law is told by the deployment. */

export interface LawSettings {
  /** Dispatches lost before they were known to run that a task survives; the next one fails it as NEVER_STARTED. */
  readonly maxLosses: number;
  /** Workers that a task survives which died while they ran it; the next one fails it as POISON. */
  readonly maxDeaths: number;
  /** Ends of its thread or process, by memory or a signal, that a task survives; the next one fails it. */
  readonly maxKills: number;
  /** Tasks that one event may settle before the rest waits for an event of its own. */
  readonly cascadeLimit: number;
}

export const DEFAULT_LAW: LawSettings = { maxLosses: 20, maxDeaths: 4, maxKills: 3, cascadeLimit: 2000 };

/** When an event is applied, and by which settings. */
export interface Moment {
  /** Milliseconds since 1970 by the shard's log. */
  readonly now: number;
  readonly law: LawSettings;
}
