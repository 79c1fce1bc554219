/** How slots are shared out among flows: a flow is a tenant, or a DAG's name where it has none. */
export interface FlowSettings {
  /** Of flows with something ready at the same priority, each gets hand-outs in proportion to its weight. */
  readonly weight: number;
  /** The part of all hand-outs that it gets while it has something ready, whatever else waits; 0 for none. */
  readonly reserved: number;
}

export interface FairnessSettings {
  /** A task that has waited for so many milliseconds counts one priority higher, for twice as many two; 0: never. */
  readonly ageingMs: number;
  /** Those that aren't listed have weight 1 and nothing reserved. */
  readonly flows: Readonly<Record<string, FlowSettings>>;
}

export const EVEN: FairnessSettings = { ageingMs: 0, flows: {} };

/** What has aged gets so much of all hand-outs: priorities hold for the rest, however much has waited for however long. */
export const AGED_SHARE = 0.2;

const HIGHEST = 9;

/** The priority that a task counts as after its wait. */
export const agedPriority = (priority: number, waitedMs: number, ageingMs: number): number =>
  ageingMs <= 0 ? priority : Math.min(HIGHEST, priority + Math.max(0, Math.floor(waitedMs / ageingMs)));

/** Of two that have aged as far as priorities go, the one that is still further. */
export const urgency = (priority: number, waitedMs: number, ageingMs: number): number => priority + (ageingMs <= 0 ? 0 : waitedMs / ageingMs);

/** What is known of the other schedulers, which share the same workers. */
export interface Elsewhere {
  /** The part of a flow's waiting tasks that waits here, for those that wait elsewhere, too. */
  readonly parts: ReadonlyMap<string, number>;
  /** The same, for flows with a reserved share. */
  readonly reservedParts: ReadonlyMap<string, number>;
  /** Schedulers, this one included. */
  readonly schedulers: number;
}

export const ALONE: Elsewhere = { parts: new Map(), reservedParts: new Map(), schedulers: 1 };
