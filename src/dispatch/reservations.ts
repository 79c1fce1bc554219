/** Asks the leases for what tasks take of limits, and gives back what dispatches that are over had. */
import type { TaskLimits } from '../core/limits';
import type { Announce } from '../ports/happenings';
import type { PermitAnswer, Permits, PermitsOver } from '../ports/permits';
import type { Allowances } from './allowances';
import type { Assignment } from './assignments';
import type { Bound } from './binding';

export interface ReservationsNeeds {
  readonly permits: Permits;
  readonly allowances: Allowances;
  readonly announce: Announce;
}

const NO_LIMITS = { slots: [], rates: [] } as const;
/** The leases are away, or have lost their memory. */
const AWAY_MS = 200;

export class Reservations {
  /** Dispatches that are over whose slots aren't free yet, also those whose worker has reported their end and hasn't given its claim up. */
  private ended: PermitsOver[] = [];

  constructor(private readonly needs: ReservationsNeeds) {}

  /** An answer for each; undefined ones where the leases are away. */
  async ask(bound: readonly Bound[]): Promise<readonly (PermitAnswer | undefined)[]> {
    try {
      return await this.needs.permits.reserve(
        bound.map(({ ready: { run, task, dispatch }, seat, limits = NO_LIMITS }) => ({
          dag: run.dag,
          task,
          dispatch,
          session: seat.session,
          ...limits,
        })),
      );
    } catch (error) {
      this.needs.announce('dispatch.failed', { count: bound.length, error });
      return [];
    }
  }

  /** A task is not sent, and what it is to wait for is known by now. */
  refused(limits: TaskLimits, answer: PermitAnswer | undefined): void {
    const { allowances, announce } = this.needs;
    allowances.refund(limits.rates);
    if (answer?.kind === 'full') {
      const slot = limits.slots.find(({ key }) => key === answer.key);
      if (slot !== undefined) allowances.full(slot);
    } else if (answer?.kind === 'later') {
      const rate = limits.rates.find(({ key }) => key === answer.key);
      if (rate !== undefined) allowances.later(rate, answer.ms);
    } else {
      allowances.pause(limits, AWAY_MS);
      return;
    }
    announce('task.limited', { scope: answer.key.slice(0, answer.key.indexOf(':')) });
  }

  /** A task is not sent, and no limit was asked about it. */
  untried(limits: TaskLimits): void {
    this.needs.allowances.untried(limits);
  }

  /** These have ended, or were never sent: their slots are free, unless a live session runs them. */
  over(ended: readonly Assignment[]): void {
    const now: PermitsOver[] = [];
    for (const { run, task, dispatch, limits } of ended) {
      if (limits === undefined || limits.slots.length === 0) continue;
      now.push({ dag: run.dag, task, dispatch, slots: limits.slots.map(({ key }) => key) });
    }
    void this.freeAll(now);
  }

  /** Frees what could not be freed so far; never rejects. Called each second: whose worker dies before it gives its claim up waits no longer. */
  free(): Promise<void> {
    const ended = this.ended;
    this.ended = [];
    return this.freeAll(ended);
  }

  private async freeAll(ended: readonly PermitsOver[]): Promise<void> {
    if (ended.length === 0) return;
    try {
      const free = await this.needs.permits.free(ended);
      this.ended.push(...ended.filter((_, i) => free[i] !== true));
    } catch (error) {
      this.ended = [...ended, ...this.ended];
      this.needs.announce('loop.failed', { loop: 'limits', error });
    }
  }

  /** Asks how full those are that something waits for; never rejects. */
  async learn(): Promise<void> {
    const { allowances, permits } = this.needs;
    const keys = allowances.due();
    if (keys.length === 0) return;
    try {
      const taken = await permits.taken(keys);
      keys.forEach((key, i) => {
        allowances.learn(key, taken[i] ?? 0);
      });
    } catch {
      for (const key of keys) allowances.unanswered(key);
    }
  }
}
