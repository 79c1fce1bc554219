/**
 * Tasks that became ready or were sent, and whose rows don't say so yet. Short tasks are written once, with their end; only
 * what has waited for a while, for a worker or at one, is worth a write of its own.
 */
import type { Run } from '../core/run';
import { CODE } from '../core/states';
import { touch, UNTOLD, type Ready } from '../core/step';
import type { Committer } from './committer';
import type { LiveShard } from './liveShard';
import type { Outlet } from './outlet';

const WAITED_MS = 500;
const AT_ONCE = 2000;

interface Writing {
  readonly now: number;
  readonly shardOf: (shard: number) => LiveShard | undefined;
  readonly committer: Pick<Committer, 'note'>;
  readonly outlet: Pick<Outlet, 'sentAt' | 'waitingAtWorkers'>;
}

export interface Unwritten {
  add(ready: readonly Ready[], now: number): void;
  /** Writes what has waited long enough as QUEUED, with the time at which it was sent if it was. */
  write(writing: Writing): void;
}

/** Writes a task's wait into its row; false where it doesn't wait any more. */
const writeOne = (run: Run, task: number, { shardOf, committer, outlet }: Writing): boolean => {
  const shard = shardOf(run.shard);
  if (shard === undefined || run.state[task] !== CODE.QUEUED) return false;
  committer.note(shard, run, ({ step }) => {
    touch(step, run, task).told = { ...UNTOLD, queuedAt: run.since[task]!, dispatchedAt: outlet.sentAt(run, task) };
  });
  return true;
};

export const createUnwritten = (): Unwritten => {
  const waiting: { run: Run; task: number; since: number }[] = [];

  return {
    add: (ready, now) => {
      for (const { run, task } of ready) waiting.push({ run, task, since: now });
    },
    write: (writing) => {
      let passed = 0;
      let noted = 0;
      for (const { run, task, since } of waiting) {
        if (writing.now - since < WAITED_MS || noted === AT_ONCE) break;
        passed += 1;
        // Most have moved on by now: they don't count, or what comes faster than it may be written would pile up here.
        if (writeOne(run, task, writing)) noted += 1;
      }
      waiting.splice(0, passed);
      for (const { run, task } of writing.outlet.waitingAtWorkers()) writeOne(run, task, writing);
    },
  };
};
