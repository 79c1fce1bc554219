/** One event of a shard's log, applied to the runs of that shard: the law's front door. */
import { applyAudited } from './audited';
import { applyDagDue, applyDue } from './due';
import { originalOf } from './copies';
import type { Dispatched, Due, Event, Lost, Released, Withdrawn } from './event';
import type { DagId } from './ids';
import type { Moment } from './law';
import { applyLost, applyReleased, applyWithdrawn } from './losses';
import { applyCommand } from './obey';
import type { Run } from './run';
import type { Step } from './step';
import { applyContinued, applyReport } from './transition';

export interface Lawful extends Moment {
  readonly runs: ReadonlyMap<DagId, Run>;
}

type OfTasks = Released | Lost | Due | Withdrawn;
type Lawless = { readonly type: 'submitted' | 'alive' | 'marked' };
type OfDag = Exclude<Event, OfTasks | Lawless>;

const applyToTask = (step: Step, run: Run, { event, each, moment }: { event: OfTasks; each: Dispatched; moment: Moment }): void => {
  // A copy is with nobody any more: its task goes on.
  if (originalOf(run, each.task) !== undefined) {
    step.over.push({ dag: run.dag, task: each.task, dispatch: each.dispatch });
    return;
  }
  switch (event.type) {
    case 'released':
      applyReleased(step, run, { ...each, session: event.session }, moment);
      return;
    case 'lost': {
      const { session, evidence, lastHeartbeatAt } = event;
      applyLost(step, run, { ...each, session, evidence, ...(lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt }) }, moment);
      return;
    }
    case 'due':
      applyDue(step, run, { ...each, ...(event.gatedUntil === undefined ? {} : { gatedUntil: event.gatedUntil }) }, moment);
      return;
    case 'withdrawn':
      applyWithdrawn(step, run, { ...each, session: event.session }, moment);
      return;
  }
};

const applyToDag = (step: Step, run: Run, event: OfDag, moment: Moment): void => {
  switch (event.type) {
    case 'continued':
      applyContinued(step, run, moment);
      return;
    case 'audited':
      applyAudited(step, run, event, moment);
      return;
    case 'dagDue':
      applyDagDue(step, run, moment);
      return;
    case 'commanded':
      applyCommand(step, run, event, moment);
      return;
    default:
      applyReport(step, run, event, moment);
  }
};

/**
 * Applies `event`; what it can't be applied to is refused and counted, never an error: late and repeated events are
 * ordinary. `submitted`, `alive` and `marked` are no matters of the law: the owner deals with them. A `commanded` event must be one
 * that wasn't settled before.
 */
export const applyEvent = (step: Step, event: Exclude<Event, Lawless>, lawful: Lawful): void => {
  const { runs } = lawful;
  if ('tasks' in event) {
    if (event.type === 'released' && event.leaving) step.leaving.push(event.session);
    for (const each of event.tasks) {
      const run = runs.get(each.dag);
      if (run === undefined) step.refused.push({ type: event.type, reason: 'no such live DAG' });
      else applyToTask(step, run, { event, each, moment: lawful });
    }
    return;
  }
  const run = runs.get(event.dag);
  if (run !== undefined) applyToDag(step, run, event, lawful);
  else if (event.type !== 'continued' && event.type !== 'audited') step.refused.push({ type: event.type, reason: 'no such live DAG' });
};
