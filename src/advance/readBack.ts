/**
 * What was read from the store is handed out only once the log was read up to where it ended then: it may tell that a worker has
 * the task already, and of a worker that is cut off from the leases nothing else tells so. The owner sets a mark in its own log and
 * waits for it to come back. While the log is away nothing comes back, and nothing could be sent or reported either; a mark that is
 * lost, with a broker or with its topic, is set again.
 */
import type { Marked } from '../core/event';
import type { Run } from '../core/run';
import { CODE } from '../core/states';
import type { Ready } from '../core/step';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { EventLog } from '../ports/transport';
import type { Outlet } from './outlet';

export const isStillReady = ({ run, task, dispatch }: Ready): boolean => run.state[task] === CODE.QUEUED && run.dispatch[task] === dispatch;

export interface ReadBackNeeds {
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly announce: Announce;
  readonly outlet: Pick<Outlet, 'ready'>;
  /** Whether this is still the run that is advanced here. */
  readonly isCurrent: (run: Run) => boolean;
}

export interface ReadBack {
  shardTaken(shard: number, epoch: number): void;
  shardDropped(shard: number): void;
  /** This run was read from the store just now: nothing of it goes before a mark that is set for it has come back. */
  hold(run: Run): void;
  /** Sets a mark for a run that is held; where one is under way already, the next one when it has come back. */
  mark(run: Run): void;
  /** The same for all that is held of this shard. */
  markAll(shard: number): void;
  /** A mark was read, and all that was told before it is applied. */
  read(shard: number, marked: Marked): void;
  /** Hands out what isn't held, the rest later; what has moved on meanwhile isn't handed out. */
  pass(ready: readonly Ready[]): void;
  /** Sets marks again that should have come back long ago. */
  markAgain(): void;
}

/** The marks of one shard under one epoch, counted from 1. */
interface Marks {
  readonly epoch: number;
  set: number;
  setAt: number;
  read: number;
  /** Runs, and which mark must come back first; infinity while none is set for it. */
  readonly behind: Map<Run, number>;
  readonly held: Ready[];
}

/** Longer than a mark takes to come back from the log. */
const AGAIN_MS = 1000;

export const createReadBack = ({ log, clock, announce, outlet, isCurrent }: ReadBackNeeds): ReadBack => {
  const shards = new Map<number, Marks>();

  const setMark = (shard: number, marks: Marks): void => {
    marks.set += 1;
    marks.setAt = clock.monotonic();
    log.append(new Map([[shard, [{ type: 'marked', epoch: marks.epoch, mark: marks.set } as const]]])).catch((error: unknown) => {
      announce('loop.failed', { loop: 'mark', error });
    });
  };
  const isWaitedFor = ({ behind, read }: Marks): boolean => [...behind.values()].some((until) => until > read && until !== Infinity);
  const markFor = (marks: Marks, shard: number, runs: readonly Run[]): void => {
    for (const run of runs) marks.behind.set(run, marks.set + 1);
    if (runs.length > 0 && marks.set === marks.read) setMark(shard, marks);
  };

  const pass = (ready: readonly Ready[]): void => {
    const free: Ready[] = [];
    for (const each of ready) {
      const marks = shards.get(each.run.shard);
      if (marks?.behind.has(each.run)) marks.held.push(each);
      else if (isStillReady(each) && isCurrent(each.run)) free.push(each);
    }
    if (free.length > 0) outlet.ready(free);
  };

  return {
    shardTaken: (shard, epoch) => {
      shards.set(shard, { epoch, set: 0, setAt: 0, read: 0, behind: new Map(), held: [] });
    },
    shardDropped: (shard) => {
      shards.delete(shard);
    },
    hold: (run) => {
      shards.get(run.shard)?.behind.set(run, Infinity);
    },
    mark: (run) => {
      const marks = shards.get(run.shard);
      if (marks?.behind.has(run)) markFor(marks, run.shard, [run]);
    },
    markAll: (shard) => {
      const marks = shards.get(shard);
      if (marks !== undefined) markFor(marks, shard, [...marks.behind.keys()]);
    },
    read: (shard, { epoch, mark }) => {
      const marks = shards.get(shard);
      if (marks?.epoch !== epoch || mark <= marks.read) return;
      marks.read = mark;
      for (const [run, until] of marks.behind) if (until <= mark) marks.behind.delete(run);
      pass(marks.held.splice(0));
      if (marks.set === mark && isWaitedFor(marks)) setMark(shard, marks);
    },
    pass,
    markAgain: () => {
      for (const [shard, marks] of shards) if (isWaitedFor(marks) && clock.monotonic() - marks.setAt >= AGAIN_MS) setMark(shard, marks);
    },
  };
};
