/** What runs, and what gave up. */
import type { DagView, DeadLetter } from '../../../../src/sdk/responses';
import { StatusBadge } from '../../parts/badge';
import { DataTable, type Column } from '../../parts/dataTable';
import { kindText } from '../../parts/failureKinds';
import { Empty } from '../../parts/notices';
import { ProgressBar } from '../../parts/progressBar';
import { Took, When } from '../../parts/times';
import { dagPath, taskPath } from '../../routing/paths';
import { Link } from '../../routing/router';

const DAG_COLUMNS: readonly Column<DagView>[] = [
  { key: 'status', title: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
  {
    key: 'name',
    title: 'Name',
    cell: ({ dagId, dagName }) => (
      <div class="name-cell">
        <Link to={dagPath(dagId)}>{dagName}</Link>
      </div>
    ),
  },
  { key: 'progress', title: 'Tasks', cell: (dag) => <ProgressBar dag={dag} /> },
  { key: 'for', title: 'For', align: 'right', wide: true, cell: ({ createdAt, completedAt }) => <Took from={createdAt} to={completedAt} /> },
];

export const RunningDags = ({ dags }: { readonly dags: readonly DagView[] }) =>
  dags.length === 0 ? (
    <Empty title="No DAG runs.">
      <Link to="/submit">Submit one</Link>, or look at <Link to="/dags">what ran before</Link>.
    </Empty>
  ) : (
    <DataTable label="Running DAGs" columns={DAG_COLUMNS} rows={dags} keyOf={({ dagId }) => dagId} />
  );

const FAILURE_COLUMNS: readonly Column<DeadLetter>[] = [
  { key: 'when', title: 'When', cell: ({ failedAt }) => <When at={failedAt} ago /> },
  {
    key: 'task',
    title: 'Task',
    cell: ({ taskId, taskName, dagId, dagName }) => (
      <div class="name-cell">
        {taskId === null ? (taskName ?? '–') : <Link to={taskPath(taskId)}>{taskName}</Link>}
        <div class="small soft clamp" title={dagName ?? undefined}>
          {dagId === null ? '' : dagName}
        </div>
      </div>
    ),
  },
  {
    key: 'error',
    title: 'Error',
    cell: ({ kind, error }) => (
      <span class="error-cell" title={error?.message}>
        {error?.message ?? kindText(kind)}
      </span>
    ),
  },
];

export const FailureList = ({ failures }: { readonly failures: readonly DeadLetter[] }) => (
  <DataTable label="Latest failures" columns={FAILURE_COLUMNS} rows={failures} keyOf={({ letterId }) => letterId} />
);
