/** What all schedulers' figures come to, by slot. Pure. */
import { SLOTS_KEPT } from '../../core/live';
import type { SlotFigures } from '../../ports/live';

/** By slot, by scheduler. */
export type Told = ReadonlyMap<number, ReadonlyMap<string, SlotFigures>>;

const COUNTED = ['completed', 'failed', 'skipped', 'cancelled', 'dags'] as const;
// Each scheduler sees the same workers.
const SEEN = ['slots', 'taken', 'active', 'draining'] as const;

const queuedOf = (all: readonly SlotFigures[]): Record<string, number> => {
  const queued: Record<string, number> = {};
  for (const figures of all) for (const [priority, count] of Object.entries(figures.queued)) queued[priority] = (queued[priority] ?? 0) + count;
  return queued;
};

/** Up where everybody found it up. */
const healthOf = (all: readonly SlotFigures[]): Record<string, boolean> => {
  const health: Record<string, boolean> = {};
  for (const figures of all) for (const [name, up] of Object.entries(figures.health)) health[name] = (health[name] ?? true) && up;
  return health;
};

/** The figures of several schedulers as those of one; undefined where nobody told any. */
export const sumOf = (all: readonly SlotFigures[]): SlotFigures | undefined => {
  if (all.length === 0) return undefined;
  const summed = Object.fromEntries(COUNTED.map((name) => [name, all.reduce((sum, figures) => sum + figures[name], 0)]));
  const seen = Object.fromEntries(SEEN.map((name) => [name, Math.max(...all.map((figures) => figures[name]))]));
  const lately = ([0, 1, 2, 3] as const).map((i) => all.reduce((sum, figures) => sum + figures.lately[i], 0));
  return { ...summed, ...seen, lately, queued: queuedOf(all), health: healthOf(all) } as unknown as SlotFigures;
};

/** The figures of the slots that are over, oldest first: `last` is the newest of them. */
export const slotsOf = (told: Told, last: number): (SlotFigures | undefined)[] =>
  Array.from({ length: SLOTS_KEPT }, (_, i) => sumOf([...(told.get(last - SLOTS_KEPT + 1 + i)?.values() ?? [])]));

/** Each scheduler's newest figures of the last two slots: who is silent for longer isn't there. */
export const presentOf = (told: Told, slot: number): ReadonlyMap<string, SlotFigures> =>
  new Map([...(told.get(slot - 1) ?? []), ...(told.get(slot) ?? [])]);
