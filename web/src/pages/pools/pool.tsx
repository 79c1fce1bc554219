/** One pool: what runs in it, what waits, and what can be asked of it. */
import type { Pool, TaskView } from '../../../../src/sdk/responses';
import { api } from '../../api/client';
import { useFetched } from '../../live/hooks';
import { DataTable, type Column } from '../../parts/dataTable';
import { Dialog } from '../../parts/dialog';
import { Empty, Shown } from '../../parts/notices';
import { Took, When } from '../../parts/times';
import { dagPath, taskPath } from '../../routing/paths';
import { Link } from '../../routing/router';
import { actionsFor } from './actions';
import { PoolButtons, PoolState, Running, Why } from './parts';

const MOST_SHOWN = 20;
const EVERY_MS = 3_000;

const TASK: Column<TaskView> = {
  key: 'task',
  title: 'Task',
  cell: ({ taskId, taskName, dagId }) => (
    <div class="name-cell">
      <Link to={taskPath(taskId)}>{taskName}</Link>{' '}
      <Link class="small" to={dagPath(dagId)} aria-label={`its DAG: of ${taskName}`}>
        its DAG
      </Link>
    </div>
  ),
};
const TYPE: Column<TaskView> = { key: 'type', title: 'Type', wide: true, cell: ({ type }) => <span class="small">{type}</span> };

const RUNNING: readonly Column<TaskView>[] = [
  TASK,
  TYPE,
  { key: 'worker', title: 'Worker', wide: true, cell: ({ workerId }) => workerId ?? <span class="faint">–</span> },
  { key: 'for', title: 'For', align: 'right', cell: ({ startedAt }) => <Took from={startedAt} to={null} /> },
];
const WAITING: readonly Column<TaskView>[] = [
  TASK,
  TYPE,
  { key: 'priority', title: 'Priority', align: 'right', wide: true, cell: ({ priority }) => <span class="figure">{priority}</span> },
  { key: 'since', title: 'Ready since', align: 'right', cell: ({ queuedAt }) => <When at={queuedAt} /> },
];

interface ListProps {
  readonly name: string;
  readonly status: 'RUNNING' | 'QUEUED';
  readonly title: string;
  readonly nothing: string;
  readonly hint: string;
  readonly columns: readonly Column<TaskView>[];
}

const List = ({ name, status, title, nothing, hint, columns }: ListProps) => {
  const query = new URLSearchParams({ pool: name, status, limit: String(MOST_SHOWN) }).toString();
  const fetched = useFetched(query, (signal) => api.tasks(query, signal), EVERY_MS);
  return (
    <section>
      <h3>{title}</h3>
      <Shown fetched={fetched} what="its tasks">
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title={nothing}>{hint}</Empty>
          ) : (
            <>
              <DataTable label={title} columns={columns} rows={items} keyOf={({ taskId }) => taskId} />
              {nextCursor !== null && <p class="small soft">The first {MOST_SHOWN} are shown, of the newest DAGs.</p>}
            </>
          )
        }
      </Shown>
    </section>
  );
};

const Facts = ({ pool }: { readonly pool: Pool }) => (
  <dl class="pairs">
    <dt>State</dt>
    <dd>
      <PoolState pool={pool} />
    </dd>
    <dt>Running</dt>
    <dd>
      <Running pool={pool} />
    </dd>
    <dt>Waiting</dt>
    <dd class="figure">{pool.waiting}</dd>
    <dt>Why</dt>
    <dd>
      <Why pool={pool} />
    </dd>
  </dl>
);

interface PoolDialogProps {
  readonly pool: Pool;
  readonly changed: () => void;
  readonly close: () => void;
}

export const PoolDialog = ({ pool, changed, close }: PoolDialogProps) => (
  <Dialog title={pool.name} close={close} large>
    <Facts pool={pool} />
    <List
      name={pool.name}
      status="RUNNING"
      title="What runs in it"
      nothing="Nothing that takes longer than a moment."
      hint="Tasks appear here as they run on."
      columns={RUNNING}
    />
    <List
      name={pool.name}
      status="QUEUED"
      title="What waits"
      nothing="Nothing waits."
      hint="Each of its tasks that is ready runs."
      columns={WAITING}
    />
    <div class="dialog-buttons">
      <PoolButtons actions={actionsFor(pool)} done={changed} />
    </div>
  </Dialog>
);
