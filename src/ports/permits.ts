/**
 * Slots and rates of limits, in the whole cluster: Redis, or memory within one process. A slot is a member of its limit's set and names
 * the task that has it: it is never counted up and down, so that none leaks whoever dies when. It belongs to the task: asked for again
 * by the same task, it stays one slot.
 *
 * A slot is reserved before a task is sent, and the claim marks it as taken (`Claims.claim`), or takes one where the reservation is gone.
 * It is void where it was reserved and its session is over or more than 10 s have passed, and where it was taken and its claim is held
 * no more, or its session was over 10 s ago. What is void is dropped as soon as its limit seems full.
 */
import type { Rate, Slot } from '../core/limits';
import type { Wanted } from './leases';

export interface PermitWanted extends Wanted {
  /** The session that the task shall be sent to. */
  readonly session: string;
  readonly slots: readonly Slot[];
  readonly rates: readonly Rate[];
}

export type PermitAnswer =
  | { readonly kind: 'granted' }
  /** All slots of this limit are taken by other tasks. */
  | { readonly kind: 'full'; readonly key: string }
  /** This rate is used up, and lets the next one begin after so many milliseconds. */
  | { readonly kind: 'later'; readonly key: string; readonly ms: number }
  /** The leases just lost their memory: ask again after a lease. */
  | { readonly kind: 'wait' };

export interface PermitsOver extends Wanted {
  readonly slots: readonly string[];
}

/** Rejects with `LeasesUnavailable` (core/failure), as all leases do; all but `reserve` also for a lease after a loss of memory. */
export interface Permits {
  /** Takes all that a task needs, or nothing of it; answers in the order asked, which is also the order of who comes first. */
  reserve(wanted: readonly PermitWanted[]): Promise<PermitAnswer[]>;
  /**
   * These dispatches are over: their slots are free, but for those whose claims live sessions still hold. Answers, in the order given,
   * whether all of its slots are free.
   */
  free(over: readonly PermitsOver[]): Promise<boolean[]>;
  /** How many slots are taken of each of these. */
  taken(keys: readonly string[]): Promise<number[]>;
  /** In how many milliseconds the next task may begin under each of these; 0 for now. */
  waits(rates: readonly Rate[]): Promise<number[]>;
}
