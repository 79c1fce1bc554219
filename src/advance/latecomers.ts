/**
 * Reports on DAGs that aren't in memory: one that another process stored may have begun before its hint came. The DAG is read
 * and what was reported is told to the log once more; of a DAG that isn't live any more the report is late.
 */
import type { Audited, Report } from '../core/event';
import type { DagId } from '../core/ids';
import type { Run } from '../core/run';
import type { Step } from '../core/step';
import type { Announce } from '../ports/happenings';
import type { EventLog } from '../ports/transport';
import type { LiveShard } from './liveShard';

export interface LatecomersNeeds {
  /** Reads a live DAG into memory; resolves once it is there, or known not to be live. */
  readonly discover: (dag: DagId, shard: number) => Promise<void>;
  readonly log: Pick<EventLog, 'append'>;
  /** What waited for this DAG was told again, or can't be. */
  readonly told: (run: Run) => void;
  /** Sessions go on with what belongs to no live DAG: with the log, the reason for it was lost. */
  readonly givenUp: (executions: Step['givenUp']) => void;
  readonly announce: Announce;
}

export interface Latecomers {
  /** Has the event told again once its DAG is in memory. */
  wait(shard: LiveShard, event: Report | Audited): void;
  /** Whether anything of this DAG is still to be told again. */
  isWaiting(dag: DagId): boolean;
}

interface Waiting {
  readonly shard: LiveShard;
  readonly dag: DagId;
  readonly events: (Report | Audited)[];
}

/** Events that wait for their DAGs; what is beyond is refused: dispatches that nobody reports on are looked up after a while. */
const MOST_WAITING = 10_000;

/** What a report says is still going on. */
const goesOn = (event: Report | Audited): event is Report => event.type !== 'audited' && event.type !== 'completed' && event.type !== 'failed';

/** One DAG is read at a time: a log that is read from its start may speak of thousands that are long over. */
export const createLatecomers = ({ discover, log, told, givenUp, announce }: LatecomersNeeds): Latecomers => {
  const waiting = new Map<DagId, Waiting>();
  let count = 0;
  let reading = false;

  const refuse = (events: Waiting['events']): void => {
    for (const { type } of events) announce('event.refused', { type, reason: 'no such live DAG' });
  };
  const leave = (one: Waiting): void => {
    if (waiting.get(one.dag) !== one) return;
    waiting.delete(one.dag);
    count -= one.events.length;
  };
  const tellAgain = async (one: Waiting): Promise<void> => {
    const { shard, dag, events } = one;
    // From here on reports find the DAG in memory, or wait anew.
    await discover(dag, shard.shard).finally(() => {
      leave(one);
    });
    if (!shard.live) return;
    if (shard.runs.has(dag)) await log.append(new Map([[shard.shard, events]]));
    else {
      refuse(events);
      givenUp(events.filter(goesOn).map(({ session, task, dispatch }) => ({ session, run: { dag, shard: shard.shard }, task, dispatch })));
    }
  };
  const settleAll = async (): Promise<void> => {
    reading = true;
    for (let next = waiting.values().next(); !next.done; next = waiting.values().next()) {
      const { shard, dag } = next.value;
      await tellAgain(next.value).catch((error: unknown) => {
        announce('loop.failed', { loop: 'late report', error });
      });
      const run = shard.runs.get(dag);
      if (run !== undefined) told(run);
    }
    reading = false;
  };

  return {
    wait: (shard, event) => {
      if (count >= MOST_WAITING) {
        refuse([event]);
        return;
      }
      let one = waiting.get(event.dag);
      if (one?.shard !== shard) {
        if (one !== undefined) leave(one);
        waiting.set(event.dag, (one = { shard, dag: event.dag, events: [] }));
      }
      one.events.push(event);
      count += 1;
      if (!reading) void settleAll();
    },
    isWaiting: (dag) => waiting.get(dag)?.shard.live === true,
  };
};
