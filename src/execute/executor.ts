/** Runs what one session was handed: takes it in, keeps it in order of priority, gives it a slot. */
import type { Dispatched } from '../core/event';
import { VITALS, type Claims, type Vitals, type WantedClaim } from '../ports/leases';
import type { WorkOrder } from '../ports/transport';
import { claimOf } from './attempt';
import { Attempts, type AttemptsNeeds } from './attempts';
import { Intake } from './intake';
import { createPrefetch, type Held, type Prefetch } from './prefetch';
import { createReturns } from './returns';
import { batchesIn } from './work';

export interface ExecutorNeeds extends AttemptsNeeds {
  readonly slots: number;
  readonly claims: Pick<Claims, 'claim' | 'release' | 'raiseFloor'>;
  readonly vitals: Vitals;
  /** Reports that may wait to be durable before no further handler starts. */
  readonly maxUnreported: number;
  /** Something began, or waits for its slot, where nothing was held. */
  readonly roused: () => void;
  /** What has waited here for so long counts one priority higher. */
  readonly ageingMs?: number | undefined;
}

/** After the end of its session others may run the same tasks: whoever ignores the signal then is ended soon. */
const LOST_GRACE_MS = 200;
/**
 * What waits at a worker of which no slot comes free for so long is given back: it may begin sooner elsewhere. Twice as long after each time, as
 * what comes again has no better place.
 */
const PATIENCE_MS = 1000;
const LONGEST_PATIENCE_MS = 60_000;
/** What a leaving worker gives the handlers that it aborts, and then the reports of how they ended. */
const LEAVE_GRACE_MS = 1000;

export class Executor {
  private readonly prefetch: Prefetch;
  private readonly attempts: Attempts;
  private readonly intake: Intake;
  private readonly returns;
  private taking = true;
  /** It drains: what still comes in is given back at once, or it would wait for the end of the session. */
  private leaving = false;
  private readonly idle = new Set<() => void>();
  /** Since when what waits has seen no slot come free, and how long it waits for the next one. */
  private waitingSince: number;
  private patienceMs = PATIENCE_MS;
  /** The look at those that wait for company. */
  private look: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(private readonly needs: ExecutorNeeds) {
    this.waitingSince = needs.clock.monotonic();
    this.returns = createReturns(needs);
    this.intake = new Intake({
      ...needs,
      returns: this.returns,
      isTaking: () => this.taking,
      isLeaving: () => this.leaving,
      granted: (held) => {
        const isRoused = this.holdsNothing() && held.length > 0;
        // A handler may hold the main loop from its first line on: that counts from now.
        if (isRoused) this.beat();
        if (this.prefetch.size() === 0) this.waitingSince = needs.clock.monotonic();
        for (const each of held) this.prefetch.push(each);
        this.fill();
        if (isRoused) needs.roused();
      },
      giveBack: (held) => this.giveBack(held),
    });
    this.attempts = new Attempts({
      ...needs,
      giveBack: (held) => this.giveBack([held]),
      over: (dispatch) => {
        this.intake.forgetLater(dispatch);
      },
      eased: () => {
        if (this.taking) this.fill();
        else this.showVitals();
        this.wakeIfIdle();
      },
    });
    this.prefetch = createPrefetch({
      batches: batchesIn(needs.handlers),
      isCalling: (type) => this.attempts.isCalling(type),
      clock: needs.clock,
      ageingMs: needs.ageingMs,
    });
    this.showVitals();
  }

  /** Takes what came in; resolves when the leases were asked about all of it. */
  async accept(orders: readonly WorkOrder[]): Promise<void> {
    if (!this.taking && !this.leaving) return;
    const ours = orders.filter((order) => this.intake.isForUs(order));
    for (const { acknowledged } of ours) for (const ack of acknowledged) this.attempts.acknowledge(ack.dispatch, ack.sequence);
    this.revoke(ours.flatMap(({ revoked }) => revoked));
    await (this.leaving ? this.intake.turnAway(ours) : this.intake.take(ours));
  }

  /** Whether no task is here, neither running nor waiting for a slot. */
  holdsNothing(): boolean {
    return this.attempts.size() + this.prefetch.size() === 0;
  }

  /** Holds what runs to its limits, and shows that the main loop lives: called a few times a second, and when it is `roused`. */
  tick(): void {
    this.attempts.tick();
    this.giveBackWhatIsStuck();
    Atomics.store(this.needs.vitals.cells, VITALS.allowanceMs, this.attempts.allowanceMs());
    this.beat();
  }

  /** What this session holds, for the leases after they lost their memory. */
  holds(): (WantedClaim & { readonly fence: string })[] {
    return [...this.attempts.held(), ...this.prefetch.all()].map(({ dispatch, fence }) => ({ ...claimOf(dispatch), fence }));
  }

  /** Whether a handler goes on past its hard limit: then nothing but the end of the process ends it. */
  isStuck(): boolean {
    return this.attempts.countStuck() > 0;
  }

  /** First gear: takes nothing more, gives back what hasn't started, and waits up to `ms` for what runs. */
  async drain(ms: number): Promise<void> {
    this.taking = false;
    this.leaving = true;
    Atomics.store(this.needs.vitals.cells, VITALS.draining, 1);
    const back = this.prefetch.drain();
    this.showVitals();
    await this.giveBack(back);
    if (await this.becomesIdle(ms)) return;
    this.stop('the worker leaves', LEAVE_GRACE_MS);
    await this.becomesIdle(2 * LEAVE_GRACE_MS);
  }

  /** Second gear, or the session is over: every handler's signal fires, and who ignores it is ended. */
  abandon(why: string): void {
    this.stop(why, LOST_GRACE_MS);
  }

  private stop(why: string, graceMs: number): void {
    this.taking = false;
    this.prefetch.drain();
    this.attempts.abandon(why, graceMs);
    this.showVitals();
  }

  private beat(): void {
    Atomics.add(this.needs.vitals.cells, VITALS.beats, 1);
  }

  private fill(): void {
    while (this.mayBegin()) {
      const held = this.prefetch.next();
      if (held === undefined) break;
      // Their handler may hold the main loop from its first line on.
      if (held.some(({ dispatch }) => dispatch.timeoutSeconds !== null))
        Atomics.store(this.needs.vitals.cells, VITALS.allowanceMs, this.attempts.allowanceMs(held));
      this.waitingSince = this.needs.clock.monotonic();
      this.patienceMs = PATIENCE_MS;
      void this.attempts.run(held);
    }
    this.lookAgain();
    this.showVitals();
  }

  private giveBackWhatIsStuck(): void {
    if (!this.taking || this.prefetch.size() === 0 || this.attempts.slots() < this.needs.slots) return;
    const now = this.needs.clock.monotonic();
    if (now - this.waitingSince < this.patienceMs) return;
    this.waitingSince = now;
    this.patienceMs = Math.min(2 * this.patienceMs, LONGEST_PATIENCE_MS);
    const back = this.prefetch.drain();
    this.showVitals();
    void this.giveBack(back);
  }

  private mayBegin(): boolean {
    return this.attempts.slots() < this.needs.slots && this.attempts.waiting() < this.needs.maxUnreported;
  }

  /** When somebody will have waited for company long enough: one timer for all, and none where no slot is free. */
  private lookAgain(): void {
    const ms = this.mayBegin() ? this.prefetch.ripeInMs() : undefined;
    if (ms === undefined) return;
    const at = this.needs.clock.monotonic() + ms;
    if (this.look !== undefined && this.look.at <= at) return;
    this.look?.cancel();
    const cancel = this.needs.clock.after(Math.max(1, Math.ceil(ms)), () => {
      this.look = undefined;
      if (this.taking) this.fill();
    });
    this.look = { at, cancel };
  }

  /** What runs answers by its end; what waits for a slot, or isn't here, is withdrawn at once. */
  private revoke(revoked: readonly Dispatched[]): void {
    if (revoked.length === 0) return;
    const withdrawn = revoked.filter((dispatch) => {
      if (this.attempts.revoke(dispatch)) return false;
      const waited = this.prefetch.take(dispatch);
      if (waited === undefined) return !this.intake.revoke(dispatch);
      this.intake.forgetLater(dispatch);
      return true;
    });
    this.showVitals();
    if (withdrawn.length > 0) void this.returns.withdraw(withdrawn);
  }

  private async giveBack(back: readonly Held[]): Promise<void> {
    if (back.length === 0) return;
    await this.returns.giveBack(back, this.leaving);
    for (const { dispatch } of back) this.intake.forgetLater(dispatch);
  }

  private showVitals(): void {
    const { cells } = this.needs.vitals;
    Atomics.store(cells, VITALS.freeSlots, Math.max(0, this.needs.slots - this.attempts.slots() - this.prefetch.slots()));
    Atomics.store(cells, VITALS.held, this.attempts.size() + this.prefetch.size());
  }

  private wakeIfIdle(): void {
    if (!this.attempts.isIdle()) return;
    for (const wake of this.idle) wake();
    this.idle.clear();
  }

  /** True when nothing runs or waits to be reported any more, false after `ms`. */
  private becomesIdle(ms: number): Promise<boolean> {
    if (this.attempts.isIdle()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.needs.clock.after(ms, () => {
        resolve(this.attempts.isIdle());
      });
      this.idle.add(() => {
        cancel();
        resolve(true);
      });
    });
  }
}
