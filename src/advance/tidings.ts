/** What a commit has made true, told to whoever listens. */
import type { DagId } from '../core/ids';
import type { Run } from '../core/run';
import type { Step } from '../core/step';
import { inTrace } from '../core/trace';
import type { Announce } from '../ports/happenings';
import type { Batch } from './batch';
import type { AdvanceSpans } from './spans';

export interface TidingsNeeds {
  readonly announce: Announce;
  /** Absent where nothing is traced. */
  readonly spans?: AdvanceSpans | undefined;
  readonly runOf: (dag: DagId) => Run | undefined;
  readonly isOver: (run: Run) => boolean;
}

const announceEnd = (run: Run, { announce, spans }: TidingsNeeds): void => {
  const status = run.status as 'COMPLETED' | 'FAILED' | 'CANCELLED';
  const tookMs = (run.completedAt ?? run.createdAt) - run.createdAt;
  announce('dag.finished', { dag: run.dag, name: run.name, status, tookMs, ...inTrace(run.trace) });
  spans?.ended(run);
};

/** How tasks, commands and DAGs ended. */
export const announceOutcomes = (step: Step, needs: TidingsNeeds): void => {
  const { announce, runOf, isOver } = needs;
  for (const each of step.finished) announce('task.finished', each);
  for (const each of step.retrying) announce('task.retrying', { ...each, ...inTrace(runOf(each.dag)?.trace) });
  for (const { kind } of step.deadLetters) announce('task.gaveUp', { kind });
  for (const each of step.refused) announce('event.refused', each);
  for (const each of step.commands) announce('command.settled', each);
  // A command that was applied meanwhile may have begun it again.
  for (const run of step.settled) if (isOver(run)) announceEnd(run, needs);
};

/** Of reports, and of attempts that nobody reported. */
export const recordSpans = ({ traced, step }: Batch, spans: AdvanceSpans, runOf: TidingsNeeds['runOf']): void => {
  spans.applied(traced);
  for (const attempt of step.attempts) {
    const run = runOf(attempt.dag);
    if (run !== undefined) spans.gone(run, attempt);
  }
};
