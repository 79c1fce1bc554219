/** What runs: calls handlers and holds them to their limits. */
import type { Dispatched, Report } from '../core/event';
import { executionOf, keyOf, type Attempt } from './attempt';
import { inTrace } from '../core/trace';
import type { Clock } from '../ports/clock';
import { createCalls, type CallHandler, type CallsNeeds } from './calls';
import { createCheckpoints, type Telling } from './checkpoints';
import { createEnds, type Ends, type EndsNeeds } from './ends';
import type { AbortReason, Outcome } from './outcome';
import type { RunSpans } from './spans';
import type { Held } from './prefetch';
import { batchesIn, isIsolated } from './work';

export interface AttemptsNeeds extends CallsNeeds, Omit<EndsNeeds, 'giveBack' | 'over' | 'eased'> {
  /** How long a handler may go on after its signal fired. */
  readonly hardLimitGraceMs: number;
  /** Nothing more is said of this attempt. */
  readonly fellSilent: (held: Held) => void;
  /** Absent where nothing is traced. */
  readonly spans?: RunSpans | undefined;
  readonly clock: Clock;
}

/** `eased`: also where a slot is free. */
type AttemptsOwner = AttemptsNeeds & EndsNeeds;

/** Executions shorter than this are told by their end alone. */
const TELL_AFTER_MS = 100;
/** What fits into a cell of the vitals. */
const LONGEST_MS = 2 ** 31 - 1;

/** A place that has not loaded its handler by then hardly will. */
const LOADING_MS = 60_000;

/** That a place is opened and loads its handler anew is no fault of the task that it is opened for: it may be another's that has ended the last one. */
const timedSince = ({ begun, startedAt, loadedAt }: Attempt, now: number): number =>
  begun?.loaded === undefined ? startedAt : (loadedAt ?? Math.min(now, startedAt + LOADING_MS));

export class Attempts {
  private readonly running = new Map<string, Attempt>();
  private readonly checkpoints;
  private readonly ends: Ends;
  private readonly call: CallHandler;
  private readonly batches;
  /** Calls under way, by type: each takes a slot. */
  private readonly calling = new Map<string, number>();
  private taken = 0;
  private stuck = 0;

  constructor(private readonly needs: AttemptsOwner) {
    this.checkpoints = createCheckpoints({ clock: needs.clock });
    this.ends = createEnds(needs);
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
    return this.ends.waiting();
  }

  /** Whether nothing runs that could still end by itself or be ended, and everything is reported. */
  isIdle(): boolean {
    return this.ends.waiting() === 0 && this.running.size === this.stuck;
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
      const since = timedSince(attempt, now);
      if (!attempt.told && now - attempt.startedAt >= TELL_AFTER_MS) this.tellStarted(attempt);
      if (timeoutSeconds !== null && now - since >= timeoutSeconds * 1000) {
        this.abort(attempt, { kind: 'timeout', seconds: timeoutSeconds });
      }
      if (progressTimeoutSeconds !== null && now - Math.max(since, this.checkpoints.heardAt(attempt)) >= progressTimeoutSeconds * 1000) {
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
    const { trace } = held.dispatch;
    const attempt: Attempt = {
      held,
      startedAt,
      controller: new AbortController(),
      traceparent: trace === undefined ? undefined : (this.needs.spans?.contextBelow(trace) ?? trace),
      told: false,
      stuck: false,
      reported: false,
      over: false,
      cancelHardLimit: () => undefined,
    };
    this.running.set(keyOf(held.dispatch), attempt);
    this.needs.announce('execution.started', {
      type: held.dispatch.type,
      sinceSentMs: startedAt - held.sentAt,
      sinceClaimedMs: startedAt - held.claimedAt,
    });
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
    attempt.over = true;
    this.needs.fellSilent(attempt.held);
    this.running.delete(keyOf(attempt.held.dispatch));
    if (attempt.stuck) this.stuck -= 1;
    this.checkpoints.close(attempt);
    this.needs.spans?.ended(attempt, outcome, endedAt);
    void this.ends.tell(attempt, outcome, endedAt);
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
    const { worker, clock } = this.needs;
    this.needs.announce('execution.stuck', {
      dag,
      task: name,
      type,
      attempt: number,
      worker,
      sinceMs: clock.now() - attempt.startedAt,
      ...inTrace(attempt.traceparent),
    });
    void this.ends.tellStuck(attempt);
  }
}
