/** The books: who has which dispatch, and how much of each seat that takes. */
import { originalOf } from '../core/copies';
import type { Dispatched } from '../core/event';
import type { TaskLimits } from '../core/limits';
import type { ReadyTask } from '../core/readyQueue';
import { emptySeat, leaveSeat, takeSeat, type Counted } from '../core/routing';
import type { Run } from '../core/run';
import type { Clock } from '../ports/clock';
import type { Allowances } from './allowances';
import { createAssignments, type Assignment, type Assignments } from './assignments';
import type { Fleet } from './fleet';

export interface BooksNeeds {
  readonly fleet: Pick<Fleet, 'seats' | 'seat'>;
  readonly allowances: Pick<Allowances, 'took' | 'gave'>;
  /** What a task takes of limits; undefined for nothing. */
  readonly limitsOf: (run: Run, task: number) => TaskLimits | undefined;
  readonly clock: Pick<Clock, 'monotonic'>;
}

type Sent = Pick<ReadyTask, 'run' | 'task' | 'dispatch'>;

export class Books {
  readonly assignments: Assignments = createAssignments();

  constructor(private readonly needs: BooksNeeds) {}

  /** Answers what the task takes of limits. `priority` is what it counts as, where that isn't its own. */
  assign({ run, task, dispatch }: Sent, session: string, as?: number): TaskLimits | undefined {
    const original = originalOf(run, task);
    const { type, priority: own } = run.specs[original ?? task]!;
    const priority = as ?? own;
    const { allowances, limitsOf, clock } = this.needs;
    const now = clock.monotonic();
    const earlier = this.assignments.get(run.dag, task)?.limits;
    if (earlier !== undefined) allowances.gave(earlier);
    // What has limits gets no copies.
    const limits = original === undefined ? limitsOf(run, task) : undefined;
    if (limits !== undefined) allowances.took(limits);
    const assignment: Assignment = { run, task, dispatch, type, priority, limits, session, sentAt: now, askedAt: now };
    // No row tells of a copy that waits.
    this.assignments.add(original === undefined ? assignment : { ...assignment, told: true });
    this.take(session, { type, priority });
    return limits;
  }

  isSent({ run, task, dispatch }: Sent): boolean {
    const assignment = this.assignments.get(run.dag, task);
    return assignment?.run === run && assignment.dispatch === dispatch;
  }

  /** Takes out the assignment of a dispatch, or of an earlier one of its task. */
  end(done: Dispatched): Assignment | undefined {
    const assignment = this.assignments.end(done);
    if (assignment === undefined) return undefined;
    const seat = this.needs.fleet.seat(assignment.session);
    // What came back, given back or lost, has its next number already: that is no sign of how fast its worker is.
    if (seat !== undefined && assignment.run.dispatch[assignment.task] === assignment.dispatch) seat.ended += 1;
    this.close(assignment);
    return assignment;
  }

  dropShard(shard: number): void {
    for (const assignment of this.assignments.dropShard(shard)) this.close(assignment);
  }

  /** A session runs a task, also one that an earlier owner of the shard sent: from now on somebody notices when that session ends. */
  adopt(run: Run, task: number, session: string): void {
    const running = { run, task, dispatch: run.dispatch[task]! };
    if (!this.isSent(running)) this.assign(running, session);
  }

  /** The leases say that another session has the task than the one it was sent to. */
  reassign(assignment: Assignment, session: string): void {
    // It may have ended while the leases were asked.
    if (this.assignments.get(assignment.run.dag, assignment.task) !== assignment) return;
    this.leave(assignment);
    this.assignments.move(assignment, session);
    this.take(session, assignment);
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
    for (const session of this.assignments.sessions()) for (const assignment of this.assignments.ofSession(session)) this.take(session, assignment);
  }

  private close(assignment: Assignment): void {
    this.leave(assignment);
    if (assignment.limits !== undefined) this.needs.allowances.gave(assignment.limits);
  }

  private take(session: string, task: Counted): void {
    const seat = this.needs.fleet.seat(session);
    if (seat !== undefined) takeSeat(seat, task);
  }

  private leave(assignment: Assignment): void {
    const seat = this.needs.fleet.seat(assignment.session);
    if (seat !== undefined) leaveSeat(seat, assignment);
  }
}
