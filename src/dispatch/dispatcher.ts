/**
 * Sends what is ready to workers that have room, by priority. PostgreSQL is the queue; this keeps its head in memory and
 * hands out about as much as the workers can take, so that what comes later and matters more is never stuck in Kafka.
 */
import type { Dispatched } from '../core/event';
import type { FairnessSettings } from '../core/fairness';
import type { DagId } from '../core/ids';
import type { ReadyQueue } from '../core/readyQueue';
import type { Run } from '../core/run';
import type { HandOuts } from '../core/handOuts';
import { NOTHING_WAITS, type Standing } from '../core/standing';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Claims } from '../ports/leases';
import type { Permits } from '../ports/permits';
import type { WorkQueue } from '../ports/transport';
import { Allowances } from './allowances';
import type { Assignment, Assignments } from './assignments';
import { AT_ONCE, Binding } from './binding';
import { Books } from './books';
import type { Fleet } from './fleet';
import type { Gates } from './gates';
import type { Limits } from './limits';
import { createOrders, type Acknowledgement, type Orders, type Revoked } from './orders';
import { createPace, type Pace, type PaceNeeds } from './pace';
import { createRecoveries, type Recoveries } from './recoveries';
import type { InputsSource } from './inputs';
import { Reservations } from './reservations';
import { Sending } from './sending';
import type { DispatchSpans } from './spans';
import { createStragglers, type Stragglers, type StragglersNeeds } from './stragglers';

export interface DispatcherNeeds extends Pick<PaceNeeds, 'load'>, InputsSource {
  readonly queue: Pick<WorkQueue, 'send'>;
  readonly claims: Pick<Claims, 'raiseFloor'>;
  readonly fleet: Fleet;
  readonly gates: Pick<Gates, 'lets' | 'took'>;
  readonly limits: Pick<Limits, 'isKnown' | 'of' | 'slotsOf'>;
  readonly permits: Permits;
  readonly fairness: FairnessSettings;
  readonly spreadOf: StragglersNeeds['spreadOf'];
  /** Whether the leases of the shards last by this process's own clock: nothing is sent otherwise. */
  readonly isLive: () => boolean;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Absent where nothing is traced. */
  readonly spans?: DispatchSpans | undefined;
  /** Base URL at which workers find this scheduler. */
  readonly origin: () => string;
}

const AFTER_FAILURE_MS = 200;

const highestOf = (tasks: readonly { readonly run: Run; readonly task: number }[]): number =>
  tasks.reduce((highest, { run, task }) => Math.max(highest, run.specs[task]!.priority), 0);

export class Dispatcher {
  readonly ready: ReadyQueue;
  readonly assignments: Assignments;
  readonly stragglers: Stragglers;
  readonly recoveries: Recoveries;
  private readonly epochs = new Map<number, number>();
  private readonly books: Books;
  private readonly binding: Binding;
  private readonly sending: Sending;
  private readonly allowances: Allowances;
  private readonly reservations: Reservations;
  private readonly pace: Pace;
  private readonly orders: Orders;
  /** The send that is to come. */
  private next: { readonly waits: boolean; readonly cancel: () => void } | undefined;
  private pausedUntil = 0;

  constructor(private readonly needs: DispatcherNeeds) {
    const epochOf = (shard: number): number | undefined => this.epochs.get(shard);
    this.orders = createOrders({ ...needs, epochOf });
    this.pace = createPace(needs);
    const allowances = (this.allowances = new Allowances({
      clock: needs.clock,
      isWaitedFor: (key) => this.ready.isAside(key),
      due: () => {
        void this.reservations.learn().then(() => {
          this.nudge();
        });
      },
    }));
    this.reservations = new Reservations({ ...needs, allowances });
    const books = (this.books = new Books({ ...needs, allowances, limitsOf: needs.limits.of }));
    this.assignments = books.assignments;
    this.binding = new Binding({ ...needs, allowances, books, epochOf });
    this.ready = this.binding.ready;
    this.recoveries = createRecoveries(needs);
    this.sending = new Sending({
      ...needs,
      recoveries: this.recoveries,
      books,
      orders: this.orders,
      reservations: this.reservations,
      epochOf,
      putBack: (ready) => {
        this.ready.putBack(ready);
        this.nudge();
      },
      giveUp: (session, execution) => {
        this.giveUp(session, execution);
      },
      failed: () => {
        this.pauseAfterFailure();
      },
    });
    this.stragglers = createStragglers({
      ...needs,
      books,
      orders: this.orders,
      giveUp: (session, execution) => {
        this.giveUp(session, execution);
      },
    });
  }

  shardTaken(shard: number, epoch: number): void {
    this.epochs.set(shard, epoch);
  }

  shardDropped(shard: number): void {
    this.epochs.delete(shard);
    this.ready.dropShard(shard);
    this.stragglers.dropShard(shard);
    this.books.dropShard(shard);
    this.nudge();
  }

  enqueue(tasks: readonly { readonly run: Run; readonly task: number }[]): void {
    for (const { run, task } of tasks) {
      this.ready.push(run, task);
      this.stragglers.watch(run, task);
    }
    this.pace.gather(tasks.length, highestOf(tasks));
    this.nudge();
  }

  over(dispatches: readonly Dispatched[]): void {
    this.reservations.over(dispatches.flatMap((done) => this.books.end(done) ?? []));
    if (this.stragglers.size() > 0) this.stragglers.endOvertaken();
    this.nudge();
  }

  /** Looks anew at what was put aside behind limits, and tries again to free slots that could not be freed. Called each second. */
  reviewLimits(): Promise<void> {
    this.allowances.review(this.ready.asides());
    this.nudge();
    return this.reservations.free();
  }

  /** Brings the books in line with what is known. */
  reconcile(): void {
    this.books.reconcile();
  }

  /** A session runs a task, also one that an earlier owner of the shard sent: from now on somebody notices when that session ends. */
  adopt(run: Run, task: number, session: string): void {
    this.books.adopt(run, task, session);
    this.stragglers.watch(run, task);
  }

  /** The leases say that another session has the task than the one it was sent to. */
  reassign(assignment: Assignment, session: string): void {
    this.books.reassign(assignment, session);
  }

  /** Tells a session to end these dispatches; where the session isn't known here, its end is. */
  async revoke(session: string, revoked: readonly Revoked[]): Promise<void> {
    const seat = this.needs.fleet.seat(session);
    if (seat === undefined) return;
    await this.needs.queue.send(this.orders.revocations(seat, revoked));
  }

  /** As `revoke`, for an execution that nothing depends on any more: whether it is told matters to its worker's slots alone. */
  giveUp(session: string, { run, task, dispatch }: Revoked): void {
    this.revoke(session, [{ run, task, dispatch }]).catch(this.unsent);
  }

  acknowledge(checkpoints: readonly Acknowledgement[]): void {
    const orders = this.orders.acknowledgements(checkpoints, (session) => this.needs.fleet.seat(session));
    this.needs.queue.send(orders).catch(this.unsent);
  }

  /** The worker that a task was sent to and that hasn't ended it; undefined where it wasn't sent. */
  holderOf(dag: DagId, task: number): string | undefined {
    const assignment = this.assignments.get(dag, task);
    return assignment === undefined ? undefined : (this.needs.fleet.seat(assignment.session)?.worker ?? assignment.session);
  }

  /** How many tasks were handed out so far. */
  handOuts(): HandOuts {
    return this.binding.handOuts;
  }

  /** What waits for a worker that could run it, for the other schedulers. */
  standing(): Standing {
    // The shards' next owner is not to wait for this one.
    return this.needs.isLive() ? this.binding.standing() : { ...NOTHING_WAITS, handedOut: this.binding.handOuts.total() };
  }

  /** How many tasks of such types wait here for room at a worker: none that is behind a gate. */
  waiting(isRun: (type: string) => boolean): number {
    return this.needs.isLive() ? this.binding.waiting(isRun) : 0;
  }

  /** What waits at the other schedulers: nothing less important is sent from here, and flows get their shares over all of them. */
  hear(others: ReadonlyMap<string, Standing>): void {
    if (this.binding.hear(others)) this.nudge();
  }

  /** Sends as soon as the running turn of the event loop is over, so that all that became ready with it goes together; under load a little later. */
  nudge(): void {
    if (this.next?.waits === false) return;
    const ms = this.pace.waitMs();
    if (ms > 0 && this.next !== undefined) return;
    this.next?.cancel();
    const cancel = this.needs.clock.after(ms, () => {
      this.next = undefined;
      this.pump();
    });
    this.next = { waits: ms > 0, cancel };
  }

  private pump(): void {
    // A later look at the fleet tries again.
    if (!this.needs.isLive() || this.needs.clock.monotonic() < this.pausedUntil) return;
    const bound = this.binding.bind();
    if (bound.length === 0) return;
    this.pace.sent(bound.length, highestOf(bound.map(({ ready }) => ready)), this.binding.highestWaiting() !== null);
    if (bound.length === AT_ONCE) this.nudge();
    this.sending.start(bound);
  }

  private pauseAfterFailure(): void {
    const { clock } = this.needs;
    this.pausedUntil = clock.monotonic() + AFTER_FAILURE_MS;
    clock.after(AFTER_FAILURE_MS, () => {
      this.nudge();
    });
  }

  private readonly unsent = (error: unknown): void => {
    this.needs.announce('dispatch.failed', { count: 0, error });
  };
}
