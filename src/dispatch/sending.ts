/** Brings bound tasks to their workers: raises floors, reads inputs, sends, and takes back what could not be sent. */
import { failure } from '../core/failure';
import type { ReadyTask } from '../core/readyQueue';
import { CODE } from '../core/states';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Claims } from '../ports/leases';
import type { WorkQueue } from '../ports/transport';
import type { Assignment } from './assignments';
import type { Bound } from './binding';
import type { Books } from './books';
import { hasNoInputs, readInputs, type InputsRead, type InputsSource } from './inputs';
import type { Orders } from './orders';
import type { Recoveries } from './recoveries';
import type { Reservations } from './reservations';
import type { DispatchSpan, DispatchSpans } from './spans';

export interface SendingNeeds extends InputsSource {
  readonly books: Books;
  readonly orders: Pick<Orders, 'dispatches'>;
  readonly reservations: Pick<Reservations, 'ask' | 'refused' | 'untried' | 'over'>;
  readonly queue: Pick<WorkQueue, 'send'>;
  readonly claims: Pick<Claims, 'raiseFloor'>;
  readonly recoveries: Pick<Recoveries, 'sent'>;
  readonly isLive: () => boolean;
  readonly epochOf: (shard: number) => number | undefined;
  /** The task keeps its turn. */
  readonly putBack: (ready: ReadyTask) => void;
  /** An execution that the law has given up still runs. */
  readonly giveUp: (session: string, execution: Pick<ReadyTask, 'run' | 'task' | 'dispatch'>) => void;
  /** Absent where nothing is traced. */
  readonly spans?: DispatchSpans | undefined;
  /** Nothing can be sent for a moment. */
  readonly failed: () => void;
  readonly clock: Clock;
  readonly announce: Announce;
}

/** An execution that the law has given up still runs: its task waits until the claim is free. */
const WHILE_HELD_MS = 250;

export class Sending {
  constructor(private readonly needs: SendingNeeds) {}

  /** Sends these; what fails is put back by itself. */
  start(bound: readonly Bound[]): void {
    const limited = bound.filter(({ limits }) => limits !== undefined);
    if (limited.length === 0) {
      this.sendAll(bound);
      return;
    }
    this.sendAll(bound.filter(({ limits }) => limits === undefined));
    this.sendLimited(limited).catch((error: unknown) => {
      this.takeBack(limited, error);
    });
  }

  /** What limits have no room for goes back to where it waited. */
  private async sendLimited(limited: readonly Bound[]): Promise<void> {
    const { reservations } = this.needs;
    // Before anything is asked of limits: what has to wait for its own execution would use up a rate by each try.
    const free = await this.withoutHeld(limited);
    const isFree = new Set(free);
    for (const each of limited) if (!isFree.has(each)) reservations.untried(each.limits!);
    if (free.length === 0) return;
    const answers = await reservations.ask(free);
    const isGranted = (_: unknown, i: number): boolean => answers[i]?.kind === 'granted';
    this.sendEach(free.filter(isGranted), (special) => this.sendWithInputs(special));
    const refused = free.flatMap((each, i) => (isGranted(each, i) ? [] : [{ each, answer: answers[i], isOwn: this.endOwn(each) !== undefined }]));
    for (const { each, answer } of refused) reservations.refused(each.limits!, answer);
    for (const { each, isOwn } of refused.reverse()) if (isOwn) this.putBack(each);
  }

  private sendAll(bound: readonly Bound[]): void {
    this.sendEach(bound, async (special) => this.sendWithInputs(await this.withoutHeld(special)));
  }

  private sendEach(bound: readonly Bound[], sendSpecial: (special: readonly Bound[]) => Promise<void>): void {
    const [plain, special] = [[] as Bound[], [] as Bound[]];
    for (const each of bound) (each.ready.dispatch === 1 && hasNoInputs(each.ready.run, each.ready.task) ? plain : special).push(each);
    if (plain.length > 0)
      this.send(plain, new Map()).catch((error: unknown) => {
        this.takeBack(plain, error);
      });
    if (special.length > 0)
      sendSpecial(special).catch((error: unknown) => {
        this.takeBack(special, error);
      });
  }

  private async sendWithInputs(bound: readonly Bound[]): Promise<void> {
    const inputs = await readInputs(
      this.needs,
      bound.map(({ ready }) => ready),
    );
    await this.send(bound, inputs);
  }

  /** Those that nobody runs any more: of a later number the leases must hear first. */
  private async withoutHeld(bound: readonly Bound[]): Promise<readonly Bound[]> {
    const again = bound.filter(({ ready }) => ready.dispatch > 1);
    if (again.length === 0) return bound;
    const held = await this.raiseFloors(again);
    return bound.filter((each) => !held.has(each));
  }

  /** A later number starts only where no live session has an earlier one: those that have one are left to it. */
  private async raiseFloors(again: readonly Bound[]): Promise<Set<Bound>> {
    const answers = await this.needs.claims.raiseFloor(again.map(({ ready: { run, task, dispatch } }) => ({ dag: run.dag, task, dispatch })));
    const held = new Set<Bound>();
    again.forEach((each, i) => {
      const answer = answers[i];
      if (answer?.kind !== 'held') return;
      held.add(each);
      const assignment = this.endOwn(each);
      if (assignment === undefined) return;
      if (answer.dispatch === each.ready.dispatch) this.needs.books.assign(each.ready, answer.session);
      else {
        // The law has given that execution up: whatever it brings is refused, and nobody acknowledges its checkpoints.
        if (answer.dispatch < each.ready.dispatch) this.needs.giveUp(answer.session, { ...each.ready, dispatch: answer.dispatch });
        this.needs.clock.after(WHILE_HELD_MS, () => {
          this.putBack(each);
        });
      }
    });
    return held;
  }

  private async send(bound: readonly Bound[], inputs: InputsRead): Promise<void> {
    const { queue, orders, announce, clock } = this.needs;
    const current = bound.filter((each) => this.isCurrent(each));
    if (current.length === 0) return;
    if (!this.needs.isLive()) throw failure('STALE_EPOCH', 'the leases of the shards are over by the own clock');
    const began = clock.monotonic();
    const spans = this.beginSpans(current);
    await queue.send(orders.dispatches(current, inputs, spans));
    const now = clock.now();
    const waitsMs = current.map(({ ready: { run, task } }) => Math.max(0, now - run.since[task]!));
    announce('dispatch.sent', { count: current.length, tookMs: clock.monotonic() - began, waitsMs });
    for (const { ready } of current) if (ready.dispatch > 1) this.needs.recoveries.sent(ready);
    if (spans !== undefined) for (const span of spans.values()) span.sent();
  }

  private beginSpans(bound: readonly Bound[]): Map<ReadyTask, DispatchSpan> | undefined {
    if (this.needs.spans === undefined) return undefined;
    const spans = new Map<ReadyTask, DispatchSpan>();
    for (const { ready, seat } of bound) {
      const span = this.needs.spans.begin(ready, seat, ready.run.since[ready.task]!);
      if (span !== undefined) spans.set(ready, span);
    }
    return spans;
  }

  /** Whether a task is still the one that was bound, in the shard that this scheduler has not given up since. */
  private isCurrent({ ready: { run, task, dispatch }, epoch }: Bound): boolean {
    return epoch !== undefined && this.needs.epochOf(run.shard) === epoch && run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch;
  }

  private putBack(each: Bound): void {
    if (this.isCurrent(each)) this.needs.putBack(each.ready);
  }

  /** Takes the assignment of a bound task out of the books, unless the task has moved on meanwhile: then it is another's. */
  private endOwn(bound: Bound): Assignment | undefined {
    const { run, task, dispatch } = bound.ready;
    if (!this.isCurrent(bound) || !this.needs.books.isSent(bound.ready)) return undefined;
    return this.needs.books.end({ dag: run.dag, task, dispatch });
  }

  /** A send that failed may have arrived all the same: claims see to it that nothing runs twice. */
  private takeBack(bound: readonly Bound[], error: unknown): void {
    this.needs.announce('dispatch.failed', { count: bound.length, error });
    for (const each of [...bound].reverse()) {
      const assignment = this.endOwn(each);
      if (assignment === undefined) continue;
      this.needs.reservations.over([assignment]);
      this.putBack(each);
    }
    this.needs.failed();
  }
}
