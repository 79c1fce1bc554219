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
      let passed = 0;
      let noted = 0;
      for (const { run, task, since } of waiting) {
        if (now - since < WAITED_MS || noted === AT_ONCE) break;
        passed += 1;
        const shard = shardOf(run.shard);
        // Most have moved on by now: they don't count, or what comes faster than it may be written would pile up here.
        if (shard === undefined || run.state[task] !== CODE.QUEUED) continue;
        noted += 1;
        committer.note(shard, run, ({ step }) => {
          touch(step, run, task).told = { ...UNTOLD, queuedAt: run.since[task]! };
        });
      }
      waiting.splice(0, passed);
    },
  };
};
