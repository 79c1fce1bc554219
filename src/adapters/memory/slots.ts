/** Slots of limits within one process: the rules are those of adapters/redis/slots.lua.ts. */
import type { Slot } from '../../core/limits';

export interface SlotHolder {
  readonly dispatch: number;
  readonly session: string;
}

interface Taken extends SlotHolder {
  readonly isClaimed: boolean;
  readonly since: number;
  /** When a look first found its session over. */
  overSince?: number;
}

export interface SlotsNeeds {
  now(): number;
  isLive(session: string): boolean;
  /** Whether exactly this dispatch of a task is held by this session, be it live or not. */
  isHeld(task: string, holder: SlotHolder): boolean;
}

export interface Slots {
  /** The first limit that is full for a task; undefined where none is. */
  full(task: string, slots: readonly Slot[]): string | undefined;
  reserve(task: string, slots: readonly Slot[], by: SlotHolder): void;
  /** A claim was granted. */
  take(task: string, slots: readonly Slot[], by: SlotHolder): void;
  /** A claim ends: its slots are free, unless they are another dispatch's by now. */
  leave(task: string, keys: readonly string[], by: SlotHolder): void;
  /** A dispatch is over: its slots are free, but for those that a live session's claim holds; whether all are. */
  over(task: string, keys: readonly string[], dispatch: number): boolean;
  taken(key: string): number;
  forget(): void;
}

const UNCLAIMED_MS = 10_000;
const OVER_MS = 10_000;

export const createSlots = ({ now, isLive, isHeld }: SlotsNeeds): Slots => {
  /** By limit and then by task. */
  const limits = new Map<string, Map<string, Taken>>();

  const drop = (key: string, task: string): void => {
    const ofLimit = limits.get(key);
    ofLimit?.delete(task);
    if (ofLimit?.size === 0) limits.delete(key);
  };
  const put = (key: string, task: string, taken: Taken): void => {
    let ofLimit = limits.get(key);
    if (ofLimit === undefined) limits.set(key, (ofLimit = new Map<string, Taken>()));
    ofLimit.set(task, taken);
  };
  const isVoid = (task: string, taken: Taken): boolean => {
    if (!taken.isClaimed) return now() - taken.since > UNCLAIMED_MS || !isLive(taken.session);
    if (!isHeld(task, taken)) return true;
    if (isLive(taken.session)) delete taken.overSince;
    else taken.overSince ??= now();
    return now() - (taken.overSince ?? Infinity) > OVER_MS;
  };
  const isRunning = (task: string, taken: Taken): boolean => taken.isClaimed && isLive(taken.session) && isHeld(task, taken);
  const sweep = (key: string): void => {
    for (const [task, taken] of limits.get(key) ?? []) if (isVoid(task, taken)) drop(key, task);
  };
  const size = (key: string): number => limits.get(key)?.size ?? 0;
  const hasRoom = (task: string, { key, max }: Slot): boolean => {
    if (size(key) < max || limits.get(key)?.has(task) === true) return true;
    sweep(key);
    return size(key) < max;
  };

  return {
    full: (task, slots) => slots.find((slot) => !hasRoom(task, slot))?.key,
    reserve: (task, slots, { dispatch, session }) => {
      for (const { key } of slots) {
        const taken = limits.get(key)?.get(task);
        // Whoever runs it keeps its mark: the claim is refused as long as that lasts.
        if (taken === undefined || !isRunning(task, taken)) put(key, task, { isClaimed: false, dispatch, session, since: now() });
      }
    },
    take: (task, slots, { dispatch, session }) => {
      for (const { key } of slots) put(key, task, { isClaimed: true, dispatch, session, since: now() });
    },
    leave: (task, keys, { dispatch, session }) => {
      for (const key of keys) {
        const taken = limits.get(key)?.get(task);
        if (taken?.session === session && taken.dispatch === dispatch) drop(key, task);
      }
    },
    over: (task, keys, dispatch) => {
      let free = true;
      for (const key of keys) {
        const taken = limits.get(key)?.get(task);
        if (taken === undefined || taken.dispatch > dispatch) continue;
        if (isRunning(task, taken)) free = false;
        else drop(key, task);
      }
      return free;
    },
    taken: (key) => {
      sweep(key);
      return size(key);
    },
    forget: () => {
      limits.clear();
    },
  };
};
