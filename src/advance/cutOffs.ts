/**
 * Cascades that were cut off after their share of one step: an event of their own brings them up again. One that is lost, with a
 * broker or with its topic, is told again.
 */
import { isCutOff, type Run } from '../core/run';
import type { Clock } from '../ports/clock';
import type { Announce } from '../ports/happenings';
import type { EventLog } from '../ports/transport';

export interface CutOffsNeeds {
  readonly log: Pick<EventLog, 'append'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly announce: Announce;
  /** Whether this is still the run that is advanced here. */
  readonly isCurrent: (run: Run) => boolean;
}

export interface CutOffs {
  /** Has a run that was cut off go on. */
  goOn(run: Run): void;
  /** Tells those again that should have gone on long ago. */
  goOnAgain(): void;
}

/** Longer than an event takes to come back from the log. */
const AGAIN_MS = 2000;

export const createCutOffs = ({ log, clock, announce, isCurrent }: CutOffsNeeds): CutOffs => {
  const toldAt = new Map<Run, number>();

  const goOn = (run: Run): void => {
    toldAt.set(run, clock.monotonic());
    log.append(new Map([[run.shard, [{ type: 'continued', dag: run.dag } as const]]])).catch((error: unknown) => {
      announce('loop.failed', { loop: 'cascade', error });
    });
  };
  return {
    goOn,
    goOnAgain: () => {
      for (const [run, at] of toldAt) {
        if (!isCutOff(run) || !isCurrent(run)) toldAt.delete(run);
        else if (clock.monotonic() - at >= AGAIN_MS) goOn(run);
      }
    },
  };
};
