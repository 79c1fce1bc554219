/** What runs: calls handlers, holds them to their limits, and reports how they end. */
import type { Dispatched, Event, Report } from '../core/event';
import { abortReasonOf, dispatchedOf, executionOf, keyOf, type Attempt } from './attempt';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import { createCalls, type CallHandler, type CallsNeeds } from './calls';
import { createCheckpoints, type Telling } from './checkpoints';
import { outcomeOfAbort, type AbortReason, type Outcome } from './outcome';
import type { Held } from './prefetch';
import { batchesIn, isIsolated } from './work';

export interface AttemptsNeeds extends CallsNeeds {
  readonly session: string;
  readonly worker: string;
  /** How long a handler may go on after its signal fired. */
  readonly hardLimitGraceMs: number;
  /** Resolves when the event is durable in its shard's log. */
  readonly report: (shard: number, event: Event) => Promise<void>;
  /** The handler has ended and its report is durable. */
  readonly finished: (done: Dispatched) => void;
  /** A handler ignores its signal where it can't be ended alone, and what could be reported of it is durable. */
  readonly stuck: () => void;
  readonly clock: Clock;
  readonly announce: Announce;
}

interface AttemptsOwner extends AttemptsNeeds {
  readonly giveBack: (held: Held) => Promise<void>;
  /** Nothing more will be said of this dispatch. */
  readonly over: (dispatch: Dispatched) => void;
  /** A slot is free, or fewer reports wait. */
  readonly eased: () => void;
}

/** Executions shorter than this are told by their end alone. */
const TELL_AFTER_MS = 100;
/** What fits into a cell of the vitals. */
const LONGEST_MS = 2 ** 31 - 1;

export class Attempts {
  private readonly running = new Map<string, Attempt>();
  private readonly checkpoints;
  private readonly call: CallHandler;
  private readonly batches;
  /** Calls under way, by type: each takes a slot. */
  private readonly calling = new Map<string, number>();
  private taken = 0;
  private unreported = 0;
  private stuck = 0;

  constructor(private readonly needs: AttemptsOwner) {
    this.checkpoints = createCheckpoints({ clock: needs.clock });
    this.batches = batchesIn(needs.handlers);
    this.call = createCalls({
      ...needs,
      tellStarted: (attempt) => this.tell(attempt, { type: 'started', ...executionOf(attempt, needs) }),
      open: (attempt) => this.checkpoints.open(attempt, this.reporter(attempt)),
    });
  }

  /** Tasks that run. */
  size(): number {
    return this.running.size;
  }

  /** Slots that are taken. */
  slots(): number {
    return this.taken;
  }

  /** Whether a handler of this type is at work. */
  isCalling(type: string): boolean {
    return this.calling.has(type);
  }

  /** Ended attempts whose reports aren't durable yet. */
  waiting(): number {
    return this.unreported;
  }

  /** Whether nothing runs that could still end by itself or be ended, and everything is reported. */
  isIdle(): boolean {
    return this.unreported === 0 && this.running.size === this.stuck;
  }

  /** Attempts past their hard limit whose handlers go on. */
  countStuck(): number {
    return this.stuck;
  }

  held(): Held[] {
    return [...this.running.values()].map(({ held }) => held);
  }

  /** The owner has committed a checkpoint. */
  acknowledge(dispatch: Dispatched, sequence: number): void {
    this.checkpoints.acknowledge(dispatch, sequence);
  }

  /**
   * Milliseconds from now until an attempt that only the end of the process can end is past its hard limit; 0 where no attempt
   * has one. Asked with every beat of the main loop, and before a handler that may hold it is called.
   */
  allowanceMs(next: readonly Held[] = []): number {
    const now = this.needs.clock.now();
    let least = Infinity;
    const count = ({ dispatch }: Held, startedAt: number): void => {
      if (dispatch.timeoutSeconds === null || isIsolated(this.needs.handlers.get(dispatch.type))) return;
      least = Math.min(least, startedAt + dispatch.timeoutSeconds * 1000 + this.needs.hardLimitGraceMs - now);
    };
    for (const { held, startedAt } of this.running.values()) count(held, startedAt);
    for (const held of next) count(held, now);
    return least === Infinity ? 0 : Math.max(1, Math.min(LONGEST_MS, least));
  }

  /** Tells which executions run for a while, and fires the signals of those that run too long. */
  tick(): void {
    const now = this.needs.clock.now();
    for (const attempt of this.running.values()) {
      const { timeoutSeconds, progressTimeoutSeconds } = attempt.held.dispatch;
      if (!attempt.told && now - attempt.startedAt >= TELL_AFTER_MS) this.tellStarted(attempt);
      if (timeoutSeconds !== null && now - attempt.startedAt >= timeoutSeconds * 1000) {
        this.abort(attempt, { kind: 'timeout', seconds: timeoutSeconds });
      }
      if (progressTimeoutSeconds !== null && now - this.checkpoints.heardAt(attempt) >= progressTimeoutSeconds * 1000) {
        this.abort(attempt, { kind: 'silent', seconds: progressTimeoutSeconds });
      }
      this.checkpoints.tick(attempt);
    }
  }

  /** Fires the signal of one dispatch; false where it doesn't run here. */
  revoke(dispatch: Dispatched): boolean {
    const attempt = this.running.get(keyOf(dispatch));
    if (attempt?.held.dispatch.dispatch !== dispatch.dispatch) return false;
    this.abort(attempt, { kind: 'revoked' });
    return true;
  }

  /** Fires every signal; handlers may go on for `graceMs` then. */
  abandon(why: string, graceMs: number): void {
    for (const attempt of this.running.values()) this.abort(attempt, { kind: 'gone', why }, graceMs);
  }

  /** Runs what was granted, all of one type, in one call and one slot; resolves when that has ended. Never rejects. */
  async run(held: readonly Held[]): Promise<void> {
    const { type } = held[0]!.dispatch;
    const attempts = held.map((each) => this.begin(each));
    if (this.batches.has(type)) this.needs.announce('batch.called', { type, size: held.length });
    this.taken += 1;
    this.calling.set(type, (this.calling.get(type) ?? 0) + 1);
    const outcomes = await this.call(attempts);
    const endedAt = this.needs.clock.now();
    this.leaveSlot(type);
    attempts.forEach((attempt, i) => {
      this.end(attempt, outcomes[i]!, endedAt);
    });
    this.needs.eased();
  }

  private begin(held: Held): Attempt {
    const startedAt = this.needs.clock.now();
    const attempt: Attempt = {
      held,
      startedAt,
      controller: new AbortController(),
      told: false,
      stuck: false,
      reported: false,
      cancelHardLimit: () => undefined,
    };
    this.running.set(keyOf(held.dispatch), attempt);
    this.needs.announce('execution.started', { type: held.dispatch.type, sinceSentMs: startedAt - held.sentAt });
    return attempt;
  }

  private leaveSlot(type: string): void {
    const others = this.calling.get(type)! - 1;
    if (others > 0) this.calling.set(type, others);
    else this.calling.delete(type);
    this.taken -= 1;
  }

  private end(attempt: Attempt, outcome: Outcome, endedAt: number): void {
    attempt.cancelHardLimit();
    this.running.delete(keyOf(attempt.held.dispatch));
    if (attempt.stuck) this.stuck -= 1;
    this.checkpoints.close(attempt);
    this.announceEnd(attempt, outcome, endedAt);
    void this.reportEnd(attempt, outcome, endedAt);
  }

  private reporter(attempt: Attempt): { send(report: Telling): void } {
    return {
      send: (report) => {
        this.tell(attempt, { ...report, ...executionOf(attempt, this.needs) }).catch(this.failedToReport);
      },
    };
  }

  private tell(attempt: Attempt, report: Report): Promise<void> {
    attempt.told = true;
    return this.needs.report(attempt.held.shard, report);
  }

  private tellStarted(attempt: Attempt): void {
    this.tell(attempt, { type: 'started', ...executionOf(attempt, this.needs) }).catch(this.failedToReport);
  }

  private readonly failedToReport = (error: unknown): void => {
    this.needs.announce('loop.failed', { loop: 'report', error });
  };

  private abort(attempt: Attempt, reason: AbortReason, graceMs = this.needs.hardLimitGraceMs): void {
    if (attempt.controller.signal.aborted && reason.kind !== 'gone') return;
    attempt.controller.abort(reason);
    attempt.cancelHardLimit();
    attempt.cancelHardLimit = this.needs.clock.after(Math.min(graceMs, this.needs.hardLimitGraceMs), () => {
      this.enforce(attempt);
    });
  }

  /** The hard limit: what can be ended is, and reports its end by itself. */
  private enforce(attempt: Attempt): void {
    if (attempt.begun === undefined || attempt.stuck) return;
    if (attempt.begun.end !== undefined) {
      attempt.begun.end();
      return;
    }
    attempt.stuck = true;
    this.stuck += 1;
    const { dag, name, type, attempt: number } = attempt.held.dispatch;
    this.needs.announce('execution.stuck', { dag, task: name, type, attempt: number, sinceMs: this.needs.clock.now() - attempt.startedAt });
    void this.reportStuck(attempt);
  }

  /** Its failure is told, but its claim is kept: nobody else may run the task while this handler does. */
  private async reportStuck(attempt: Attempt): Promise<void> {
    const outcome = outcomeOfAbort(abortReasonOf(attempt)!, { end: 'none: the handler ignores its signal' });
    if (outcome.kind === 'failed') {
      attempt.reported = true;
      await this.counted(() => this.needs.report(attempt.held.shard, this.endOf(attempt, outcome, this.needs.clock.now())));
    }
    this.needs.stuck();
  }

  private async reportEnd(attempt: Attempt, outcome: Outcome, endedAt: number): Promise<void> {
    const { shard, dispatch } = attempt.held;
    await this.counted(async () => {
      if (outcome.kind === 'aborted' && !attempt.reported) {
        await this.needs.giveBack(attempt.held);
        return;
      }
      if (!attempt.reported) await this.needs.report(shard, this.endOf(attempt, outcome, endedAt));
      this.needs.finished(dispatchedOf(dispatch));
      this.needs.over(dispatch);
    });
  }

  private async counted(reporting: () => Promise<void>): Promise<void> {
    this.unreported += 1;
    try {
      await reporting();
    } catch (error) {
      this.failedToReport(error);
    } finally {
      this.unreported -= 1;
      this.needs.eased();
    }
  }

  private endOf(attempt: Attempt, outcome: Outcome, endedAt: number): Event {
    const execution = executionOf(attempt, this.needs);
    switch (outcome.kind) {
      case 'completed':
        return { type: 'completed', ...execution, endedAt, result: outcome.result };
      case 'failed':
        return { type: 'failed', ...execution, endedAt, error: outcome.error, retryable: outcome.retryable };
      case 'aborted':
        return { type: 'released', session: this.needs.session, tasks: [dispatchedOf(attempt.held.dispatch)] };
      case 'withdrawn':
        return { type: 'withdrawn', session: this.needs.session, tasks: [dispatchedOf(attempt.held.dispatch)] };
    }
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
}
