/**
 * Tasks that became ready and whose rows don't say so yet. Short tasks are written once, with their end; only what has
 * waited for a while is worth a write of its own.
 */
import type { Run } from '../core/run';
import { CODE } from '../core/states';
import { touch, UNTOLD, type Ready } from '../core/step';
import type { Committer } from './committer';
import type { LiveShard } from './liveShard';

const WAITED_MS = 500;
const AT_ONCE = 2000;

export interface Unwritten {
  add(ready: readonly Ready[], now: number): void;
  /** Writes what has waited long enough as QUEUED. */
  write(now: number, shardOf: (shard: number) => LiveShard | undefined, committer: Pick<Committer, 'note'>): void;
}

export const createUnwritten = (): Unwritten => {
  const waiting: { run: Run; task: number; since: number }[] = [];

  return {
    add: (ready, now) => {
      for (const { run, task } of ready) waiting.push({ run, task, since: now });
    },
    write: (now, shardOf, committer) => {
      const due = waiting.findIndex(({ since }) => now - since < WAITED_MS);
      const old = waiting.splice(0, Math.min(AT_ONCE, due < 0 ? waiting.length : due));
      for (const { run, task } of old) {
        const shard = shardOf(run.shard);
        if (shard === undefined || run.state[task] !== CODE.QUEUED) continue;
        committer.note(shard, run, ({ step }) => {
          touch(step, run, task).told = { ...UNTOLD, queuedAt: run.since[task]! };
        });
      }
    },
  };
};
