/** What planning is told by the deployment. */
import type { DagOrder, RetryPolicy } from '../core/dag';
import type { PlanSettings } from '../plan/plan';

export interface PlanningNeeds {
  /** The task types that this deployment runs. */
  readonly types: readonly string[];
  readonly retry: RetryPolicy;
  /** The default of a DAG's `order`. */
  readonly order: DagOrder;
  readonly limits: Pick<PlanSettings['limits'], 'tasksPerDag' | 'edgesPerDag' | 'payloadBytes'> & { readonly bodyBytes: number };
}

export const planSettings = ({ types, retry, order, limits }: PlanningNeeds): PlanSettings => ({
  types: new Set(types),
  retry,
  order,
  limits: { tasksPerDag: limits.tasksPerDag, edgesPerDag: limits.edgesPerDag, payloadBytes: limits.payloadBytes, dagBytes: limits.bodyBytes },
});
