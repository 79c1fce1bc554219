/** The trigger rules in their own words, as the documentation has them: the law, with its counters, is held to this. */
import { isFinalTask, type ReasonCode, type TaskStatus, type TriggerRule } from '../../src/core/dag';

export interface Parent {
  readonly status: TaskStatus;
  readonly reason: ReasonCode | undefined;
}

/** Skipped by hand is no success, and no failure either. */
const hasFailed = ({ status, reason }: Parent): boolean =>
  status === 'FAILED' || status === 'CANCELLED' || (status === 'SKIPPED' && reason !== 'SKIPPED_BY_HAND');

export const ruleHolds = (rule: TriggerRule, parents: readonly Parent[]): boolean => {
  const areFinal = parents.every(({ status }) => isFinalTask(status));
  switch (rule) {
    case 'all_success':
      return parents.every(({ status }) => status === 'COMPLETED');
    case 'all_done':
      return areFinal;
    case 'one_success':
      return parents.length === 0 || parents.some(({ status }) => status === 'COMPLETED');
    case 'none_failed':
      return areFinal && !parents.some(hasFailed);
    case 'always':
      return true;
  }
};
