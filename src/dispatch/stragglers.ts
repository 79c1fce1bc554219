/**
 * Sends a second copy of a task that says it bears one and that runs for longer than nineteen in twenty of its type, to another worker
 * that has a free slot. What comes of it the law decides; here it is seen to that a copy ends with its task. Whoever takes the shard over knows
 * of none: then it runs to its end.
 */
import { copyOf, originalOf } from '../core/copies';
import type { Dispatched } from '../core/event';
import { taskIdOf } from '../core/ids';
import type { Seat } from '../core/routing';
import type { Run } from '../core/run';
import type { Spread } from '../core/runTimes';
import { CODE } from '../core/states';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { WorkQueue } from '../ports/transport';
import type { Assignment } from './assignments';
import type { Books } from './books';
import type { Fleet } from './fleet';
import type { Gates } from './gates';
import { readInputs, type InputsSource } from './inputs';
import type { Orders } from './orders';
import type { DispatchSpans } from './spans';

export interface StragglersNeeds extends InputsSource {
  readonly books: Books;
  readonly fleet: Pick<Fleet, 'seats' | 'seat'>;
  readonly gates: Pick<Gates, 'lets'>;
  /** What is known of the run times of a type. */
  readonly spreadOf: (type: string) => Spread | undefined;
  readonly orders: Pick<Orders, 'copy'>;
  readonly queue: Pick<WorkQueue, 'send'>;
  readonly isLive: () => boolean;
  /** Absent where nothing is traced. */
  readonly spans?: DispatchSpans | undefined;
  /** Tells a session to end an execution. */
  readonly giveUp: (session: string, execution: { readonly run: Run; readonly task: number; readonly dispatch: number }) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly announce: Announce;
}

export interface Stragglers {
  /** A task that bears a copy is sent. */
  watch(run: Run, task: number): void;
  /** Sends copies of what takes too long, and ends those of what has ended. */
  lookOnce(): void;
  /** Ends copies whose tasks have ended. */
  endOvertaken(): void;
  /** The copy's result is that of its task. */
  won(run: Run, task: number): void;
  dropShard(shard: number): void;
  /** Copies that were sent and whose tasks go on. */
  size(): number;
}

/** A copy is sent once for each dispatch of its task, whatever becomes of it. */
interface Copied {
  readonly run: Run;
  readonly task: number;
  readonly dispatch: number;
  won?: true;
}

/** Below, a quantile says little. */
const MIN_SAMPLES = 20;
/** A shorter task is over before a second one would be. */
const MIN_MS = 500;

const isUnderWay = ({ run, task, dispatch }: Copied): boolean => run.state[task] === CODE.RUNNING && run.dispatch[task] === dispatch;

/** What was lost with a worker may have been its end. */
const isSuspect = (run: Run, task: number): boolean => run.losses[task]! > 0 || (run.budgets.get(task)?.deaths ?? 0) > 0;

export const createStragglers = (needs: StragglersNeeds): Stragglers => {
  const { books, fleet, gates, orders, queue, clock, announce } = needs;
  const copied = new Map<string, Copied>();
  /** Whether any task that bears a copy was sent since none was out. */
  let watching = false;

  const isTooLong = (run: Run, task: number): boolean => {
    const running = run.running.get(task);
    const spread = running && needs.spreadOf(run.specs[task]!.type);
    if (running === undefined || spread === undefined || spread.samples < MIN_SAMPLES) return false;
    return clock.now() - running.startedAt > Math.max(spread.p95Ms, MIN_MS);
  };

  const bearsCopy = ({ run, task, dispatch, limits }: Assignment): boolean =>
    limits === undefined &&
    run.specs[task]?.options?.speculative === true &&
    originalOf(run, copyOf(task)) !== undefined &&
    isUnderWay({ run, task, dispatch }) &&
    !isSuspect(run, task) &&
    !copied.has(taskIdOf(run.dag, task));

  /** Another worker with a slot that nobody waits for. */
  const freeSeat = (run: Run, task: number, session: string): Seat | undefined => {
    const { type, options } = run.specs[task]!;
    if (!gates.lets({ type, pool: options?.pool }, () => false)) return undefined;
    const worker = fleet.seat(session)?.worker;
    let best: Seat | undefined;
    for (const seat of fleet.seats()) {
      if (seat.draining || seat.worker === worker || seat.session === session || seat.total >= seat.slots) continue;
      if (!seat.types.has(type) || seat.shared.has(type)) continue;
      if (best === undefined || seat.total / seat.slots < best.total / best.slots) best = seat;
    }
    return best;
  };

  const send = async (copy: Copied, seat: Seat): Promise<void> => {
    const { run, task, dispatch } = copy;
    const inputs = await readInputs(needs, [copy]);
    if (!needs.isLive() || !isUnderWay(copy)) {
      books.end({ dag: run.dag, task: copyOf(task), dispatch });
      return;
    }
    const span = needs.spans?.begin(copy, seat, clock.now());
    await queue.send(orders.copy(seat, copy, inputs, span));
    span?.sent();
    announce('task.copied', { dag: run.dag, task: run.specs[task]!.name, worker: seat.worker });
  };

  const copy = ({ run, task, dispatch, session }: Assignment): void => {
    const seat = freeSeat(run, task, session);
    if (seat === undefined) return;
    const made = { run, task, dispatch };
    copied.set(taskIdOf(run.dag, task), made);
    books.assign({ run, task: copyOf(task), dispatch }, seat.session);
    send(made, seat).catch((error: unknown) => {
      // It may have arrived all the same: its claim and the law deal with that.
      books.end({ dag: run.dag, task: copyOf(task), dispatch });
      announce('dispatch.failed', { count: 1, error });
    });
  };

  const endCopy = ({ run, task, dispatch }: Copied): void => {
    const done: Dispatched = { dag: run.dag, task: copyOf(task), dispatch };
    const assignment = books.end(done);
    if (assignment !== undefined) needs.giveUp(assignment.session, { run, task: done.task, dispatch });
  };

  const endOvertaken = (): void => {
    for (const [key, each] of copied) {
      if (isUnderWay(each)) continue;
      copied.delete(key);
      announce('copy.over', { outcome: each.won ? 'won' : 'lost' });
      endCopy(each);
    }
  };

  return {
    watch: (run, task) => {
      if (run.specs[task]?.options?.speculative === true) watching = true;
    },
    endOvertaken,
    won: (run, task) => {
      const known = copied.get(taskIdOf(run.dag, task));
      if (known !== undefined) known.won = true;
    },
    lookOnce: () => {
      endOvertaken();
      if (!watching || !needs.isLive()) return;
      let open = false;
      for (const session of [...books.assignments.sessions()])
        for (const assignment of books.assignments.ofSession(session)) {
          if (assignment.run.specs[assignment.task]?.options?.speculative !== true) continue;
          open = true;
          if (bearsCopy(assignment) && isTooLong(assignment.run, assignment.task)) copy(assignment);
        }
      watching = open;
    },
    dropShard: (shard) => {
      for (const [key, { run }] of copied) if (run.shard === shard) copied.delete(key);
    },
    size: () => copied.size,
  };
};
