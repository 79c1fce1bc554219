/** What this process knows of run times: learned from what it applied, shared with the other schedulers every few seconds. */
import type { Outcome } from '../core/breaker';
import type { Run } from '../core/run';
import { createRunTimes, RUN_TIMES_KEPT, type RunTimes, type RunTimesBounds } from '../core/runTimes';
import { upwardRank } from '../core/upwardRank';
import type { RunTimesPosition, RunTimeStore } from '../ports/runTimes';

export interface LearningNeeds {
  /** Without it what is learned ends with this process. */
  readonly store: RunTimeStore | undefined;
  readonly kept?: RunTimesBounds;
}

export interface Learning extends Pick<RunTimes, 'expectationIn' | 'ofType' | 'size'> {
  /** How attempts ended, once that is committed. */
  learn(outcomes: readonly Outcome[]): void;
  /** Ranks the tasks of a run that wants its critical path first, by what is known now: once, and again where its graph was changed. */
  rank(run: Run): void;
  /** Writes some of what was learned here and reads a portion of what others learned; rejects with `StoreUnavailable`. */
  shareOnce(): Promise<void>;
  /** Writes all that was learned and not written yet. */
  writeAll(): Promise<void>;
}

/** What one statement carries: two thousand kept this process's loop for 53 ms. */
const PORTION = 500;
const PORTIONS_IN_ROUND = 4;
const READ_AT_ONCE = 5000;
/** Rows are trimmed once in so many rounds. */
const TRIM_EVERY = 60;

export const createLearning = ({ store, kept = RUN_TIMES_KEPT }: LearningNeeds): Learning => {
  const times = createRunTimes(kept);
  let position: RunTimesPosition | null = null;
  let rounds = 0;
  /** Which version of its graph. */
  const ranked = new WeakMap<Run, number>();

  /** Answers whether there may be more. */
  const write = async (to: RunTimeStore): Promise<boolean> => {
    const changed = times.changed(PORTION);
    if (changed.length === 0) return false;
    try {
      await to.write(changed);
    } catch (error) {
      times.keepBack(changed);
      throw error;
    }
    return changed.length === PORTION;
  };

  return {
    expectationIn: times.expectationIn,
    ofType: times.ofType,
    size: times.size,
    learn: (outcomes) => {
      for (const { ran } of outcomes) if (ran !== undefined) times.learn(ran);
    },
    rank: (run) => {
      if (run.order !== 'critical-path' || ranked.get(run) === run.version) return;
      run.rank = upwardRank(run, times.expectationIn(run.name));
      ranked.set(run, run.version);
    },
    shareOnce: async () => {
      if (store === undefined) return;
      const read = await store.read(position, READ_AT_ONCE);
      position = read.next;
      times.adopt(read.times);
      for (let portion = 0; portion < PORTIONS_IN_ROUND; portion++) if (!(await write(store))) break;
      if (rounds++ % TRIM_EVERY === TRIM_EVERY - 1) await store.trim(kept.types + kept.tasks);
    },
    writeAll: async () => {
      for (let more = store !== undefined; more;) more = await write(store!);
    },
  };
};
