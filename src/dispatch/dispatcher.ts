/**
 * Sends what is ready to workers that have room, by priority. PostgreSQL is the queue; this keeps its head in memory and
 * hands out about as much as the workers can take, so that what comes later and matters more is never stuck in Kafka.
 */
import type { Dispatched } from '../core/event';
import { failure } from '../core/failure';
import type { DagId } from '../core/ids';
import { createReadyQueue, type CanTake, type ReadyQueue, type ReadyTask } from '../core/readyQueue';
import { chooseSeat, emptySeat, hasRoom, leaveSeat, takeSeat, type Seat } from '../core/routing';
import type { Run } from '../core/run';
import { CODE } from '../core/states';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { Claims } from '../ports/leases';
import type { WorkIndex } from '../ports/store';
import type { WorkQueue } from '../ports/transport';
import { createAssignments, type Assignment, type Assignments } from './assignments';
import type { Fleet } from './fleet';
import type { Gates } from './gates';
import { hasNoInputs, readInputs } from './inputs';
import { createOrders, type Acknowledgement, type Orders } from './orders';
import { createPace, type Pace, type PaceNeeds } from './pace';

export interface DispatcherNeeds extends Pick<PaceNeeds, 'load'> {
  readonly queue: Pick<WorkQueue, 'send'>;
  readonly claims: Pick<Claims, 'raiseFloor'>;
  readonly work: Pick<WorkIndex, 'inputs'>;
  readonly fleet: Fleet;
  readonly gates: Pick<Gates, 'lets' | 'took'>;
  /** Whether the leases of the shards last by this process's own clock: nothing is sent otherwise. */
  readonly isLive: () => boolean;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Base URL at which workers find this scheduler. */
  readonly origin: () => string;
  /** Characters of inputs that travel with a dispatch. */
  readonly inlineLimit: number;
}

/** A task on its way to a seat. */
interface Bound {
  readonly ready: ReadyTask;
  readonly seat: Seat;
  /** The epoch under which it was bound: once the shard was given up, it is nobody's business any more. */
  readonly epoch: number | undefined;
}

const AT_ONCE = 2000;
const AFTER_FAILURE_MS = 200;
/** An execution that the law has given up still runs: its task waits until the claim is free. */
const WHILE_HELD_MS = 250;

export class Dispatcher {
  readonly ready: ReadyQueue = createReadyQueue();
  readonly assignments: Assignments = createAssignments();
  private readonly epochs = new Map<number, number>();
  private readonly pace: Pace;
  /** The send that is to come. */
  private next: { readonly waits: boolean; readonly cancel: () => void } | undefined;
  private pausedUntil = 0;
  /** No priority below this is sent: another scheduler has something more important waiting. */
  private floor = 0;

  private readonly orders: Orders;

  constructor(private readonly needs: DispatcherNeeds) {
    this.orders = createOrders({ ...needs, epochOf: (shard) => this.epochs.get(shard) });
    this.pace = createPace(needs);
  }

  shardTaken(shard: number, epoch: number): void {
    this.epochs.set(shard, epoch);
  }

  shardDropped(shard: number): void {
    this.epochs.delete(shard);
    this.ready.dropShard(shard);
    for (const assignment of this.assignments.dropShard(shard)) this.free(assignment);
    this.nudge();
  }

  enqueue(tasks: readonly { readonly run: Run; readonly task: number }[]): void {
    for (const { run, task } of tasks) this.ready.push(run, task);
    this.pace.gather(tasks.length);
    this.nudge();
  }

  over(dispatches: readonly Dispatched[]): void {
    for (const done of dispatches) {
      const assignment = this.assignments.end(done);
      if (assignment !== undefined) this.free(assignment);
    }
    this.nudge();
  }

  /**
   * Brings the books in line with what is known: a task is with the session that reported on it, whoever it was sent to, and a
   * seat's load is what is assigned to it, also where it was assigned before the seat was seen.
   */
  reconcile(): void {
    for (const seat of this.needs.fleet.seats()) emptySeat(seat);
    for (const session of [...this.assignments.sessions()]) {
      for (const assignment of this.assignments.ofSession(session)) {
        const { run, task, dispatch } = assignment;
        const holder = run.dispatch[task] === dispatch ? run.running.get(task)?.session : undefined;
        if (holder !== undefined && holder !== session) this.assignments.move(assignment, holder);
      }
    }
    for (const session of this.assignments.sessions()) {
      const seat = this.needs.fleet.seat(session);
      if (seat !== undefined) for (const assignment of this.assignments.ofSession(session)) takeSeat(seat, assignment);
    }
  }

  /** A session runs a task, also one that an earlier owner of the shard sent: from now on somebody notices when that session ends. */
  adopt(run: Run, task: number, session: string): void {
    const running = { run, task, dispatch: run.dispatch[task]! };
    if (!this.isSent(running)) this.assign(running, session);
  }

  /** The leases say that another session has the task than the one it was sent to. */
  reassign(assignment: Assignment, session: string): void {
    this.free(assignment);
    this.assignments.move(assignment, session);
    const seat = this.needs.fleet.seat(session);
    if (seat !== undefined) takeSeat(seat, assignment);
  }

  /** Tells a session to end these dispatches; where the session isn't known here, its end is. */
  async revoke(session: string, revoked: readonly { readonly run: Run; readonly task: number; readonly dispatch: number }[]): Promise<void> {
    const seat = this.needs.fleet.seat(session);
    if (seat === undefined) return;
    await this.needs.queue.send(this.orders.revocations(seat, revoked));
  }

  /** As `revoke`, for an execution that nothing depends on any more: whether it is told matters to its worker's slots alone. */
  giveUp(session: string, { run, task, dispatch }: { readonly run: Run; readonly task: number; readonly dispatch: number }): void {
    this.revoke(session, [{ run, task, dispatch }]).catch((error: unknown) => {
      this.needs.announce('dispatch.failed', { count: 0, error });
    });
  }

  acknowledge(checkpoints: readonly Acknowledgement[]): void {
    const orders = this.orders.acknowledgements(checkpoints, (session) => this.needs.fleet.seat(session));
    this.needs.queue.send(orders).catch((error: unknown) => {
      this.needs.announce('dispatch.failed', { count: 0, error });
    });
  }

  /** The worker that a task was sent to and that hasn't ended it; undefined where it wasn't sent. */
  holderOf(dag: DagId, task: number): string | undefined {
    const assignment = this.assignments.get(dag, task);
    return assignment === undefined ? undefined : (this.needs.fleet.seat(assignment.session)?.worker ?? assignment.session);
  }

  /** The highest priority that waits for a worker that could run it. */
  highestWaiting(): number | null {
    // The shards' next owner is not to wait for this one.
    if (!this.needs.isLive()) return null;
    const runnable = this.runnableTypes();
    return this.ready.highest((type, _priority, pool) => runnable.has(type) && this.isLet(type, pool));
  }

  /** How many tasks of such types wait here for room at a worker: none that is behind a gate. */
  waiting(isRun: (type: string) => boolean): number {
    if (!this.needs.isLive()) return 0;
    return this.ready.count((type, _priority, pool) => isRun(type) && this.isLet(type, pool));
  }

  /** Another scheduler's highest waiting priority: nothing lower is sent from here. */
  yieldTo(priority: number | null): void {
    const floor = priority ?? 0;
    const lowered = floor < this.floor;
    this.floor = floor;
    if (lowered) this.nudge();
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

  private runnableTypes(): Set<string> {
    const types = new Set<string>();
    for (const seat of this.needs.fleet.seats()) if (!seat.draining) for (const type of seat.types) types.add(type);
    return types;
  }

  private pump(): void {
    // A later look at the fleet tries again.
    if (!this.needs.isLive() || this.needs.clock.monotonic() < this.pausedUntil) return;
    const bound = this.bind();
    if (bound.length === 0) return;
    this.pace.sent(bound.length, this.highestWaiting() !== null);
    if (bound.length === AT_ONCE) this.nudge();
    const [plain, special] = [[] as Bound[], [] as Bound[]];
    for (const each of bound) (each.ready.dispatch === 1 && hasNoInputs(each.ready.run, each.ready.task) ? plain : special).push(each);
    if (plain.length > 0)
      this.send(plain, new Map()).catch((error: unknown) => {
        this.takeBack(plain, error);
      });
    if (special.length > 0)
      this.sendSpecial(special).catch((error: unknown) => {
        this.takeBack(special, error);
      });
  }

  /** Chooses a seat for as many tasks as there is room for. */
  private bind(): Bound[] {
    const { fleet } = this.needs;
    const full = new Map<string, number>();
    const canTake: CanTake = (type, priority, pool) => {
      if (priority < this.floor || priority <= (full.get(type) ?? -1) || !this.isLet(type, pool)) return false;
      for (const seat of fleet.seats()) if (seat.types.has(type) && hasRoom(seat, { type, priority })) return true;
      full.set(type, priority);
      return false;
    };
    const bound: Bound[] = [];
    while (bound.length < AT_ONCE) {
      const ready = this.ready.next(canTake);
      if (ready === undefined) break;
      // It waits here twice where its DAG was paused and resumed meanwhile.
      if (this.isSent(ready)) continue;
      const spec = ready.run.specs[ready.task]!;
      const seat = chooseSeat(fleet.seats(), spec);
      if (seat === undefined) break;
      this.assign(ready, seat.session);
      this.needs.gates.took({ type: spec.type, pool: spec.options?.pool }, { dag: ready.run.dag, task: ready.task, dispatch: ready.dispatch });
      bound.push({ ready, seat, epoch: this.epochs.get(ready.run.shard) });
    }
    return bound;
  }

  private isLet(type: string, pool: string | undefined): boolean {
    return this.needs.gates.lets({ type, pool }, ({ dag, task, dispatch }) => this.assignments.get(dag, task)?.dispatch === dispatch);
  }

  private isSent({ run, task, dispatch }: Pick<ReadyTask, 'run' | 'task' | 'dispatch'>): boolean {
    const assignment = this.assignments.get(run.dag, task);
    return assignment?.run === run && assignment.dispatch === dispatch;
  }

  private assign({ run, task, dispatch }: Pick<ReadyTask, 'run' | 'task' | 'dispatch'>, session: string): void {
    const { type, priority } = run.specs[task]!;
    const now = this.needs.clock.monotonic();
    this.assignments.add({ run, task, dispatch, type, priority, session, sentAt: now, askedAt: now });
    const seat = this.needs.fleet.seat(session);
    if (seat !== undefined) takeSeat(seat, { type, priority });
  }

  private free(assignment: Assignment): void {
    const seat = this.needs.fleet.seat(assignment.session);
    if (seat !== undefined) leaveSeat(seat, assignment);
  }

  /** What carries inputs, or a number that the leases must hear of first. */
  private async sendSpecial(bound: readonly Bound[]): Promise<void> {
    const again = bound.filter(({ ready }) => ready.dispatch > 1);
    const held = again.length === 0 ? new Set<Bound>() : await this.raiseFloors(again);
    const free = bound.filter((each) => !held.has(each));
    await this.send(
      free,
      await readInputs(
        this.needs.work,
        free.map(({ ready }) => ready),
      ),
    );
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
      if (answer.dispatch === each.ready.dispatch) this.assign(each.ready, answer.session);
      else {
        // The law has given that execution up: whatever it brings is refused, and nobody acknowledges its checkpoints.
        if (answer.dispatch < each.ready.dispatch) this.giveUp(answer.session, { ...each.ready, dispatch: answer.dispatch });
        this.needs.clock.after(WHILE_HELD_MS, () => {
          this.putBack(each);
        });
      }
    });
    return held;
  }

  private async send(bound: readonly Bound[], inputs: Awaited<ReturnType<typeof readInputs>>): Promise<void> {
    const { queue, announce, clock } = this.needs;
    const current = bound.filter((each) => this.isCurrent(each));
    if (current.length === 0) return;
    if (!this.needs.isLive()) throw failure('STALE_EPOCH', 'the leases of the shards are over by the own clock');
    const began = clock.monotonic();
    await queue.send(this.orders.dispatches(current, inputs));
    const now = clock.now();
    const waitedMs = current.reduce((sum, { ready: { run, task } }) => sum + Math.max(0, now - run.since[task]!), 0) / current.length;
    announce('dispatch.sent', { count: current.length, tookMs: clock.monotonic() - began, waitedMs });
  }

  /** Whether a task is still the one that was bound, in the shard that this scheduler has not given up since. */
  private isCurrent({ ready: { run, task, dispatch }, epoch }: Bound): boolean {
    return epoch !== undefined && this.epochs.get(run.shard) === epoch && run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch;
  }

  private putBack(each: Bound): void {
    if (!this.isCurrent(each)) return;
    this.ready.putBack(each.ready);
    this.nudge();
  }

  /** Takes the assignment of a bound task out of the books, unless the task has moved on meanwhile: then it is another's. */
  private endOwn(bound: Bound): Assignment | undefined {
    const { run, task, dispatch } = bound.ready;
    const assignment = this.assignments.get(run.dag, task);
    if (!this.isCurrent(bound) || assignment?.run !== run || assignment.dispatch !== dispatch) return undefined;
    this.assignments.end({ dag: run.dag, task, dispatch });
    this.free(assignment);
    return assignment;
  }

  /** A send that failed may have arrived all the same: claims see to it that nothing runs twice. */
  private takeBack(bound: readonly Bound[], error: unknown): void {
    const { clock, announce } = this.needs;
    announce('dispatch.failed', { count: bound.length, error });
    for (const each of [...bound].reverse()) {
      if (this.endOwn(each) !== undefined) this.putBack(each);
    }
    this.pausedUntil = clock.monotonic() + AFTER_FAILURE_MS;
    clock.after(AFTER_FAILURE_MS, () => {
      this.nudge();
    });
  }
}
