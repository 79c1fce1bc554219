/** Who has what: every dispatch that was sent and whose end isn't known yet. */
import type { Dispatched } from '../core/event';
import type { DagId } from '../core/ids';
import type { TaskLimits } from '../core/limits';
import type { Run } from '../core/run';

export interface Assignment {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
  readonly type: string;
  readonly priority: number;
  /** What it takes of limits; undefined for nothing. */
  readonly limits: TaskLimits | undefined;
  session: string;
  /** Milliseconds by the monotonic clock: when it was sent, and when the leases were last asked about it. */
  sentAt: number;
  askedAt: number;
  /** It was told of as waiting at its worker. */
  told?: true;
}

export interface Assignments {
  add(assignment: Assignment): void;
  /** Takes out the assignment of a task, if it is of this dispatch or of an earlier one. */
  end(done: Dispatched): Assignment | undefined;
  get(dag: DagId, task: number): Assignment | undefined;
  /** Who has exactly this dispatch. */
  readonly sessionOf: (dispatch: Dispatched) => string | undefined;
  move(assignment: Assignment, session: string): void;
  ofSession(session: string): readonly Assignment[];
  sessions(): Iterable<string>;
  /** Takes out all of a shard. */
  dropShard(shard: number): Assignment[];
  /** Assignments sent and last asked about before `before`, at most `limit`. */
  silent(before: number, limit: number): Assignment[];
  /** Assignments sent before `before` that this hasn't answered yet. */
  waiting(before: number): Assignment[];
  size(): number;
}

export const createAssignments = (): Assignments => {
  const byDag = new Map<DagId, Map<number, Assignment>>();
  const bySession = new Map<string, Set<Assignment>>();

  const link = (assignment: Assignment): void => {
    let set = bySession.get(assignment.session);
    if (set === undefined) bySession.set(assignment.session, (set = new Set()));
    set.add(assignment);
  };
  const unlink = (assignment: Assignment): void => {
    const set = bySession.get(assignment.session);
    set?.delete(assignment);
    if (set?.size === 0) bySession.delete(assignment.session);
  };
  const remove = (assignment: Assignment): void => {
    unlink(assignment);
    const tasks = byDag.get(assignment.run.dag);
    tasks?.delete(assignment.task);
    if (tasks?.size === 0) byDag.delete(assignment.run.dag);
  };

  return {
    add: (assignment) => {
      let tasks = byDag.get(assignment.run.dag);
      if (tasks === undefined) byDag.set(assignment.run.dag, (tasks = new Map<number, Assignment>()));
      const earlier = tasks.get(assignment.task);
      if (earlier !== undefined) unlink(earlier);
      tasks.set(assignment.task, assignment);
      link(assignment);
    },
    end: ({ dag, task, dispatch }) => {
      const assignment = byDag.get(dag)?.get(task);
      if (assignment === undefined || assignment.dispatch > dispatch) return undefined;
      remove(assignment);
      return assignment;
    },
    get: (dag, task) => byDag.get(dag)?.get(task),
    sessionOf: ({ dag, task, dispatch }) => {
      const assignment = byDag.get(dag)?.get(task);
      return assignment?.dispatch === dispatch ? assignment.session : undefined;
    },
    move: (assignment, session) => {
      unlink(assignment);
      assignment.session = session;
      link(assignment);
    },
    ofSession: (session) => [...(bySession.get(session) ?? [])],
    sessions: () => bySession.keys(),
    dropShard: (shard) => {
      const dropped: Assignment[] = [];
      for (const set of bySession.values()) for (const assignment of set) if (assignment.run.shard === shard) dropped.push(assignment);
      dropped.forEach(remove);
      return dropped;
    },
    silent: (before, limit) => {
      const found: Assignment[] = [];
      for (const set of bySession.values()) {
        for (const assignment of set) {
          if (found.length >= limit) return found;
          if (assignment.askedAt < before) found.push(assignment);
        }
      }
      return found;
    },
    waiting: (before) => {
      const found: Assignment[] = [];
      for (const set of bySession.values()) {
        for (const assignment of set) {
          if (assignment.told || assignment.sentAt >= before) continue;
          assignment.told = true;
          found.push(assignment);
        }
      }
      return found;
    },
    size: () => {
      let size = 0;
      for (const set of bySession.values()) size += set.size;
      return size;
    },
  };
};
