/** One event of a shard's log, applied to the runs of that shard: the law's front door. */
import type { Dispatched, Due, Event, Lost, Released } from './event';
import type { DagId } from './ids';
import type { Run } from './run';
import type { Step } from './step';
import { applyContinued, applyDue, applyLost, applyReleased, applyReport, type LawSettings } from './transition';

export interface Lawful {
  readonly runs: ReadonlyMap<DagId, Run>;
  /** The shard's time: the record's timestamp, never lower than the last. */
  readonly now: number;
  readonly law: LawSettings;
}

const eachKnown = (step: Step, event: Released | Lost | Due, { runs }: Lawful, apply: (run: Run, task: Dispatched) => void): void => {
  for (const task of event.tasks) {
    const run = runs.get(task.dag);
    if (run === undefined) step.refused.push({ type: event.type, reason: 'no such live DAG' });
    else apply(run, task);
  }
};

/**
 * Applies `event`; what it can't be applied to is refused and counted, never an error: late and repeated events are
 * ordinary. `submitted` is no matter of the law: the owner reads that DAG from the store.
 */
export const applyEvent = (step: Step, event: Exclude<Event, { type: 'submitted' }>, lawful: Lawful): void => {
  const { runs, now, law } = lawful;
  switch (event.type) {
    case 'released':
      if (event.leaving) step.leaving.push(event.session);
      eachKnown(step, event, lawful, (run, task) => {
        applyReleased(step, run, task, now);
      });
      return;
    case 'lost': {
      const { evidence, session } = event;
      eachKnown(step, event, lawful, (run, task) => {
        applyLost(step, run, { ...task, evidence, session }, { now, law });
      });
      return;
    }
    case 'due':
      eachKnown(step, event, lawful, (run, task) => {
        applyDue(step, run, task, now);
      });
      return;
    case 'continued': {
      const run = runs.get(event.dag);
      if (run !== undefined) applyContinued(step, run, { now, law });
      return;
    }
    case 'dagDue':
    case 'withdrawn':
    case 'commanded':
      step.refused.push({ type: event.type, reason: 'not known yet' });
      return;
    default: {
      const run = runs.get(event.dag);
      if (run === undefined) step.refused.push({ type: event.type, reason: 'no such live DAG' });
      else applyReport(step, run, event, { now, law });
    }
  }
};
