/** How far a DAG has come: what is completed, what went wrong, what is left. */
import type { DagView } from '../../../src/sdk/responses';
import { countText } from './format';

type Counts = Pick<DagView, 'totalTasks' | 'completedTasks' | 'failedTasks' | 'skippedTasks' | 'cancelledTasks'>;

export const ProgressBar = ({ dag }: { readonly dag: Counts }) => {
  const { totalTasks, completedTasks, failedTasks, skippedTasks, cancelledTasks } = dag;
  const parts: readonly (readonly [string, string, number])[] = [
    ['completed', 'good', completedTasks],
    ['failed', 'bad', failedTasks],
    ['skipped or cancelled', 'quiet', skippedTasks + cancelledTasks],
  ];
  const words = parts.flatMap(([name, , count]) => (count > 0 ? [`${countText(count)} ${name}`] : [])).join(', ');
  return (
    <div class="progress" title={`${words === '' ? 'nothing ended yet' : words} of ${countText(totalTasks)}`}>
      <div class="bar" aria-hidden="true">
        {parts.map(([name, tone, count]) =>
          count > 0 ? <div key={name} class={`bar-fill tone-${tone}`} style={{ width: `${(100 * count) / Math.max(1, totalTasks)}%` }} /> : null,
        )}
      </div>
      <span class="figure small">
        {countText(completedTasks)}/{countText(totalTasks)}
      </span>
    </div>
  );
};
