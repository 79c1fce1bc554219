/** Runs what one session was handed: claims it, keeps it in order of priority, gives it a slot, and reports its end. */
import type { Dispatched, Event, Report } from '../core/event';
import { isFailure } from '../core/failure';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import { VITALS, type ClaimAnswer, type Claims, type Vitals } from '../ports/leases';
import type { TaskInputs } from '../ports/store';
import type { WorkOrder } from '../ports/transport';
import { createCheckpoints } from './checkpoints';
import { carryOut, contextOf, executionOf, type AbortReason, type Attempt, type Outcome } from './execution';
import type { Handlers, TaskLogger } from './handler';
import { createPrefetch, type Held } from './prefetch';
import { createReturns } from './returns';

export interface ExecutorNeeds {
  readonly session: string;
  readonly worker: string;
  readonly slots: number;
  readonly handlers: Handlers;
  readonly claims: Pick<Claims, 'claim' | 'release'>;
  /** Resolves when the event is durable in its shard's log. */
  readonly report: (shard: number, event: Event) => Promise<void>;
  /** The handler has ended and its report is durable. */
  readonly finished: (done: Dispatched) => void;
  readonly fetchInputs: (origin: string, dispatch: Dispatched, fence: string) => Promise<TaskInputs>;
  readonly logger: (held: Held) => TaskLogger;
  readonly vitals: Vitals;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Reports that may wait to be durable before no further handler starts. */
  readonly maxUnreported: number;
  /** Characters of JSON that a result may have. */
  readonly resultLimit: number;
}

/** A dispatch that took longer than this to arrive is left to the scheduler, which has given it up by now. */
const STALE_MS = 60_000;
const ASK_AGAIN_MS = 200;
/** Executions shorter than this are told by their end alone. */
const TELL_AFTER_MS = 100;

const keyOf = (dispatch: Dispatched): string => `${dispatch.dag}/${String(dispatch.task)}`;
const numberedKeyOf = (dispatch: Dispatched): string => `${keyOf(dispatch)}/${String(dispatch.dispatch)}`;
/** Ended dispatches that are remembered: a message that comes twice may come before the claim is a tombstone. */
const REMEMBERED = 5000;
const dispatchedOf = ({ dag, task, dispatch }: Dispatched): Dispatched => ({ dag, task, dispatch });

export class Executor {
  private readonly prefetch = createPrefetch();
  private readonly running = new Map<string, Attempt>();
  /** Every dispatch that this session asked for or was granted: what arrives again is known. */
  private readonly known = new Set<string>();
  private ended: string[] = [];
  private readonly newestEpoch = new Map<number, number>();
  private readonly checkpoints;
  private readonly returns;
  private unreported = 0;
  private taking = true;
  /** It drains: what still comes in is given back at once, or it would wait for the end of the session. */
  private leaving = false;
  private readonly idle = new Set<() => void>();

  constructor(private readonly needs: ExecutorNeeds) {
    this.checkpoints = createCheckpoints({ clock: needs.clock });
    this.returns = createReturns(needs);
    this.showVitals();
  }

  /** Takes what came in; resolves when all of it is claimed or refused. */
  async accept(orders: readonly WorkOrder[]): Promise<void> {
    if (this.leaving) {
      await this.turnAway(orders);
      return;
    }
    const wanted: Omit<Held, 'fence'>[] = [];
    for (const order of orders) {
      if (!this.isForUs(order)) continue;
      for (const ack of order.acknowledged) this.checkpoints.acknowledge(ack.dispatch, ack.sequence);
      for (const dispatch of order.dispatches) {
        if (this.known.has(numberedKeyOf(dispatch))) continue;
        this.known.add(numberedKeyOf(dispatch));
        wanted.push({ dispatch, shard: order.shard, sentAt: order.sentAt, origin: order.origin });
      }
    }
    await this.claim(wanted);
  }

  /** Tells which executions run for a while, and ends those that run too long: called a few times a second. */
  tick(): void {
    const now = this.needs.clock.now();
    for (const attempt of this.running.values()) {
      const { dispatch } = attempt.held;
      if (!attempt.told && now - attempt.startedAt >= TELL_AFTER_MS) this.tellStarted(attempt);
      if (dispatch.timeoutSeconds !== null && now - attempt.startedAt >= dispatch.timeoutSeconds * 1000) {
        this.abort(attempt, { kind: 'timeout', seconds: dispatch.timeoutSeconds });
      }
      this.checkpoints.tick(attempt);
    }
    Atomics.add(this.needs.vitals.cells, VITALS.beats, 1);
  }

  /** What this session holds, for the leases after they lost their memory. */
  holds(): (Dispatched & { readonly fence: string })[] {
    return [...[...this.running.values()].map(({ held }) => held), ...this.prefetch.all()].map((held) => ({
      ...dispatchedOf(held.dispatch),
      fence: held.fence,
    }));
  }

  /** First gear: takes nothing more, gives back what hasn't started, and waits up to `ms` for what runs. */
  async drain(ms: number): Promise<void> {
    this.taking = false;
    this.leaving = true;
    Atomics.store(this.needs.vitals.cells, VITALS.draining, 1);
    const back = this.prefetch.drain();
    this.showVitals();
    await this.giveBack(back);
    if (!(await this.becomesIdle(ms))) this.abandon('the worker leaves');
    await this.becomesIdle(1000);
  }

  /** Second gear, or the session is over: every handler's signal fires. */
  abandon(why: string): void {
    this.taking = false;
    this.prefetch.drain();
    for (const attempt of this.running.values()) this.abort(attempt, { kind: 'gone', why });
    this.showVitals();
  }

  /** Asked anew after every wait. */
  private isTaking(): boolean {
    return this.taking;
  }

  private isForUs({ session, shard, epoch, sentAt }: WorkOrder): boolean {
    const newest = this.newestEpoch.get(shard) ?? 0;
    if (!this.taking || session !== this.needs.session || epoch < newest) return false;
    this.newestEpoch.set(shard, epoch);
    return this.needs.clock.now() - sentAt < STALE_MS;
  }

  private async claim(wanted: readonly Omit<Held, 'fence'>[]): Promise<void> {
    let open = wanted;
    while (open.length > 0 && this.taking) {
      const answers = await this.ask(open.map(({ dispatch }) => dispatchedOf(dispatch)));
      const again: Omit<Held, 'fence'>[] = [];
      const tooLate: Held[] = [];
      open.forEach((each, i) => {
        const answer = answers[i];
        if (answer === undefined || answer.kind === 'wait') again.push(each);
        else if (answer.kind !== 'granted') this.known.delete(numberedKeyOf(each.dispatch));
        else if (this.taking) this.prefetch.push({ ...each, fence: answer.fence });
        else tooLate.push({ ...each, fence: answer.fence });
      });
      open = again;
      // The worker left, or lost its session, while it asked: no handler may start any more.
      await this.giveBack(tooLate);
      if (!this.isTaking()) break;
      this.fill();
      if (open.length > 0) await new Promise<void>((resolve) => this.needs.clock.after(ASK_AGAIN_MS, resolve));
    }
    if (!this.leaving) return;
    await this.returns.tell(
      open.map(({ dispatch }) => dispatch),
      true,
    );
  }

  /** Undefined answers where the leases are away: they are asked again. */
  private async ask(wanted: readonly Dispatched[]): Promise<readonly (ClaimAnswer | undefined)[]> {
    const { claims, session, clock, announce } = this.needs;
    const began = clock.monotonic();
    try {
      const answers = await claims.claim(session, wanted);
      const granted = answers.filter(({ kind }) => kind === 'granted').length;
      announce('claim.answered', { granted, refused: answers.length - granted, tookMs: clock.monotonic() - began });
      return answers;
    } catch (error) {
      if (!isFailure(error)) throw error;
      announce('loop.failed', { loop: 'claim', error });
      return [];
    }
  }

  private fill(): void {
    while (this.running.size < this.needs.slots && this.unreported < this.needs.maxUnreported) {
      const held = this.prefetch.next();
      if (held === undefined) break;
      void this.run(held);
    }
    this.showVitals();
  }

  private async run(held: Held): Promise<void> {
    const { clock, announce } = this.needs;
    const attempt: Attempt = { held, startedAt: clock.now(), controller: new AbortController(), told: false };
    this.running.set(keyOf(held.dispatch), attempt);
    announce('execution.started', { type: held.dispatch.type, sinceSentMs: attempt.startedAt - held.sentAt });
    const outcome = await this.callHandler(attempt);
    const endedAt = clock.now();
    this.running.delete(keyOf(held.dispatch));
    this.checkpoints.close(attempt);
    this.announceEnd(attempt, outcome, endedAt);
    const reported = this.reportEnd(attempt, outcome, endedAt);
    if (this.taking) this.fill();
    else this.showVitals();
    await reported;
    this.wakeIfIdle();
  }

  private async callHandler(attempt: Attempt): Promise<Outcome> {
    const { dispatch, origin, fence } = attempt.held;
    const handler = this.needs.handlers.get(dispatch.type);
    if (handler === undefined) {
      return { kind: 'failed', retryable: false, error: { kind: 'HANDLER', message: `this worker has no handler for ${dispatch.type}` } };
    }
    let inputs: TaskInputs = dispatch;
    if (dispatch.inputs === 'fetch') {
      try {
        inputs = await this.needs.fetchInputs(origin, dispatchedOf(dispatch), fence);
      } catch (error) {
        return { kind: 'aborted', reason: `its inputs could not be fetched: ${String(error)}` };
      }
    }
    const context = () =>
      contextOf({
        attempt,
        inputs,
        logger: this.needs.logger(attempt.held),
        limit: this.needs.resultLimit,
        ...this.checkpoints.open(attempt, this.reporter(attempt)),
      });
    return carryOut(handler, context, attempt.controller.signal, this.needs.resultLimit);
  }

  private reporter(attempt: Attempt): {
    send(report: { type: 'checkpointed'; sequence: number; state: string } | { type: 'progressed'; fraction: number; message: string | null }): void;
  } {
    return {
      send: (report) => {
        this.tell(attempt, { ...report, ...executionOf(attempt, this.needs) }).catch((error: unknown) => {
          this.needs.announce('loop.failed', { loop: 'report', error });
        });
      },
    };
  }

  private tell(attempt: Attempt, report: Report): Promise<void> {
    attempt.told = true;
    return this.needs.report(attempt.held.shard, report);
  }

  private tellStarted(attempt: Attempt): void {
    this.tell(attempt, { type: 'started', ...executionOf(attempt, this.needs) }).catch((error: unknown) => {
      this.needs.announce('loop.failed', { loop: 'report', error });
    });
  }

  private async reportEnd(attempt: Attempt, outcome: Outcome, endedAt: number): Promise<void> {
    this.unreported += 1;
    try {
      if (outcome.kind === 'aborted') await this.giveBack([attempt.held]);
      else {
        await this.needs.report(attempt.held.shard, this.endOf(attempt, outcome, endedAt));
        this.needs.finished(dispatchedOf(attempt.held.dispatch));
      }
    } catch (error) {
      this.needs.announce('loop.failed', { loop: 'report', error });
    } finally {
      this.unreported -= 1;
      if (outcome.kind !== 'aborted') this.forgetLater(attempt.held.dispatch);
      if (this.taking && this.prefetch.size() > 0) this.fill();
    }
  }

  private endOf(attempt: Attempt, outcome: Exclude<Outcome, { kind: 'aborted' }>, endedAt: number): Report {
    const execution = executionOf(attempt, this.needs);
    if (outcome.kind === 'completed') return { type: 'completed', ...execution, endedAt, result: outcome.result };
    return { type: 'failed', ...execution, endedAt, error: outcome.error, retryable: outcome.retryable };
  }

  private forgetLater(dispatch: Dispatched): void {
    this.ended.push(numberedKeyOf(dispatch));
    if (this.ended.length < 2 * REMEMBERED) return;
    for (const key of this.ended.slice(0, REMEMBERED)) this.known.delete(key);
    this.ended = this.ended.slice(REMEMBERED);
  }

  private async giveBack(back: readonly Held[]): Promise<void> {
    if (back.length === 0) return;
    await this.returns.giveBack(back, this.leaving);
    for (const { dispatch } of back) this.forgetLater(dispatch);
  }

  /** Gives back what was sent before the scheduler knew that this worker leaves. */
  private async turnAway(orders: readonly WorkOrder[]): Promise<void> {
    const ours = orders.filter(({ session }) => session === this.needs.session);
    const fresh = ours.flatMap(({ dispatches }) => dispatches).filter((dispatch) => !this.known.has(numberedKeyOf(dispatch)));
    for (const dispatch of fresh) this.known.add(numberedKeyOf(dispatch));
    await this.returns.tell(fresh, true);
  }

  private abort(attempt: Attempt, reason: AbortReason): void {
    if (!attempt.controller.signal.aborted) attempt.controller.abort(reason);
  }

  private announceEnd({ held: { dispatch }, startedAt }: Attempt, outcome: Outcome, endedAt: number): void {
    this.needs.announce('execution.finished', {
      dag: dispatch.dag,
      task: dispatch.name,
      type: dispatch.type,
      attempt: dispatch.attempt,
      outcome: outcome.kind,
      runningMs: endedAt - startedAt,
      ...(outcome.kind === 'failed' ? { error: outcome.error.message } : {}),
    });
  }

  private showVitals(): void {
    const { cells } = this.needs.vitals;
    const held = this.running.size + this.prefetch.size();
    Atomics.store(cells, VITALS.freeSlots, Math.max(0, this.needs.slots - held));
    Atomics.store(cells, VITALS.held, held);
  }

  private isIdle(): boolean {
    return this.running.size === 0 && this.unreported === 0;
  }

  private wakeIfIdle(): void {
    if (!this.isIdle()) return;
    for (const wake of this.idle) wake();
    this.idle.clear();
  }

  /** True when nothing runs or waits to be reported any more, false after `ms`. */
  private becomesIdle(ms: number): Promise<boolean> {
    if (this.isIdle()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.needs.clock.after(ms, () => {
        resolve(this.isIdle());
      });
      this.idle.add(() => {
        cancel();
        resolve(true);
      });
    });
  }
}
