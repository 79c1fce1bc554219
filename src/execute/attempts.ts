/** What runs: calls handlers, holds them to their limits, and reports how they end. */
import type { Dispatched, Event, Report } from '../core/event';
import { dispatchedOf, abortReasonOf, executionOf, keyOf, type Attempt } from './attempt';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { TaskInputs } from '../ports/store';
import { createCheckpoints, type Telling } from './checkpoints';
import { carryOut } from './execution';
import type { Handler, TaskLogger } from './handler';
import { outcomeOfAbort, type AbortReason, type Outcome } from './outcome';
import type { Held } from './prefetch';
import type { Begun, Isolated, Limits, Runnables, Voice, Work } from './work';

export interface AttemptsNeeds {
  readonly session: string;
  readonly worker: string;
  /** For how long the session's claims keep others off, by this process's own clock; 0 once its lease is over. */
  readonly leaseLeftMs: () => number;
  readonly handlers: Runnables;
  readonly limits: Limits;
  /** How long a handler may go on after its signal fired. */
  readonly hardLimitGraceMs: number;
  /** Resolves when the event is durable in its shard's log. */
  readonly report: (shard: number, event: Event) => Promise<void>;
  /** The handler has ended and its report is durable. */
  readonly finished: (done: Dispatched) => void;
  readonly fetchInputs: (origin: string, dispatch: Dispatched, fence: string) => Promise<TaskInputs>;
  readonly logger: (held: Held) => TaskLogger;
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
/** A lease that ends sooner wasn't renewed for two heartbeats (0.4 s of 1.6 by default): its end may be a cut from the leases. */
const TELL_FIRST_MS = 700;
/** What fits into a cell of the vitals. */
const LONGEST_MS = 2 ** 31 - 1;

const begin = (runnable: Handler | Isolated, work: Work, voice: Voice, signal: AbortSignal): Begun =>
  typeof runnable === 'function' ? { outcome: carryOut(runnable, work, voice, signal) } : runnable.begin(work, voice, signal);

export class Attempts {
  private readonly running = new Map<string, Attempt>();
  private readonly checkpoints;
  private unreported = 0;
  private stuck = 0;

  constructor(private readonly needs: AttemptsOwner) {
    this.checkpoints = createCheckpoints({ clock: needs.clock });
  }

  /** Slots that are taken. */
  size(): number {
    return this.running.size;
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
  allowanceMs(next?: Held): number {
    const now = this.needs.clock.now();
    let least = Infinity;
    const count = ({ dispatch }: Held, startedAt: number): void => {
      if (dispatch.timeoutSeconds === null || typeof this.needs.handlers.get(dispatch.type) !== 'function') return;
      least = Math.min(least, startedAt + dispatch.timeoutSeconds * 1000 + this.needs.hardLimitGraceMs - now);
    };
    for (const { held, startedAt } of this.running.values()) count(held, startedAt);
    if (next !== undefined) count(next, now);
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

  /** Runs what was granted; resolves when its end is reported. Never rejects. */
  async run(held: Held): Promise<void> {
    const { clock, announce } = this.needs;
    const attempt: Attempt = {
      held,
      startedAt: clock.now(),
      controller: new AbortController(),
      told: false,
      stuck: false,
      reported: false,
      cancelHardLimit: () => undefined,
    };
    this.running.set(keyOf(held.dispatch), attempt);
    announce('execution.started', { type: held.dispatch.type, sinceSentMs: attempt.startedAt - held.sentAt });
    const outcome = await this.callHandler(attempt);
    const endedAt = clock.now();
    attempt.cancelHardLimit();
    this.running.delete(keyOf(held.dispatch));
    if (attempt.stuck) this.stuck -= 1;
    this.checkpoints.close(attempt);
    this.announceEnd(attempt, outcome, endedAt);
    const reported = this.reportEnd(attempt, outcome, endedAt);
    this.needs.eased();
    await reported;
  }

  private async callHandler(attempt: Attempt): Promise<Outcome> {
    const { dispatch, origin, fence } = attempt.held;
    const runnable = this.needs.handlers.get(dispatch.type);
    if (runnable === undefined) {
      return { kind: 'failed', retryable: false, error: { kind: 'HANDLER', message: `this worker has no handler for ${dispatch.type}` } };
    }
    let inputs: TaskInputs = dispatch;
    try {
      if (dispatch.inputs === 'fetch') inputs = await this.needs.fetchInputs(origin, dispatchedOf(dispatch), fence);
    } catch (error) {
      return { kind: 'aborted', reason: `its inputs could not be fetched: ${String(error)}` };
    }
    try {
      // Durable before the handler is called: if this worker dies with it, too, everybody knows of what; and once the lease is over,
      // the log alone keeps others off.
      if (dispatch.suspect || this.needs.leaseLeftMs() < TELL_FIRST_MS)
        await this.tell(attempt, { type: 'started', ...executionOf(attempt, this.needs) });
    } catch (error) {
      return { kind: 'aborted', reason: `its start could not be reported: ${String(error)}` };
    }
    const reason = abortReasonOf(attempt);
    if (reason !== undefined) return outcomeOfAbort(reason);
    // Whoever was suspended past the end of its lease, or is cut off from the leases alone: somebody else may have the task by now.
    if (this.needs.leaseLeftMs() === 0) return outcomeOfAbort({ kind: 'gone', why: 'the lease of the session is over' });
    const voice = { logger: this.needs.logger(attempt.held), ...this.checkpoints.open(attempt, this.reporter(attempt)) };
    attempt.begun = begin(runnable, { dispatch, fence, inputs, limits: this.needs.limits }, voice, attempt.controller.signal);
    return attempt.begun.outcome;
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
